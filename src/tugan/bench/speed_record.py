"""What is known of one drag of the speed experiment."""

from tugan.bench.floor_record import FloorRecord
from tugan.bench.record import TrialRecord
from tugan.bench.speed_memory import MemoryUse
from tugan.bench.speed_task import SpeedJob
from tugan.bench.start_up import StartUpTime
from tugan.bench.texture_match import PointXy
from tugan.bench.wording import points_title


class SpeedRecord(TrialRecord):
    """Seconds are those spent in the solver; points are pixels of the output."""

    points: int
    picture_seed: int
    handles_xy: tuple[PointXy, ...]
    goals_xy: tuple[PointXy, ...]
    picture_s: float | None = None
    """What one picture took, just before and after this drag."""
    memory: MemoryUse | None = None
    """Of the first picture's drags only."""
    memory_note: str = ""
    """Why it was not measured, if it was to be."""
    floor: FloorRecord | None = None
    """Of the run's first drag only: what a step is made of."""
    start_up: tuple[StartUpTime, ...] = ()
    """Of the run's first drag only: what comes before any drag, on the default model."""

    @property
    def job(self) -> SpeedJob:
        """Which one of the run's."""
        return SpeedJob(pair=self.pair, points=self.points, method=self.method)

    @property
    def said(self) -> tuple[str, str]:
        """Such as ``5 points`` and ``12 steps, 3.1 s``."""
        title = points_title(self.points)
        if self.cost is None:
            return title, str(self.failure or "not measured")
        return title, f"{self.cost.steps} steps, {self.cost.seconds:.2f} s"

    @property
    def step_s(self) -> float | None:
        """Seconds for each update, the look at what came of it included; None without updates.

        The first look, at the start, is not one of them.
        """
        if self.cost is None or not self.cost.steps:
            return None
        return (self.cost.seconds - self.cost.history[0].seconds) / self.cost.steps

    @property
    def first_motion_s(self) -> float | None:
        """Until the first picture that is not the start could be shown."""
        return None if self.cost is None else self.cost.first_motion_s

    @property
    def seconds(self) -> float | None:
        """To the end, wherever that was."""
        return None if self.cost is None else self.cost.seconds

    @property
    def steps(self) -> float | None:
        """Updates computed."""
        return None if self.cost is None else float(self.cost.steps)

    @property
    def peak_bytes(self) -> float | None:
        """On the device if that is a CUDA device, of the process otherwise."""
        if self.memory is None:
            return None
        device = self.memory.device_bytes
        return float(self.memory.drag_bytes if device is None else device)

    def in_pictures(self, seconds: float | None) -> float | None:
        """Seconds, as so many pictures of the same process at the same time."""
        if seconds is None or not self.picture_s:
            return None
        return seconds / self.picture_s
