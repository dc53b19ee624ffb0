"""What of an edited crop goes back into the photograph: where it changed, within the head."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import REFERENCE_SIDE_PX
from tugan.inversion.face_weight import head_share

CHANGED_LEVELS = 5.0, 14.0
"""Grey levels of change, averaged over a neighbourhood, from which a place begins to count as
changed, and at which it does wholly."""
_NEIGHBOURHOOD_PX_AT_512 = 6
_CLOSED_PX_AT_512 = 60
"""Holes up to this wide in what changed are pasted as well: a patch of the old among the new
shows."""
_GROWN_PX_AT_512 = 14
_SOFT_PX_AT_512 = 14
_EDGE_SHARE = 0.025
"""Of the side: the crop's own edge is never pasted."""
_WORKING_PX = 256


def edit_mask(
    before: Float[Tensor, "1 3 s s"],
    after: Float[Tensor, "1 3 s s"],
    *,
    landmarks_xy: tuple[Float[np.ndarray, "68 2"], ...] = (),
) -> Float[Tensor, "s s"]:
    """1 where the crop is pasted, 0 where the photograph stays, soft in between.

    ``before`` and ``after`` are the generator's pictures, whose difference is the edit. With the
    landmarks of the faces in them, places away from the heads stay: the generator draws faces,
    and its background is not the photograph's.
    """
    size_px = before.shape[2]
    working = min(_WORKING_PX, size_px)
    changed = _changed(_small(before, working), _small(after, working))
    changed = _grown(_closed(changed, working), _GROWN_PX_AT_512, working)
    changed = _softened(changed, working) * _interior(working)
    if landmarks_xy:
        scale = working / size_px
        heads = [head_share((xy + 0.5) * scale - 0.5, size_px=working) for xy in landmarks_xy]
        changed = changed * torch.stack(heads).amax(dim=0).to(changed)
    mask = F.interpolate(changed, size=(size_px, size_px), mode="bilinear", align_corners=False)[
        0, 0
    ]
    return torch.where(mask < 1 / 255, torch.zeros_like(mask), mask).clamp(max=1)


def _small(picture: Float[Tensor, "1 3 s s"], size_px: int) -> Float[Tensor, "1 3 t t"]:
    return F.interpolate(
        picture.detach().float().cpu().clamp(-1, 1), size=(size_px, size_px), mode="area"
    )


def _changed(
    before: Float[Tensor, "1 3 s s"], after: Float[Tensor, "1 3 s s"]
) -> Float[Tensor, "1 1 s s"]:
    levels = 127.5 * (after - before).abs().amax(dim=1, keepdim=True)
    reach = _odd(_NEIGHBOURHOOD_PX_AT_512, before.shape[2])
    averaged = F.avg_pool2d(levels, reach, stride=1, padding=reach // 2, count_include_pad=False)
    low, high = CHANGED_LEVELS
    return ((averaged - low) / (high - low)).clamp(0, 1)


def _closed(mask: Float[Tensor, "1 1 s s"], size_px: int) -> Float[Tensor, "1 1 s s"]:
    """Grown and shrunk again: holes are gone, the outline stays."""
    grown = _grown(mask, _CLOSED_PX_AT_512 / 2, size_px)
    return 1 - _grown(1 - grown, _CLOSED_PX_AT_512 / 2, size_px)


def _grown(
    mask: Float[Tensor, "1 1 s s"], reach_at_512: float, size_px: int
) -> Float[Tensor, "1 1 s s"]:
    reach = _odd(2 * reach_at_512, size_px)
    return F.max_pool2d(mask, reach, stride=1, padding=reach // 2)


def _softened(mask: Float[Tensor, "1 1 s s"], size_px: int) -> Float[Tensor, "1 1 s s"]:
    """Two averages make a slope without corners."""
    reach = _odd(_SOFT_PX_AT_512, size_px)
    for _ in range(2):
        mask = F.avg_pool2d(mask, reach, stride=1, padding=reach // 2, count_include_pad=False)
    return mask


def _interior(size_px: int) -> Float[Tensor, "s s"]:
    place = (torch.arange(size_px) + 0.5) / size_px
    from_edge = torch.minimum(place, 1 - place)
    ramp = ((from_edge / _EDGE_SHARE) - 0.25).clamp(0, 1)
    return ramp[:, None] * ramp[None, :]


def _odd(length_at_512: float, size_px: int) -> int:
    return 2 * max(round(length_at_512 * size_px / REFERENCE_SIDE_PX / 2), 1) + 1
