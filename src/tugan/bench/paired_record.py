"""A line of the paired experiment's results."""

from tugan.bench.pair_job import PairJob
from tugan.bench.picture_metrics import PictureErrors
from tugan.bench.record import PairNote, TrialRecord


class PairedRecord(TrialRecord):
    """One reconstruction: how far the start is from the other picture, and how far the result."""

    pictures: PairNote
    points: int
    asked_px: float
    """Mean way from a handle to its goal, pixels at 512."""
    no_edit: PictureErrors
    result: PictureErrors | None = None
    """None where there is no picture: after an error, or NaN."""

    @property
    def job(self) -> PairJob:
        """Which one of the run's."""
        return PairJob(pair=self.pair, method=self.method)

    @property
    def said(self) -> tuple[str, str]:
        """Such as ``32 points`` and ``MSE x 100 2.26 to 0.81``."""
        before, after = 100 * self.no_edit.mse, 100 * self.counted.mse
        return f"{self.points} points", f"MSE x 100 {before:.2f} to {after:.2f}"

    @property
    def counted(self) -> PictureErrors:
        """What enters the means: a failure counts as if nothing had been done."""
        if self.failure is not None or self.result is None:
            return self.no_edit
        return self.result
