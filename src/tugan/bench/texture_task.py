"""Which handles the texture experiment drags: a value.

Pan et al. 2023 name among the limits of their method that handles in regions without texture drift
more in tracking. They show it on pictures and give no figures; this experiment does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tugan.bench.bench_error import BenchError
from tugan.dragging.texture import POOR_SCORE

MAX_DISTANCE_PX_AT_512 = 48.0
"""A goal so far away still lies inside the picture, whatever the direction."""


class Texture(StrEnum):
    """How much of it there is around a handle."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


@dataclass(frozen=True, kw_only=True)
class TextureTask:
    """Which pictures, and how their handles are chosen and moved.

    :class:`BenchError` for values that mean nothing.
    """

    pairs: int = 20
    """Pictures."""
    handles: int = 2
    """Of each texture, in each picture; each is dragged alone."""
    seed: int = 0
    psi: float = 0.7
    """Truncation."""
    distance_px_at_512: float = 20.0
    """From handle to goal."""
    low_below: float = POOR_SCORE
    """Scores (``dragging.texture``) below this are ``low``: tugan warns of such handles."""
    high_from: float = 0.5
    """From here on they are ``high``: half of the picture is."""

    def __post_init__(self) -> None:
        """Check everything."""
        if self.pairs < 1:
            raise BenchError(f"at least one picture is needed, got pairs={self.pairs}")
        if not 1 <= self.handles <= 20:
            raise BenchError(f"between 1 and 20 handles of each texture, got {self.handles}")
        if not 0 <= self.seed < 2**32:
            raise BenchError(f"the seed must be between 0 and 2^32 - 1, got {self.seed}")
        if not -2 <= self.psi <= 2:
            raise BenchError(f"psi is {self.psi:g}; it should be between -2 and 2")
        if not 1 <= self.distance_px_at_512 <= MAX_DISTANCE_PX_AT_512:
            raise BenchError(
                f"the distance is {self.distance_px_at_512:g} px at 512; it should be between 1 and"
                f" {MAX_DISTANCE_PX_AT_512:g}"
            )
        if not 0 < self.low_below < self.high_from < 1:
            raise BenchError(
                f"texture is low below {self.low_below:g} and high from {self.high_from:g};"
                " expected two scores between 0 and 1, the first one smaller"
            )

    def texture_of(self, score: float) -> Texture:
        """Which of the three a score is."""
        if score < self.low_below:
            return Texture.LOW
        return Texture.MIDDLE if score < self.high_from else Texture.HIGH


@dataclass(frozen=True, kw_only=True)
class TextureJob:
    """One drag of one handle."""

    pair: int
    texture: Texture
    place: int
    """Which handle of this texture, from 0."""
    method: str


def texture_jobs(task: TextureTask, methods: tuple[str, ...]) -> Iterator[TextureJob]:
    """Picture by picture, handle by handle; methods side by side."""
    for pair in range(task.pairs):
        for texture in Texture:
            for place in range(task.handles):
                for method in methods:
                    yield TextureJob(pair=pair, texture=texture, place=place, method=method)
