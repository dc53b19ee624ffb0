"""What a session tells whoever listens."""

from dataclasses import dataclass, field
from typing import Literal

from tugan.core.images import RgbArray
from tugan.session.document import PointXy

Level = Literal["info", "warning", "error"]

HELD_ID = -1
"""The id of the point that a live drag holds."""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The snapshot is another one."""


@dataclass(frozen=True, kw_only=True)
class StepShown:
    """A step of a drag has been made."""

    step: int
    farthest_px: float
    steps_per_s: float
    points: tuple[tuple[int, PointXy, bool], ...]
    """Id, place and whether it is lost; in a live drag the held point has the id -1."""
    preview: RgbArray | None = field(repr=False)
    """At most 512 px; None where nothing has moved yet, or the finished picture follows."""


@dataclass(frozen=True, kw_only=True)
class FinishedShown:
    """The hand of a live drag rests: the newest step's picture at its full size."""

    step: int
    pixels: RgbArray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PictureReady:
    """The current picture at its full size."""

    pixels: RgbArray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class OriginalReady:
    """The picture that was started from, at its full size."""

    pixels: RgbArray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class GalleryPicture:
    """A small picture of a seed."""

    seed: int
    pixels: RgbArray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class HistoryPicture:
    """A small picture of an entry of the history."""

    entry: int
    pixels: RgbArray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Advised:
    """A handle will probably not be followed well."""

    point_id: int
    text: str
    better_xy: PointXy | None


@dataclass(frozen=True, kw_only=True)
class PhotoShown:
    """The photograph that is being brought in."""

    pixels: RgbArray = field(repr=False)
    """At most 1024 px."""


@dataclass(frozen=True, kw_only=True)
class TargetShown:
    """The square of that photograph."""

    pixels: RgbArray = field(repr=False)
    """At most 512 px."""


@dataclass(frozen=True, kw_only=True)
class PhotoStepShown:
    """A step of bringing it in has been made."""

    stage: Literal["invert", "tune"]
    step: int
    total: int
    psnr_db: float
    left_s: float | None
    """About so long until all is done; None while that is not known."""
    preview: RgbArray = field(repr=False)
    """At most 512 px."""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """Something to know."""

    level: Level
    code: str
    text: str
    remedy: str = ""


Event = (
    Changed
    | StepShown
    | FinishedShown
    | PictureReady
    | OriginalReady
    | GalleryPicture
    | HistoryPicture
    | Advised
    | PhotoShown
    | TargetShown
    | PhotoStepShown
    | Reported
)
