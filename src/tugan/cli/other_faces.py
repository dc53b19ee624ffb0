"""Points on another face of a photograph than the one that is dragged. Imports torch."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import numpy as np

from tugan.cli.points import PointPair
from tugan.core.errors import InvalidDragError
from tugan.inversion.align import AlignedFace, Alignment

_SAME_FACE = 0.25
"""Of the side: squares whose centres are nearer than this are of one face."""


@final
@dataclass(frozen=True, kw_only=True)
class OtherFaces:
    """The faces of a photograph, looked for when a point is where it cannot be dragged."""

    dragged: Alignment
    find: Callable[[], tuple[AlignedFace, ...]] = field(repr=False)
    """The largest first, as ``--face`` counts."""
    way: str
    """How another face is dragged, with ``{face}`` for its number."""

    def check_handles(self, pairs: tuple[PointPair, ...]) -> None:
        """:class:`InvalidDragError` if handles lie on other faces and not in the square."""
        found = self.find()
        mine = self._mine(found)
        outside = [pair for pair in pairs if not contains(self.dragged, pair.start_xy)]
        places = [(pair, self._at(found, pair.start_xy)) for pair in outside]
        others = {number for _, number in places if number is not None}
        if not others:
            return
        first, number = next((pair, number) for pair, number in places if number is not None)
        x, y = first.start_xy
        held = len(outside) < len(pairs)
        if len(others) == 1 and not held:
            dragged = "another place" if mine is None else f"face {mine}"
            raise InvalidDragError(
                f"the handle ({x:g}, {y:g}) is on face {number} of the photograph, and {dragged} is"
                f" the one that is dragged: {self.way.format(face=number)}"
            )
        numbers = sorted(others | ({mine} if held and mine is not None else set()))
        names = " and ".join(str(one) for one in numbers)
        ways = " or ".join(f"--face {one}" for one in numbers)
        raise InvalidDragError(
            f"the handles are on different faces of the photograph ({names}), and one is dragged at"
            f" a time: give the points of one face, and drag the others after it ({ways})"
        )

    def hint_for_goal(self, goal_xy: tuple[float, float]) -> str:
        """The end of a sentence on a goal outside the square; empty if no face is there."""
        number = self._at(self.find(), goal_xy)
        return "" if number is None else f"; face {number} is there: {self.way.format(face=number)}"

    def _mine(self, found: tuple[AlignedFace, ...]) -> int | None:
        for number, face in enumerate(found, start=1):
            if self._is_mine(face):
                return number
        return None

    def _is_mine(self, face: AlignedFace) -> bool:
        away = math.dist(face.alignment.centre_xy, self.dragged.centre_xy)
        return away < _SAME_FACE * self.dragged.side_px

    def _at(self, found: tuple[AlignedFace, ...], xy: tuple[float, float]) -> int | None:
        """The face whose middle is nearest, in sides of its square."""
        near = [
            (math.dist(face.alignment.centre_xy, xy) / face.alignment.side_px, number)
            for number, face in enumerate(found, start=1)
            if not self._is_mine(face) and contains(face.alignment, xy)
        ]
        return min(near)[1] if near else None


def contains(square: Alignment, xy: tuple[float, float]) -> bool:
    """Is the place in the square?"""
    x, y = square.to_photo(1).inverse().apply(np.array([xy], dtype=np.float64))[0]
    return bool(-0.5 <= x <= 0.5 and -0.5 <= y <= 0.5)
