"""The run in figures, a row for each number of points and method."""

from pydantic import BaseModel, ConfigDict


class Spread(BaseModel):
    """The middle of many values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float | None
    median: float | None
    standard_error: float | None
    """Of the mean."""


NOTHING = Spread(mean=None, median=None, standard_error=None)
"""Of no value at all."""


class Shares(BaseModel):
    """MD as a share of no edit; smaller is better, 1 is as if nothing had been done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of_means: float | None
    """Mean MD over mean distance of no edit."""
    of_means_error: float | None
    """Its standard error over pairs."""
    of_medians: float | None
    """Median MD over median distance of no edit."""
    strict: float | None
    """Of means, where a drag that did not reach its goals counts as no edit too."""


class Counts(BaseModel):
    """How many drags ended how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reached: int
    step_limit: int
    no_progress: int
    not_finite: int
    errors: int
    lost_faces: int
    """Of those without an error and finite; most of them ended in some other way too."""


class Identity(BaseModel):
    """Is it still the same person?"""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding_mean: float | None
    """Over results with a face."""
    same_share: float
    """Below 0.6, of all drags: no face is not the same person."""


class Row(BaseModel):
    """A method with a number of points. Distances in pixels at 512, times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: int
    method: str
    pairs: int
    md_px: Spread
    share: Shares
    counts: Counts
    steps: Spread
    seconds: Spread
    first_motion_s: Spread
    identity: Identity
    outside_change: float | None
    outside_face_change: Spread = NOTHING
    """Over results with a face, as the next one."""
    inside_face_change: Spread = NOTHING
    speed_ratio: float | None
    """Median seconds of the first method over this one's: above 1 is faster."""
    first_motion_ratio: float | None
    """The same of the time to the first visible motion."""


class NoEdit(BaseModel):
    """The start's own distance to the goals, pixels at 512."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: int
    pairs: int
    md_px: Spread


class Summary(BaseModel):
    """All of it. Only pairs that every method has finished are counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    no_edit: tuple[NoEdit, ...]
    rows: tuple[Row, ...]
    skipped_candidates: int
    """Pictures that were left out on the way to the pairs, mostly for want of a face."""
    unfinished: int
    """Drags asked for and not done yet."""

    def row(self, points: int, method: str) -> Row | None:
        """The row of these; None before the first pair is finished."""
        found = [one for one in self.rows if (one.points, one.method) == (points, method)]
        return found[0] if found else None
