"""A line of ``results.jsonl``: all that is known of one drag."""

from collections.abc import Hashable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from tugan.bench.landmark_task import Job
from tugan.bench.timed_drag import HistoryEntry
from tugan.core.outcome import Ending, Outcome


class Failure(StrEnum):
    """Why a result could not be measured as it is."""

    LOST_FACE = "lost-face"
    NOT_FINITE = "not-finite"
    ERROR = "error"
    TIME_LIMIT = "time-limit"
    DIED = "died"
    """Its process did."""


class PairNote(BaseModel):
    """Which pictures a pair is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_seed: int
    target_seed: int
    skipped: int
    """Candidates that were left out."""


class DragCost(BaseModel):
    """What a drag took, and how it went."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Outcome
    steps: int
    kept_step: int
    """The step whose picture is kept; before ``steps`` where the drag was stuck."""
    seconds: float
    first_motion_s: float | None
    history: tuple[HistoryEntry, ...]


class TrialRecord(BaseModel):
    """What the records of all experiments have."""

    # JSON knows no NaN
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    pair: int
    method: str
    attempts: int = 1
    """A job that breaks is tried twice."""
    failure: Failure | None = None
    cost: DragCost | None = None
    """None after an error."""
    traceback: str | None = None

    @property
    def job(self) -> Hashable:
        """Which one of the run's."""
        raise NotImplementedError

    @property
    def said(self) -> tuple[str, str]:
        """What it was beside pair and method, and what it came to; for people."""
        raise NotImplementedError

    @property
    def reached(self) -> bool:
        """Did the solver see every handle arrive?"""
        return self.ended(Ending.REACHED)

    def ended(self, ending: Ending) -> bool:
        """Did the drag end so?"""
        return self.cost is not None and self.cost.outcome.ending is ending


class JobRecord(TrialRecord):
    """One drag: of what, how it ended, what came out. Distances in pixels at 512."""

    points: int
    pictures: PairNote
    no_edit_px: float
    """Mean distance of the start's landmarks to their goals."""
    result_px: float | None = None
    """MD of the result; None if no face was found, or none was made."""
    embedding_distance: float | None = None
    """Between the faces before and after; None without a face after."""
    outside_change: float | None = None
    """Mean absolute change of the pixels that the mask holds, 0 to 255; None without a mask."""
    outside_face_change: float | None = None
    """Mean absolute change beyond the face before and after, 0 to 255 (``face_change``); None
    without a face after, and in records from before it was measured."""
    inside_face_change: float | None = None
    """The same within the face after, what only moved with the landmarks taken out."""
    goals_xy: tuple[tuple[float, float], ...]
    """Pixels of the output."""
    found_xy: tuple[tuple[float, float], ...] = ()
    """The landmarks, found again on the result."""

    @property
    def job(self) -> Job:
        """Which one of the run's."""
        return Job(pair=self.pair, points=self.points, method=self.method)

    @property
    def said(self) -> tuple[str, str]:
        """Such as ``5 points`` and ``11.2 to 3.4 px``."""
        points = "1 point" if self.points == 1 else f"{self.points} points"
        return points, f"{self.no_edit_px:.1f} to {self.md_px:.1f} px"

    @property
    def md_px(self) -> float:
        """MD as it enters the mean: a failure counts as if nothing had been done."""
        if self.failure is not None or self.result_px is None:
            return self.no_edit_px
        return self.result_px

    @property
    def strict_md_px(self) -> float:
        """The same, where a drag that did not arrive counts as a failure too."""
        return self.md_px if self.reached else self.no_edit_px
