"""Between a photograph's pixels and those of its crop. Imports torch: for use in commands."""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tugan.cli.other_faces import OtherFaces, contains
from tugan.cli.points import PointPair
from tugan.core.errors import InvalidDragError
from tugan.core.images import RgbArray
from tugan.dragging.texture import HandleAdvice
from tugan.generators.protocol import PretrainedGenerator
from tugan.inversion.align import Alignment, crop
from tugan.inversion.monochrome import Tone
from tugan.inversion.photo_edit import PhotoEdit
from tugan.perceptual.faces import FaceFinder


@dataclass(frozen=True, kw_only=True)
class PhotoPlace:
    """Where the generator's picture lies in a photograph."""

    alignment: Alignment
    size_px: int
    """Of the generator's picture."""
    photo_hw: tuple[int, int]

    @property
    def scale(self) -> float:
        """Pixels of the photograph to a pixel of the generator's picture."""
        return self.alignment.to_photo(self.size_px).scale

    def to_photo(self, points_xy: Float[Tensor, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """Points of the generator's picture, in pixels of the photograph."""
        place = self.alignment.to_photo(self.size_px)
        return place.apply(points_xy.detach().cpu().double().numpy())

    def in_words(self, text: str, points_xy: Float[Tensor, "n 2"]) -> str:
        """A sentence about points of the generator's picture, said of the photograph."""
        for crop_xy, photo_xy in zip(points_xy.tolist(), self.to_photo(points_xy), strict=True):
            text = text.replace(_point(tuple(crop_xy)), _point(tuple(photo_xy.round(1))))
        return text

    def advice(self, advice: HandleAdvice) -> HandleAdvice:
        """The same of the photograph's pixels."""
        better = advice.better_xy
        return replace(
            advice,
            handle_xy=self._one_to_photo(advice.handle_xy),
            better_xy=None if better is None else self._one_to_photo(better),
        )

    def pairs_in_crop(
        self, pairs: tuple[PointPair, ...], *, others: OtherFaces | None = None
    ) -> tuple[PointPair, ...]:
        """:class:`InvalidDragError` for points outside the photograph or its crop.

        It names the face of the ``others`` that they are on.
        """
        for pair in pairs:
            if pair.start_xy == pair.goal_xy:
                raise InvalidDragError(
                    f"the handle {_point(pair.start_xy)} is already at its goal: choose another"
                    " goal"
                )
        if others is not None and not all(contains(self.alignment, one.start_xy) for one in pairs):
            others.check_handles(pairs)
        return tuple(
            PointPair(
                start_xy=self._in_crop("handle", pair.start_xy),
                goal_xy=self._in_crop("goal", pair.goal_xy, others=others),
            )
            for pair in pairs
        )

    def mask_in_crop(self, mask: Float[Tensor, "h w"]) -> Float[Tensor, "s s"]:
        """A mask of the photograph's size, cut as the photograph is; of 8 bits."""
        grey = (255 * mask).round().to(torch.uint8).numpy()
        pixels: RgbArray = np.repeat(grey[..., None], 3, axis=2)
        cut = crop(pixels, self.alignment, self.size_px)[0, 0]
        return ((cut + 1) * 127.5).round().clamp(0, 255) / 255

    def _one_to_photo(self, xy: tuple[float, float]) -> tuple[float, float]:
        x, y = self.to_photo(torch.tensor([xy]))[0].round(1)
        return float(x), float(y)

    def _in_crop(
        self, kind: str, xy: tuple[float, float], *, others: OtherFaces | None = None
    ) -> tuple[float, float]:
        height, width = self.photo_hw
        if not (0 <= xy[0] <= width - 1 and 0 <= xy[1] <= height - 1):
            raise InvalidDragError(
                f"the {kind} {_point(xy)} is outside the photograph: x goes from 0 to {width - 1},"
                f" y from 0 to {height - 1}"
            )
        way = self.alignment.to_photo(self.size_px).inverse()
        inside = way.apply(np.array([xy], dtype=np.float64))[0]
        if inside.min() < -0.5 or inside.max() > self.size_px - 0.5:
            corners = ", ".join(_point((x, y)) for x, y in self.alignment.quad_xy.round())
            hint = "" if others is None else others.hint_for_goal(xy)
            raise InvalidDragError(
                f"the {kind} {_point(xy)} is outside the square around the face that can be"
                f" dragged, whose corners are {corners}: choose a place inside it{hint}"
            )
        x, y = inside.clip(0, self.size_px - 1)
        return float(x), float(y)


@dataclass(frozen=True, kw_only=True)
class PhotoDrag:
    """A photograph that is in the generator, and what it takes to bring it back."""

    edit: PhotoEdit = field(repr=False)
    own: PretrainedGenerator = field(repr=False)
    """The generator that draws it: what is dragged on."""
    place: PhotoPlace
    finder: FaceFinder | None = field(repr=False)
    """None where faces cannot be looked for."""
    tone: Tone | None = field(default=None, repr=False)
    """Of a photograph that has only one: what its pictures are written in."""
    warnings: tuple[str, ...] = ()
    """Already told."""
    invert_s: float = 0.0
    """What bringing it in took."""


def _point(xy: tuple[float, float]) -> str:
    return f"({xy[0]:g}, {xy[1]:g})"
