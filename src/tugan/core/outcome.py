"""How a drag ended, in a word for programs and a sentence for people."""

import math
from dataclasses import dataclass

from tugan.core import outcome_words
from tugan.core.closeness import Closeness, DragWay
from tugan.core.ending import Ending as Ending


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a drag.

    ``sentence`` says what happened, with numbers, and where it helps what to try next. What it
    says of distances is of the picture that is kept. What has the default None is not known of
    outcomes in files of older versions.
    """

    ending: Ending
    sentence: str
    remedy: str = ""
    """The end of the sentence that says what to try; empty if nothing needs to be."""
    steps: int | None = None
    """That were taken; the picture kept may be of an earlier one."""
    asked_px: float | None = None
    """From start to goal, of the handle that is worst off; pixels of the picture."""
    left_px: float | None = None
    """From where that handle is to its goal; a guess if ``closeness`` is ``lost``."""
    closeness: Closeness | None = None
    """How near that handle came, by the share of what was asked that is left."""

    def __post_init__(self) -> None:
        """ValueError for distances that are none: outcomes are read from files."""
        for name, value in (("asked_px", self.asked_px), ("left_px", self.left_px)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}: expected a finite distance, not negative")

    @property
    def happened(self) -> str:
        """The sentence without the remedy."""
        return self.sentence.removesuffix(self.remedy).rstrip()

    @property
    def reached(self) -> bool:
        """Did every handle arrive at its goal?"""
        return self.ending is Ending.REACHED

    @classmethod
    def of(
        cls, ending: Ending, *, steps: int, way: DragWay, kept_step: int | None = None
    ) -> "Outcome":
        """Of a drag of so many steps.

        ``way`` is of the picture that is kept: the one after ``kept_step``, the last step if that
        is None.
        """
        kept = steps if kept_step is None else kept_step
        happened = outcome_words.happened(ending, steps=steps, kept_step=kept, way=way)
        remedy = outcome_words.remedy(ending, steps=steps, way=way)
        worst = way.worst
        return cls(
            ending=ending,
            sentence=f"{happened} {remedy}".rstrip(),
            remedy=remedy,
            steps=steps,
            asked_px=worst.asked_px,
            left_px=worst.left_px,
            closeness=worst.closeness,
        )
