"""Which live drags are simulated: a value.

A person presses, pulls and rests while the picture follows. Here a hand is a function of time, and
the simulation says at what time a step is taken: no clock is looked at, so that a slow machine
sees what a quick one sees.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tugan.bench.bench_error import BenchError
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.pair_job import check_drawing

HELD = {30: "nose tip", 36: "eye corner", 45: "eye corner", 48: "mouth corner", 54: "mouth corner"}
HELD |= {8: "chin"}
"""The landmarks that are held; which one, a face's seed says."""


class Pace(StrEnum):
    """How a hand moves."""

    SLOW = "slow"
    FAST = "fast"
    JUMPING = "jumping"


@dataclass(frozen=True, kw_only=True)
class LiveTask:
    """Which faces, and how they are pulled; :class:`BenchError` for values that mean nothing."""

    pairs: int = 10
    """Faces: the first ones of the landmark experiment's pairs with the same seed and psi."""
    seed: int = 0
    psi: float = 0.7
    """Truncation."""
    paces: tuple[Pace, ...] = tuple(Pace)
    rates: tuple[int, ...] = (6, 20)
    """Steps a second of the simulated machine."""
    rest_steps: int = 12
    """Steps that the hand rests at its end; as many as the studio takes after a release."""
    check_every: int = 3
    """Every how many steps the picture is finished and looked at, beside the last one."""

    def __post_init__(self) -> None:
        """Check everything."""
        check_drawing(pairs=self.pairs, seed=self.seed, psi=self.psi)
        if not self.paces or len(set(self.paces)) < len(self.paces):
            raise BenchError(f"expected some of {', '.join(Pace)}, each once, got {self.paces}")
        fit = all(1 <= rate <= 100 for rate in self.rates)
        if not self.rates or not fit or len(set(self.rates)) < len(self.rates):
            raise BenchError(f"expected rates of 1 to 100 steps a second, each once: {self.rates}")
        if not 0 <= self.rest_steps <= 1000:
            raise BenchError(f"the hand may rest for 0 to 1000 steps, got {self.rest_steps}")
        if not 1 <= self.check_every <= 1000:
            raise BenchError(f"every 1st to 1000th step can be checked, got {self.check_every}")

    @property
    def faces(self) -> LandmarkTask:
        """What draws the faces."""
        return LandmarkTask(pairs=self.pairs, points=(1,), seed=self.seed, psi=self.psi)


@dataclass(frozen=True, kw_only=True)
class LiveJob:
    """One pull by one hand."""

    pair: int
    """The face, from 0."""
    pace: Pace
    rate: int
    method: str


def live_jobs(task: LiveTask, methods: tuple[str, ...]) -> Iterator[LiveJob]:
    """Face by face, hand by hand; methods side by side."""
    for pair in range(task.pairs):
        for pace in task.paces:
            for rate in task.rates:
                for method in methods:
                    yield LiveJob(pair=pair, pace=pace, rate=rate, method=method)
