"""An edited crop back into its photograph, at the photograph's own resolution."""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.images import RgbArray
from tugan.inversion.align import Alignment, box_of
from tugan.inversion.grain import add_grain, grain_of
from tugan.inversion.monochrome import Tone, grey_of, luma_of
from tugan.inversion.motion import Motion, freedom_of, motion_between
from tugan.inversion.pyramid import blend, levels_for
from tugan.inversion.resampling import Box, carried, levels_of, sampled

_ROWS = 256
"""At a time, where all three channels are worked on."""


@dataclass(frozen=True, kw_only=True)
class PasteSettings:
    """How the crop is joined to the photograph."""

    carry_detail: bool = True
    """Move what the generator missed of the photograph along with the edit: skin, hair, grain."""
    match_grain: bool = True
    """Add the photograph's noise where neither the generator nor the motion brings it."""
    seed: int = 0
    """Of that noise."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """An edit of a crop: the generator's pictures of it, and what of them to paste."""

    after: Float[Tensor, "1 3 s s"] = field(repr=False)
    """[-1, 1]."""
    mask: Float[Tensor, "s s"] = field(repr=False)
    """1 takes the edited crop, 0 leaves the photograph as it is, to the bit."""
    before: Float[Tensor, "1 3 s s"] | None = field(default=None, repr=False)
    """What the generator draws for the photograph; with it, detail can be carried along."""


def paste_back(
    photo: RgbArray,
    edit: Edit,
    alignment: Alignment,
    settings: PasteSettings | None = None,
    *,
    tone: Tone | None = None,
) -> RgbArray:
    """The photograph with the edit in its square, where the mask is above 0.

    A photograph of one ``tone`` takes only the edit's lightness, in that tone.

    Memory beyond the result goes with what the mask touches, not with the photograph's size, and
    one channel is worked on at a time. :class:`AlignmentError` if the square lies outside.
    """
    settings = settings or PasteSettings()
    result = photo.copy()
    touched = _touched_box(edit.mask, alignment, photo)
    if touched is None:
        return result
    if tone is not None:
        edit = _greyed(edit)
    paster = _Paster.of(edit, alignment, touched, settings)
    piece = result[touched.top : touched.bottom, touched.left : touched.right]
    inside = (paster.weight > 0).numpy()
    if tone is not None:
        lightness = paster.mixed(torch.from_numpy(luma_of(piece).astype(np.float32)), 0)
        weight = paster.weight.numpy()
        for top in range(0, len(piece), _ROWS):
            rows = slice(top, top + _ROWS)
            toned = tone.pasted(piece[rows], lightness[rows], weight[rows])
            piece[rows][inside[rows]] = toned[inside[rows]]
        return result
    for channel in range(3):
        under = torch.from_numpy(piece[..., channel].astype(np.float32))
        values = paster.mixed(under, channel)
        piece[..., channel][inside] = values[inside]
    return result


def _greyed(edit: Edit) -> Edit:
    before = None if edit.before is None else grey_of(edit.before)
    return replace(edit, after=grey_of(edit.after), before=before)


@dataclass(frozen=True, kw_only=True)
class _Paster:
    """What the three channels have in common."""

    edit: Edit
    alignment: Alignment
    box: Box
    settings: PasteSettings
    weight: Float[Tensor, "h w"]
    motion: Motion | None
    trust: Float[Tensor, "h w"] | None
    freedom: Float[Tensor, "h w"] | None

    @classmethod
    def of(cls, edit: Edit, alignment: Alignment, box: Box, settings: PasteSettings) -> "_Paster":
        place = alignment.to_photo(edit.after.shape[2]).inverse()
        motion = trust = freedom = None
        if settings.carry_detail and edit.before is not None:
            motion = motion_between(edit.before, edit.after)
            free = freedom_of(motion.trust.shape[2])
            # what would be half here and half there at the square's edge is bent there instead
            motion = replace(motion, offset=motion.offset * free)
            smaller = alignment.to_photo(motion.trust.shape[2]).inverse()
            trust = sampled(motion.trust, smaller, box, sharp=False)
            freedom = sampled(free, smaller, box, sharp=False)
        return cls(
            edit=edit,
            alignment=alignment,
            box=box,
            settings=settings,
            weight=sampled(edit.mask[None, None], place, box, sharp=False, beyond=0.0),
            motion=motion,
            trust=trust,
            freedom=freedom,
        )

    def mixed(self, under: Float[Tensor, "h w"], channel: int) -> np.ndarray:
        """The channel's new values, 0 to 255, of the whole box."""
        over = self._read(self.edit.after, channel)
        if self.motion is not None and self.trust is not None and self.freedom is not None:
            assert self.edit.before is not None
            missed = self._read(self.edit.before, channel).neg_().add_(under)
            missed = carried(missed, self.motion.offset, self.alignment, self.box)
            over += missed.mul_(self.trust)
            # toward the edge less of the generator's picture, and more of the photograph, moved
            moved = carried(under, self.motion.offset, self.alignment, self.box)
            over = moved.lerp_(over, self.freedom)
        if self.settings.match_grain:
            over = self._with_grain(over, under, channel)
        levels = max(levels_for(*self.box.size_hw) - 1, 0)
        mixed = blend(under, over, self.weight, levels=levels)
        return mixed.clamp(0, 255).round().to(torch.uint8).numpy()

    def _read(self, picture: Float[Tensor, "1 3 s s"], channel: int) -> Float[Tensor, "h w"]:
        place = self.alignment.to_photo(picture.shape[2]).inverse()
        return sampled(levels_of(picture[:, channel : channel + 1]), place, self.box)

    def _with_grain(
        self, over: Float[Tensor, "h w"], under: Float[Tensor, "h w"], channel: int
    ) -> Float[Tensor, "h w"]:
        bare = self.weight if self.trust is None else self.weight * (1 - self.trust)
        there, wanted = grain_of(over, bare), grain_of(under, self.weight)
        missing = wanted**2 - there**2
        grainy = add_grain(over, missing=missing, seed=self.settings.seed + channel)
        if self.trust is None:
            return grainy
        return grainy.lerp_(over, self.trust)


def _touched_box(mask: Float[Tensor, "s s"], alignment: Alignment, photo: RgbArray) -> Box | None:
    """What of the photograph lies under the mask; None if nothing does."""
    left, top, right, bottom = box_of(alignment, photo)
    rows, columns = torch.nonzero(mask > 0, as_tuple=True)
    if len(rows) == 0:
        return None
    x0, x1, y0, y1 = (float(v) for v in (columns.min(), columns.max(), rows.min(), rows.max()))
    corners = np.array([(x0, y0), (x1, y0), (x0, y1), (x1, y1)], dtype=np.float64)
    place = alignment.to_photo(len(mask))
    reach = place.apply(corners)
    margin = int(np.ceil(place.scale)) + 2
    low, high = np.floor(reach.min(axis=0)) - margin, np.ceil(reach.max(axis=0)) + margin + 1
    box = Box(
        left=max(left, int(low[0])),
        top=max(top, int(low[1])),
        right=min(right, int(high[0])),
        bottom=min(bottom, int(high[1])),
    )
    return None if min(box.size_hw) < 1 else box
