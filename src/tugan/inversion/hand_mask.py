"""A mask chosen by hand as a limit of what is pasted: soft, and wholly inside what was chosen."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import REFERENCE_SIDE_PX
from tugan.core.masks import MAY_CHANGE_LEVEL
from tugan.inversion.align import Alignment

_SOFT_PX_AT_512 = 14
_MARGIN_PX = 2
"""Of the crop and as many of the photograph: what reading one at the other's pixels blurs."""


def soft_inside(
    mask: Float[Tensor, "s s"], alignment: Alignment, *, soft_px_at_512: float = _SOFT_PX_AT_512
) -> Float[Tensor, "s s"]:
    """1 well inside the mask, 0 at its edge and beyond; the slope is narrower in narrow places.

    It ends before the mask does, so that no pixel of the photograph outside the mask is touched.
    A mask of less than some 10 px (of the crop or the photograph) across leaves nothing.
    """
    size_px = len(mask)
    photo_px = alignment.to_photo(size_px).inverse().scale
    margin = math.ceil(_MARGIN_PX * (1 + max(photo_px, 1.0)))
    soft = max(round(soft_px_at_512 * size_px / REFERENCE_SIDE_PX), 1)
    depth = _depth((mask >= MAY_CHANGE_LEVEL).float(), up_to=margin + soft) - margin
    reach = max(min(float(depth.max()), soft), 1.0)
    return _smoothstep((depth / reach).clamp(0, 1))


def _depth(inside: Float[Tensor, "s s"], *, up_to: int) -> Float[Tensor, "s s"]:
    """How many pixels in from the mask's edge, sideways or diagonally; the crop's edge is none."""
    left = inside[None, None]
    depth = torch.zeros_like(inside)
    for _ in range(up_to):
        depth += left[0, 0]
        left = -F.max_pool2d(-left, 3, stride=1, padding=1)
    return depth


def _smoothstep(x: Float[Tensor, "s s"]) -> Float[Tensor, "s s"]:
    return x * x * (3 - 2 * x)
