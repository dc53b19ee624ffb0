"""Where the parts of an edited picture came from: dense motion between two of its states.

Lucas and Kanade (1981) from coarse to fine, each pixel with its neighbourhood, made smooth. Both
pictures are the generator's own, alike but for the edit, and that is all this is good for.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.inversion.target import resized

WORKING_PX = 256
_COARSEST_PX = 16
_ROUNDS = 6
_WINDOW_PX = 13
_SMOOTH_PX = 9
_RIDGE = 2e-3
"""Keeps places without texture where their surroundings' estimate was."""
_LONGEST_STEP_PX = 1.0
_MATCH_LEVELS = 16.0
"""Grey levels of mismatch at which trust in the motion has fallen to a third."""

_EDGE_SHARE = 0.02
"""Of the side: what came from nearer to the edge is not trusted."""
_STILL_SHARE, _FREE_SHARE = 0.01, 0.15
"""Of the side: up to the first from the edge nothing moves, from the second on everything may."""


@dataclass(frozen=True, kw_only=True)
class Motion:
    """For each place of the later picture where it came from in the earlier one."""

    offset: Float[Tensor, "1 2 t t"] = field(repr=False)
    """``(x, y)`` to add, as a share of the side."""
    trust: Float[Tensor, "1 1 t t"] = field(repr=False)
    """1 where the earlier picture is found there, 0 where it shows something else."""


@torch.no_grad()
def motion_between(before: Float[Tensor, "1 3 s s"], after: Float[Tensor, "1 3 s s"]) -> Motion:
    """Motion from ``before`` to ``after``, pictures in [-1, 1]."""
    largest = min(WORKING_PX, before.shape[2])
    earlier, later = (resized(x.detach().float().cpu(), largest) for x in (before, after))
    sizes = [largest]
    while sizes[0] // 2 >= _COARSEST_PX:
        sizes.insert(0, sizes[0] // 2)
    offset = torch.zeros(1, 2, sizes[0], sizes[0])
    for size in sizes:
        offset = resized(offset, size)
        one, other = resized(earlier, size), resized(later, size)
        for _ in range(_ROUNDS):
            offset = _refined(offset, one, other)
    mismatch = 127.5 * (warped(earlier, offset) - later).abs().amax(dim=1, keepdim=True)
    mismatch = _averaged(mismatch, _SMOOTH_PX)
    trust = torch.exp(-((mismatch / _MATCH_LEVELS) ** 2)) * _comes_from_inside(offset)
    return Motion(offset=offset, trust=_averaged(trust, _SMOOTH_PX))


def freedom_of(size_px: int) -> Float[Tensor, "1 1 t t"]:
    """How freely a place of a square picture may move: 0 at its edge, 1 in its middle, smooth.

    What moves by 30 px at 512 is squeezed to no less than a third on the way, and never folded.
    """
    place = (torch.arange(size_px) + 0.5) / size_px
    from_edge = torch.minimum(place, 1 - place)
    share = ((from_edge - _STILL_SHARE) / (_FREE_SHARE - _STILL_SHARE)).clamp(0, 1)
    ramp = share * share * (3 - 2 * share)
    return (ramp[:, None] * ramp[None, :])[None, None]


def warped(
    picture: Float[Tensor, "1 c s s"], offset: Float[Tensor, "1 2 s s"]
) -> Float[Tensor, "1 c s s"]:
    """The picture read at each place plus its offset."""
    grid = _places(picture.shape[2])[None] + 2 * offset.permute(0, 2, 3, 1)
    return F.grid_sample(picture, grid, padding_mode="border", align_corners=False)


def _comes_from_inside(offset: Float[Tensor, "1 2 s s"]) -> Float[Tensor, "1 1 s s"]:
    """1 where the earlier picture is read well within its edges."""
    source = _places(offset.shape[2]).permute(2, 0, 1)[None] + 2 * offset
    inside = source.abs().amax(dim=1, keepdim=True) < 1 - 2 * _EDGE_SHARE
    return inside.to(offset)


def _places(size: int) -> Float[Tensor, "s s 2"]:
    """Of pixels, in [-1, 1], x before y."""
    place = (torch.arange(size) + 0.5) / size * 2 - 1
    ys, xs = torch.meshgrid(place, place, indexing="ij")
    return torch.stack([xs, ys], dim=-1)


def _refined(
    offset: Float[Tensor, "1 2 s s"],
    before: Float[Tensor, "1 3 s s"],
    after: Float[Tensor, "1 3 s s"],
) -> Float[Tensor, "1 2 s s"]:
    """One Gauss-Newton step of every pixel."""
    size = before.shape[2]
    moved = warped(before, offset)
    dx, dy = _slopes(0.5 * (moved + after))
    missing = after - moved
    xx, xy, yy, xm, ym = (
        _averaged(product.sum(dim=1, keepdim=True), _WINDOW_PX)
        for product in (dx * dx, dx * dy, dy * dy, dx * missing, dy * missing)
    )
    xx, yy = xx + _RIDGE, yy + _RIDGE
    determinant = xx * yy - xy * xy
    step_px = torch.cat([yy * xm - xy * ym, xx * ym - xy * xm], dim=1) / determinant
    step_px = step_px.clamp(-_LONGEST_STEP_PX, _LONGEST_STEP_PX)
    return _averaged(offset + step_px / size, _SMOOTH_PX)


def _slopes(
    picture: Float[Tensor, "1 c s s"],
) -> tuple[Float[Tensor, "1 c s s"], Float[Tensor, "1 c s s"]]:
    """Central differences along x and y, a pixel."""
    padded = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    return across, down


def _averaged(x: Float[Tensor, "1 c s s"], side_px: int) -> Float[Tensor, "1 c s s"]:
    half = side_px // 2
    return F.avg_pool2d(F.pad(x, (half,) * 4, mode="replicate"), side_px, stride=1)
