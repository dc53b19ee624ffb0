"""How near a drag came to what was asked of it: in pixels, and in a word."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

NEARLY_SHARE = 0.15
"""Nearly there: at most this share of the distance asked is left."""
NEARLY_TOLERANCES = 3.0
"""Or at most this many tolerances, of a short way."""
NEARLY_SHORT_SHARE = 0.25
"""But never more than this share: a correction of 10 px may end 2.5 px short."""
PARTLY_SHARE = 0.5
"""Part of the way: at most this share is left; far beyond it."""
NO_NEARER_SHARE = 0.95
"""Hardly any nearer: more than this share is left."""


class Closeness(StrEnum):
    """How near a handle came to its goal, from best to worst."""

    REACHED = "reached"
    NEARLY = "nearly"
    PARTLY = "partly"
    FAR = "far"
    NO_NEARER = "no-nearer"
    LOST = "lost"
    """It was not found again: its distance is a guess."""


def closeness_of(
    *, asked_px: float, left_px: float, tolerance_px: float, lost: bool = False
) -> Closeness:
    """The class of a handle that was to move by ``asked_px`` and has ``left_px`` to go.

    One that was to stay (``asked_px`` within the tolerance) has no share: it is nearly there or
    far by its tolerance alone.
    """
    if lost:
        return Closeness.LOST
    if left_px <= tolerance_px:
        return Closeness.REACHED
    few_px = NEARLY_TOLERANCES * tolerance_px
    if asked_px <= tolerance_px:
        return Closeness.NEARLY if left_px <= few_px else Closeness.FAR
    share = left_px / asked_px
    if share <= NEARLY_SHARE or (left_px <= few_px and share <= NEARLY_SHORT_SHARE):
        return Closeness.NEARLY
    if share <= PARTLY_SHARE:
        return Closeness.PARTLY
    return Closeness.FAR if share <= NO_NEARER_SHARE else Closeness.NO_NEARER


@dataclass(frozen=True, kw_only=True)
class HandleWay:
    """How far one handle came."""

    index: int
    """Among the drag's handles, from 0."""
    asked_px: float
    """From where it was at the start to its goal."""
    left_px: float
    """From where it is to its goal."""
    closeness: Closeness


@dataclass(frozen=True, kw_only=True)
class DragWay:
    """How far all handles of a drag came; at least one."""

    handles: tuple[HandleWay, ...]
    masked: bool = False
    """Was there a part of the picture that may not change?"""

    @classmethod
    def of(
        cls,
        *,
        asked_px: Sequence[float],
        left_px: Sequence[float],
        lost: Sequence[bool],
        tolerance_px: float,
        masked: bool = False,
    ) -> "DragWay":
        """An entry a handle in each; pixels of the picture."""
        handles = tuple(
            HandleWay(
                index=index,
                asked_px=asked,
                left_px=left,
                closeness=closeness_of(
                    asked_px=asked, left_px=left, tolerance_px=tolerance_px, lost=is_lost
                ),
            )
            for index, (asked, left, is_lost) in enumerate(
                zip(asked_px, left_px, lost, strict=True)
            )
        )
        return cls(handles=handles, masked=masked)

    @property
    def worst(self) -> HandleWay:
        """The handle that is worst off: by its class, then by the distance left."""
        return _worst(self.handles)

    @property
    def lost(self) -> tuple[HandleWay, ...]:
        """Those that were not found again."""
        return tuple(one for one in self.handles if one.closeness is Closeness.LOST)

    @property
    def found(self) -> tuple[HandleWay, ...]:
        """The others."""
        return tuple(one for one in self.handles if one.closeness is not Closeness.LOST)

    @property
    def worst_found(self) -> HandleWay | None:
        """The worst off of those whose distance is known; None if all are lost."""
        return _worst(self.found) if self.found else None

    @property
    def arrived(self) -> int:
        """How many are at their goals."""
        return sum(one.closeness is Closeness.REACHED for one in self.handles)


def _worst(handles: tuple[HandleWay, ...]) -> HandleWay:
    ranks = list(Closeness)
    return max(handles, key=lambda one: (ranks.index(one.closeness), one.left_px))
