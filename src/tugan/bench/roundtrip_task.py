"""There and back again as a value: FreeDrag's idea (Ling et al., CVPR 2024), our protocol."""

from dataclasses import dataclass

from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.pair_job import check_drawing


@dataclass(frozen=True, kw_only=True)
class RoundTripTask:
    """Which pairs of faces: those of :class:`LandmarkTask` with the same seed and psi.

    :class:`BenchError` for values that mean nothing.
    """

    pairs: int = 30
    seed: int = 0
    psi: float = 0.7
    """Truncation of both faces."""

    def __post_init__(self) -> None:
        """Check everything."""
        check_drawing(pairs=self.pairs, seed=self.seed, psi=self.psi)

    @property
    def faces(self) -> LandmarkTask:
        """What draws the pairs."""
        return LandmarkTask(pairs=self.pairs, points=(1,), seed=self.seed, psi=self.psi)
