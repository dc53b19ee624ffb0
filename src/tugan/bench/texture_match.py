"""Where a piece of a picture went, found without the solver's tracker.

The surroundings of the handle are looked for in the result by normalised cross-correlation (zero
mean in each colour), around the way from the handle to its goal. Both pictures are brought down and
smoothed first: what a generator draws too regularly, such as fine lines on skin, lies still on the
pixels' grid while the content moves, and would be found in its old place.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import REFERENCE_SIDE_PX, scale_from_512

WORK_PX = 256
"""Longer side that larger pictures are brought down to."""
SMOOTHING_PX_AT_512 = 4.0
"""Sigma of the Gaussian."""
PATCH_PX_AT_512 = 31.0
"""Side of the piece that is looked for. In faces, pieces of 15 px have doubles everywhere."""
MIN_PATCH_PX = 11
"""Of a small picture: fewer pixels look alike everywhere."""
SEARCH_PX_AT_512 = 20.0
"""It is looked for in the box around handle and goal, with this much around it."""
FAR_PX_AT_512 = 8.0
"""Two places further apart than this are not the same."""
MIN_CORRELATION = 0.8
"""Of a place that counts as found."""
MAX_MISMATCH_SHARE = 0.6
"""The best place's mismatch (1 - correlation), of that of the best one of all that are far from it;
more, and the two cannot be told apart (along a straight edge, say)."""
FLAT_LEVEL = 0.25 / 127.5
"""Standard deviation of a piece that shows nothing: a quarter of a level of 255."""

PointXy = tuple[float, float]


class Undecided(StrEnum):
    """Why nobody can say where a piece went."""

    FLAT = "flat"
    """There is nothing to see in it."""
    CHANGED = "changed"
    """Nothing in the result looks like it."""
    ALIKE = "alike"
    """Places far apart look like it."""
    LEFT = "left"
    """The best place is at the edge of where it was looked for."""


@dataclass(frozen=True, kw_only=True)
class FoundPatch:
    """What the search came to."""

    found_xy: PointXy | None
    """Pixels of the output, to a fraction; None where it is undecided."""
    undecided: Undecided | None
    correlation: float
    """Of the best place, -1 to 1; 0 of a flat piece."""


def find_patch(
    before: Float[Tensor, "3 h w"],
    after: Float[Tensor, "3 h w"],
    *,
    handle_xy: PointXy,
    goal_xy: PointXy,
) -> FoundPatch:
    """Look in ``after`` for what was around ``handle_xy`` in ``before``.

    Pictures in [-1, 1], with at least half a patch around the handle (``ValueError``).
    """
    height, width = before.shape[-2:]
    work, moved = _brought_down(before), _brought_down(after)
    work_hw = (work.shape[-2], work.shape[-1])
    scale = max(work_hw) / max(height, width)
    half = _patch_half_px(work_hw)
    x, y = (round(_scaled(value, scale)) for value in handle_xy)
    if not (half <= x < work_hw[1] - half and half <= y < work_hw[0] - half):
        raise ValueError(f"the patch around {handle_xy} is not inside the {width} x {height} px")
    patch = work[:, y - half : y + half + 1, x - half : x + half + 1]
    patch = patch - patch.mean(dim=(1, 2), keepdim=True)
    if float(patch.square().mean().sqrt()) < FLAT_LEVEL:
        return FoundPatch(found_xy=None, undecided=Undecided.FLAT, correlation=0.0)
    reach = scale_from_512(SEARCH_PX_AT_512, work_hw)
    left, right = _span(x, _scaled(goal_xy[0], scale), reach, half, work_hw[1])
    top, bottom = _span(y, _scaled(goal_xy[1], scale), reach, half, work_hw[0])
    region = moved[:, top - half : bottom + half + 1, left - half : right + half + 1]
    surface = correlations(region, patch)
    row, column = divmod(int(surface.argmax()), surface.shape[1])
    best = float(surface[row, column])
    far_px = scale_from_512(FAR_PX_AT_512, work_hw)
    undecided = _doubt(surface, row, column, far_px=far_px)
    if undecided is not None:
        return FoundPatch(found_xy=None, undecided=undecided, correlation=best)
    moved_x = left + column + _peak(surface[row, column - 1 : column + 2]) - x
    moved_y = top + row + _peak(surface[row - 1 : row + 2, column]) - y
    found_xy = (handle_xy[0] + moved_x / scale, handle_xy[1] + moved_y / scale)
    return FoundPatch(found_xy=found_xy, undecided=None, correlation=best)


def correlations(
    region: Float[Tensor, "3 rows columns"], patch: Float[Tensor, "3 side side"]
) -> Float[Tensor, "a b"]:
    """Of a patch of zero mean with every place of a region that it fits into, -1 to 1."""
    region = region - region.mean(dim=(1, 2), keepdim=True)
    side = patch.shape[-1]
    product = F.conv2d(region[None], patch[None])[0, 0]
    means = F.avg_pool2d(region[None], side, stride=1)[0]
    squares = F.avg_pool2d(region[None].square(), side, stride=1)[0]
    power = (squares - means.square()).sum(dim=0) * side**2
    flat = FLAT_LEVEL**2 * patch.numel()
    found: Tensor = product / (power.clamp(min=flat).sqrt() * patch.norm())
    return found


def distance_px_at_512(one_xy: PointXy, other_xy: PointXy, *, image_hw: tuple[int, int]) -> float:
    """Between two points of the output."""
    return math.dist(one_xy, other_xy) * REFERENCE_SIDE_PX / max(image_hw)


def _brought_down(picture: Float[Tensor, "3 h w"]) -> Float[Tensor, "3 a b"]:
    """At most :data:`WORK_PX` a side, smoothed; double, since flat pieces differ little."""
    height, width = picture.shape[-2:]
    scale = min(WORK_PX / max(height, width), 1.0)
    size = (round(height * scale), round(width * scale))
    small = F.interpolate(picture.double()[None], size=size, mode="area")[0]
    sigma = scale_from_512(SMOOTHING_PX_AT_512, size)
    reach = math.ceil(3 * sigma)
    bell = torch.exp(-((torch.arange(-reach, reach + 1) / sigma) ** 2) / 2).to(small)
    bell = bell / bell.sum()
    padded = F.pad(small[:, None], (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(padded, bell[None, None, :, None]), bell[None, None, None])[:, 0]


def _patch_half_px(work_hw: tuple[int, int]) -> int:
    """A patch has twice this and one pixels a side."""
    side = max(scale_from_512(PATCH_PX_AT_512, work_hw), MIN_PATCH_PX)
    return round((side - 1) / 2)


def _scaled(value: float, scale: float) -> float:
    """A coordinate in the smaller picture; whole numbers are centres in both."""
    return (value + 0.5) * scale - 0.5


def _span(handle: float, goal: float, reach: float, half: int, size: int) -> tuple[int, int]:
    """First and last centre along an axis, such that patches stay inside the picture."""
    first = max(math.floor(min(handle, goal) - reach), half)
    return first, min(math.ceil(max(handle, goal) + reach), size - 1 - half)


def _doubt(
    surface: Float[Tensor, "a b"], row: int, column: int, *, far_px: float
) -> Undecided | None:
    """Of the best place, which is at this row and column."""
    rows, columns = surface.shape
    best = float(surface[row, column])
    if best < MIN_CORRELATION:
        return Undecided.CHANGED
    if row in (0, rows - 1) or column in (0, columns - 1):
        return Undecided.LEFT
    ys, xs = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    far = (xs - column).square() + (ys - row).square() > far_px**2
    second = float(surface[far].max())
    if 1 - best > MAX_MISMATCH_SHARE * (1 - second):
        return Undecided.ALIKE
    return None


def _peak(three: Float[Tensor, "3"]) -> float:
    """Where the parabola through three values, the middle one the largest, is highest."""
    before, middle, after = three.tolist()
    bend = before - 2 * middle + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
