"""What is known of one simulated pull."""

from tugan.bench.live_task import HELD, LiveJob, Pace
from tugan.bench.record import TrialRecord

OFF_PX_AT_512 = 12.5
"""A landmark further than this from where the drag says that it is (25 px of 1024) is broken."""
STRANGE_DISTANCE = 0.85
"""Embeddings further apart than this: dlib finds a face and its parts even where a face has melted,
but not this face."""


class LiveRecord(TrialRecord):
    """Lengths in pixels at 512, preview levels of 0 to 255.

    A record without looks is of a pull in which no step was taken, or that failed.
    """

    pace: Pace
    rate: int
    """Steps a second."""
    picture_seed: int
    skipped: int
    """Candidates without a face."""
    landmark: int
    steps: int = 0
    looks: int = 0
    """Finished pictures that were looked at, each with its preview."""
    faceless: int = 0
    """Of these, without a face."""
    off: int = 0
    """With a face, whose landmark is not where the drag says."""
    off_said: int = 0
    """Of these, where the drag says that the handle is lost."""
    strange: int = 0
    """With a face whose embedding is further than :data:`STRANGE_DISTANCE` from the start's."""
    worst_off_px: float | None = None
    """From the landmark to where the drag says; of pictures with a face."""
    rest_px: float | None = None
    """From the landmark to the hand at rest, in the last picture."""
    said_rest_px: float | None = None
    """The same as the drag says."""
    embedding_distance: float | None = None
    """From the face at the start to the one at the end; None without one there."""
    burnt: int = 0
    """Previews that are broken."""
    burn_mean: float | None = None
    burn_worst: float | None = None
    difference_mean: float | None = None
    difference_worst: float | None = None
    outside_mean: float | None = None
    """Share of a preview's pixels outside the finished picture's own range."""
    outside_worst: float | None = None

    @property
    def job(self) -> LiveJob:
        """Which one of the run's."""
        return LiveJob(pair=self.pair, pace=self.pace, rate=self.rate, method=self.method)

    @property
    def said(self) -> tuple[str, str]:
        """Such as ``fast hand at 6 steps a second`` and ``2 of 9 pictures broken, 0 previews``."""
        what = f"{self.pace} hand at {self.rate} steps a second, {HELD[self.landmark]}"
        return what, f"{self.broken} of {self.looks} pictures broken, {self.burnt} previews"

    @property
    def broken(self) -> int:
        """Finished pictures that are."""
        return self.faceless + self.off

    @property
    def sound(self) -> bool:
        """Was nothing broken, picture or preview, and nothing strange?"""
        return self.failure is None and not (self.broken or self.burnt or self.strange)
