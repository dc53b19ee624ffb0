"""Images: float tensors in [-1, 1] inside, 8-bit RGB at the edges."""

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

RgbArray = npt.NDArray[np.uint8]
"""8-bit RGB, ``(h, w, 3)``."""


def to_uint8(image: Float[Tensor, "b 3 h w"]) -> UInt8[Tensor, "b h w 3"]:
    """[-1, 1] to 0..255, clamped and rounded to nearest, channels last."""
    scaled = (image.detach().float() + 1) * 127.5
    return scaled.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def to_rgb_array(image: Float[Tensor, "1 3 h w"]) -> RgbArray:
    """One image as a contiguous ``(h, w, 3)`` array."""
    return np.ascontiguousarray(to_uint8(image)[0].cpu().numpy())
