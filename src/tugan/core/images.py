"""Images: float tensors in [-1, 1] inside, 8-bit RGB at the edges."""

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from tugan.core.host_copy import to_host

RgbArray = npt.NDArray[np.uint8]
"""8-bit RGB, ``(h, w, 3)``."""


def to_uint8(image: Float[Tensor, "b 3 h w"]) -> UInt8[Tensor, "b h w 3"]:
    """[-1, 1] to 0..255, clamped and rounded to nearest, channels last; NaN is 0.

    A view of memory that has the channels first.
    """
    # one copy in floats, and all else in its place: fresh memory is what costs
    levels = (image.detach().float() + 1).mul_(127.5).clamp_(0, 255).round_()
    # on CPUs the way over 16 bits is the faster one
    return levels.to(torch.int16).to(torch.uint8).permute(0, 2, 3, 1)


def to_rgb_array(image: Float[Tensor, "1 3 h w"]) -> RgbArray:
    """One image as a contiguous ``(h, w, 3)`` array; 8-bit before it leaves its device."""
    pixels: RgbArray = to_host(torch.stack(to_uint8(image)[0].unbind(dim=-1), dim=-1)).numpy()
    return pixels
