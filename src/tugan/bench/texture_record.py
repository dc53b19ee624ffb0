"""What is known of one drag of the texture experiment."""

from tugan.bench.record import TrialRecord
from tugan.bench.texture_match import PointXy, Undecided
from tugan.bench.texture_task import Texture, TextureJob
from tugan.core.outcome import Ending

WRONG_PX_AT_512 = 8.0
"""A handle that is further than this from its goal is not there, whatever the solver says."""


class TextureRecord(TrialRecord):
    """A handle, and where it went. Points are pixels of the output, distances pixels at 512."""

    texture: Texture
    place: int
    picture_seed: int
    skipped: int
    """Candidates that lacked one of the textures."""
    score: float
    """The handle's texture, 0 to 1."""
    handle_xy: PointXy
    goal_xy: PointXy
    asked_px: float
    """From handle to goal."""
    tracked_px: float | None = None
    """What was left to the goal by the solver's own account."""
    lost: bool = False
    """Did the solver say that it lost the handle?"""
    found_xy: PointXy | None = None
    """Where the surroundings of the handle are in the result; None where that is undecided."""
    undecided: Undecided | None = None
    correlation: float | None = None
    """Of the best place."""
    residual_px: float | None = None
    """From there to the goal: the true residual."""
    drift_px: float | None = None
    """From there to where the solver saw the handle."""

    @property
    def job(self) -> TextureJob:
        """Which one of the run's."""
        return TextureJob(
            pair=self.pair, texture=self.texture, place=self.place, method=self.method
        )

    @property
    def said(self) -> tuple[str, str]:
        """Such as ``low texture`` and ``20.0 to 1.3 px``."""
        if self.residual_px is not None:
            return f"{self.texture} texture", f"{self.asked_px:.1f} to {self.residual_px:.1f} px"
        why = self.failure or (None if self.undecided is None else f"undecided ({self.undecided})")
        return f"{self.texture} texture", f"{self.asked_px:.1f} px, {why or 'not measured'}"

    @property
    def said_lost(self) -> bool:
        """Did the drag end with the handle lost, and say so?"""
        return self.lost or self.ended(Ending.LOST_POINT)

    @property
    def silently_wrong(self) -> bool:
        """Reached by the solver's account, and far from the goal all the same."""
        far = self.residual_px is not None and self.residual_px > WRONG_PX_AT_512
        return self.reached and not self.said_lost and far
