"""Which drags the speed experiment times: a value."""

from collections.abc import Iterator
from dataclasses import dataclass

from tugan.bench.bench_error import BenchError

MAX_POINTS = 60
MAX_SHIFT_PX_AT_512 = 48.0


@dataclass(frozen=True, kw_only=True)
class SpeedTask:
    """Which pictures, how many points, how far. :class:`BenchError` for values without meaning."""

    pairs: int = 10
    """Pictures."""
    points: tuple[int, ...] = (1, 5, 20)
    """How many; the first few of many are those of a drag with few."""
    seed: int = 0
    psi: float = 0.7
    """Truncation."""
    shift_px_at_512: float = 10.0
    """All points of a picture are to move by this, in one direction."""

    def __post_init__(self) -> None:
        """Check everything."""
        if self.pairs < 1:
            raise BenchError(f"at least one picture is needed, got pairs={self.pairs}")
        counts = ",".join(str(count) for count in self.points) or "none"
        wrong = any(not 1 <= count <= MAX_POINTS for count in self.points)
        if wrong or not self.points or len(set(self.points)) < len(self.points):
            raise BenchError(
                f"the numbers of points are {counts}; expected some of 1 to {MAX_POINTS}, each once"
            )
        if not 0 <= self.seed < 2**32:
            raise BenchError(f"the seed must be between 0 and 2^32 - 1, got {self.seed}")
        if not -2 <= self.psi <= 2:
            raise BenchError(f"psi is {self.psi:g}; it should be between -2 and 2")
        if not 1 <= self.shift_px_at_512 <= MAX_SHIFT_PX_AT_512:
            raise BenchError(
                f"the shift is {self.shift_px_at_512:g} px at 512; it should be between 1 and"
                f" {MAX_SHIFT_PX_AT_512:g}"
            )


@dataclass(frozen=True, kw_only=True)
class SpeedJob:
    """One drag."""

    pair: int
    points: int
    method: str


def speed_jobs(task: SpeedTask, methods: tuple[str, ...]) -> Iterator[SpeedJob]:
    """Picture by picture, then by points; methods side by side."""
    for pair in range(task.pairs):
        for points in task.points:
            for method in methods:
                yield SpeedJob(pair=pair, points=points, method=method)
