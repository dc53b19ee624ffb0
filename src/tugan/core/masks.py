"""The mask: where the picture may change.

A mask is float32 ``(h, w)`` of the generator's output, 1 where the picture may change, 0 where it
must stay (``M`` of Pan et al. 2023, section 3.2).
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import InvalidDragError

MAY_CHANGE_LEVEL = 0.5
"""A pixel at or above this may change, where a yes or no is needed."""


def check_mask(mask: Tensor, *, image_hw: tuple[int, int]) -> None:
    """:class:`InvalidDragError`, naming both sizes, or values beyond 0 to 1."""
    if tuple(mask.shape) != image_hw:
        found = " x ".join(str(side) for side in reversed(mask.shape))
        raise InvalidDragError(
            f"the mask is {found} px but the picture is {image_hw[1]} x {image_hw[0]} px (width x"
            " height): make the mask the size of the picture"
        )
    lowest, highest = float(mask.min()), float(mask.max())
    if not (lowest >= 0 and highest <= 1):
        raise InvalidDragError(
            f"the mask has values from {lowest:g} to {highest:g}, expected 0 (stays) to 1 (may"
            " change)"
        )


def keep_weight(
    mask: Float[Tensor, "h w"], *, map_hw: tuple[int, int]
) -> Float[Tensor, "map_h map_w"]:
    """Share of each map cell that must stay: ``1 - M`` averaged over the cell's pixels."""
    keep = (1.0 - mask)[None, None]
    return F.adaptive_avg_pool2d(keep, map_hw)[0, 0]


def forbidden_points(mask: Float[Tensor, "h w"], points_xy: Float[Tensor, "n 2"]) -> list[int]:
    """Indices of the points that lie where the mask says the picture must stay."""
    columns_rows = points_xy.round().long().cpu()
    values = mask.cpu()[columns_rows[:, 1], columns_rows[:, 0]]
    return [int(i) for i in torch.nonzero(values < MAY_CHANGE_LEVEL).flatten()]
