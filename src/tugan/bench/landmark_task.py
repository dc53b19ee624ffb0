"""The paper's face landmark experiment as a value (Pan et al. 2023, section 4.2, table 1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from tugan.bench.bench_error import BenchError
from tugan.perceptual.faces import LANDMARKS

MaskKind = Literal["none", "face"]
"""``face``: only the face and where it goes may change."""

LANDMARKS_OF_POINTS = {
    1: (30,),
    5: (36, 45, 30, 48, 54),
    68: tuple(range(LANDMARKS)),
}
"""Which landmarks are dragged: the nose tip; outer eye corners, nose tip and mouth corners; all.
The paper does not say which; these are our choice."""


@dataclass(frozen=True, kw_only=True)
class LandmarkTask:
    """Which pairs of faces, and how many of their landmarks.

    :class:`BenchError` for values that mean nothing.
    """

    pairs: int = 30
    points: tuple[int, ...] = (1, 5, 68)
    """Keys of :data:`LANDMARKS_OF_POINTS`."""
    seed: int = 0
    psi: float = 0.7
    """Truncation of both faces; the paper's."""
    mask: MaskKind = "none"

    def __post_init__(self) -> None:
        """Check everything."""
        if self.pairs < 1:
            raise BenchError(f"at least one pair is needed, got {self.pairs}")
        unknown = [count for count in self.points if count not in LANDMARKS_OF_POINTS]
        if unknown or not self.points or len(set(self.points)) < len(self.points):
            known = ", ".join(str(count) for count in LANDMARKS_OF_POINTS)
            given = ",".join(str(count) for count in self.points) or "none"
            raise BenchError(
                f"the numbers of points are {given}; expected some of {known}, each once"
            )
        if not 0 <= self.seed < 2**32:
            raise BenchError(f"the seed must be between 0 and 2^32 - 1, got {self.seed}")
        if not -2 <= self.psi <= 2:
            raise BenchError(f"psi is {self.psi:g}; it should be between -2 and 2")
        if self.mask not in get_args(MaskKind):
            raise BenchError(
                f"the mask is {self.mask!r}; expected one of {', '.join(get_args(MaskKind))}"
            )


@dataclass(frozen=True, kw_only=True)
class Job:
    """One drag of the experiment."""

    pair: int
    """From 0."""
    points: int
    method: str


def jobs_of(task: LandmarkTask, methods: tuple[str, ...]) -> Iterator[Job]:
    """Pair by pair, then by points, then by method: methods are compared side by side."""
    for pair in range(task.pairs):
        for points in task.points:
            for method in methods:
                yield Job(pair=pair, points=points, method=method)
