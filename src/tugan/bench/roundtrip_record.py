"""A line of the round trip's results."""

from pydantic import BaseModel, ConfigDict

from tugan.bench.pair_job import PairJob
from tugan.bench.picture_metrics import PictureErrors
from tugan.bench.record import DragCost, PairNote, TrialRecord
from tugan.core.outcome import Ending


class FromStart(BaseModel):
    """How far a picture is from the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    picture: PictureErrors
    latent: float
    """Euclidean distance of all rows of ``ws`` together."""
    embedding: float | None
    """Distance of face embeddings; None without a face."""
    nose_px: float | None
    """Distance of the nose tips, found again, pixels at 512; None without a face."""


class RoundTripRecord(TrialRecord):
    """One way there and back; ``cost`` is of the way there."""

    pictures: PairNote
    asked_px: float
    """From the nose tip to its goal, pixels at 512."""
    back_cost: DragCost | None = None
    """None after an error, or where nothing had to be dragged back."""
    there: FromStart | None = None
    """After the way there; None where there is no picture."""
    back: FromStart | None = None
    """After the way back."""

    @property
    def job(self) -> PairJob:
        """Which one of the run's."""
        return PairJob(pair=self.pair, method=self.method)

    @property
    def said(self) -> tuple[str, str]:
        """Such as ``there and back`` and ``MSE x 100 2.26, then 0.21``."""
        if self.there is None or self.back is None:
            return "there and back", "no picture"
        there, back = (100 * one.picture.mse for one in (self.there, self.back))
        return "there and back", f"MSE x 100 {there:.2f}, then {back:.2f}"

    def ended(self, ending: Ending) -> bool:
        """Did it end so? It ends like the first way that did not reach its goal."""
        ends = [one.outcome.ending for one in self._costs]
        short = [one for one in ends if one is not Ending.REACHED]
        return ending in (short or ends)[:1]

    @property
    def steps(self) -> int | None:
        """Of both ways; None after an error."""
        return None if self.cost is None else sum(one.steps for one in self._costs)

    @property
    def seconds(self) -> float | None:
        """Of both ways; None after an error."""
        return None if self.cost is None else sum(one.seconds for one in self._costs)

    @property
    def _costs(self) -> list[DragCost]:
        return [one for one in (self.cost, self.back_cost) if one is not None]
