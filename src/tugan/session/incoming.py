"""A photograph on its way into the model, before it is part of the work."""

from dataclasses import dataclass, field
from typing import Literal

from tugan.core.images import RgbArray
from tugan.inversion.align import Alignment
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.inversion.settings import InversionSettings, TuningSettings
from tugan.session.events import PhotoStepShown

Stage = Literal["finding", "choose", "invert", "tune", "ready"]


@dataclass(frozen=True, kw_only=True)
class PhotoSettings:
    """How a session brings photographs in."""

    inversion: InversionSettings = field(default_factory=InversionSettings)
    tuning: TuningSettings | None = field(default_factory=TuningSettings)
    """None leaves tuning out."""
    more_steps: int = 60
    """Of tuning, each time that more are asked for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Incoming:
    """One state of it; immutable."""

    source: PhotoSource
    size_hw: tuple[int, int]
    """Of the photograph, pixels."""
    stage: Stage
    """``finding`` faces; ``choose`` a face or a square; ``invert`` and ``tune`` as in
    :class:`PhotoEdit`; ``ready`` to be kept, or for more."""
    faces: tuple[Alignment, ...] = ()
    """The largest first."""
    chosen: Alignment | None = None
    """The square that is taken, or suggested."""
    warning: str = ""
    """What will disappoint; empty if nothing is known."""
    remarks: tuple[str, ...] = ()
    edit: PhotoEdit | None = field(default=None, repr=False)
    """As far as it has come; None before it began."""
    photo: RgbArray = field(repr=False)
    """Small."""
    target: RgbArray | None = field(default=None, repr=False)
    """The square, small; None before one is chosen."""
    shown: PhotoStepShown | None = field(default=None, repr=False)
    """The newest step."""

    @property
    def finished(self) -> bool:
        """Are all its steps done?"""
        return self.edit is not None and self.edit.stage == "done"
