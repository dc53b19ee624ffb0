"""How far a preview is from the finished picture of the same step.

A sound preview is a blurred likeness: its colours are those that the finished picture has nearby.
A burnt one has colours that are nowhere near, and blur alone cannot make them; so what is judged is
how far its colours lie beyond those around them. Plain differences cannot tell: hair that a blur
takes the edge off differs as much as a burnt nose.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from tugan.core.images import RgbArray

BLOCK_SHARE = 1 / 16
"""Side of a block, of the preview's longer side: 32 px of 512. Nearby is half a block away."""
BURNT = 10.0
"""Of 255: the worst block of sound previews on development faces had 3 to 10, of those that are
visibly burnt 11 and more."""
FAR = 30.0
"""Of 255: mean difference of a preview that shows something else; sound ones have 6 to 14."""


@dataclass(frozen=True, kw_only=True)
class PreviewDistance:
    """Of a preview to its finished picture; levels of 0 to 255."""

    burn: float
    """Root mean square, in the worst block, of what colours lie beyond those nearby."""
    difference: float
    """Mean absolute difference of the pixels."""
    outside_share: float
    """Of the preview's pixels, beyond the range of a channel of the whole finished picture."""

    @property
    def broken(self) -> bool:
        """Is it burnt, or does it show something else?"""
        return self.burn > BURNT or self.difference > FAR


@torch.no_grad()
def preview_distance(preview: RgbArray, finished: RgbArray) -> PreviewDistance:
    """Both as they are shown; the finished picture is averaged to the preview's size."""
    height, width = preview.shape[:2]
    small = np.asarray(Image.fromarray(finished).resize((width, height), Image.Resampling.BOX))
    seen, real = _levels(preview), _levels(small)
    block = max(round(max(height, width) * BLOCK_SHARE), 1)
    beyond = torch.maximum(seen - _highest(real, block), -_highest(-real, block) - seen).clamp(0)
    squares = F.avg_pool2d(beyond.square().mean(dim=1, keepdim=True), min(block, height, width))
    whole = _levels(finished)
    above = seen > whole.amax(dim=(2, 3), keepdim=True)
    below = seen < whole.amin(dim=(2, 3), keepdim=True)
    return PreviewDistance(
        burn=float(squares.max().sqrt()),
        difference=float((seen - real).abs().mean()),
        outside_share=float((above | below).any(dim=1).float().mean()),
    )


def _levels(pixels: RgbArray) -> Float[Tensor, "1 3 h w"]:
    return torch.tensor(pixels).permute(2, 0, 1)[None].float()


def _highest(picture: Float[Tensor, "1 3 h w"], block: int) -> Float[Tensor, "1 3 h w"]:
    """Of each channel, within half a block of each pixel."""
    reach = block // 2
    along_x = F.max_pool2d(picture, (1, 2 * reach + 1), stride=1, padding=(0, reach))
    return F.max_pool2d(along_x, (2 * reach + 1, 1), stride=1, padding=(reach, 0))
