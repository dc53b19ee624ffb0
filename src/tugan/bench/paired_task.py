"""The paper's paired reconstruction as a value (Pan et al. 2023, section 4.2, table 2)."""

from dataclasses import dataclass
from typing import get_args

from tugan.bench.bench_error import BenchError
from tugan.bench.optical_flow import Correspondence
from tugan.bench.pair_job import check_drawing
from tugan.core.geometry import REFERENCE_SIDE_PX


@dataclass(frozen=True, kw_only=True)
class PairedTask:
    """Which pairs of near pictures, and what is told of the way from one to the other.

    :class:`BenchError` for values that mean nothing.
    """

    pairs: int = 30
    seed: int = 0
    psi: float = 0.7
    """Truncation of all latents that are drawn."""
    rows: int = 6
    """How many of the first rows of ``ws`` are perturbed; all, where there are no more."""
    share: float = 0.1
    """How far they move toward another draw."""
    points: int = 32
    """Handles, and their goals."""
    least_px_at_512: float = 1.0
    """A handle moves at least this far; ours."""
    max_steps: int = 100
    """Of every method, whatever its own settings say."""
    correspondence: Correspondence = "dis"

    def __post_init__(self) -> None:
        """Check everything."""
        check_drawing(pairs=self.pairs, seed=self.seed, psi=self.psi)
        for name in ("rows", "points", "max_steps"):
            if getattr(self, name) < 1:
                raise BenchError(f"{name} must be positive, got {getattr(self, name)}")
        if not 0 < self.share <= 1:
            raise BenchError(f"the share must be above 0 and at most 1, got {self.share:g}")
        if not 0 < self.least_px_at_512 < REFERENCE_SIDE_PX:
            raise BenchError(
                f"least_px_at_512 must be between 0 and {REFERENCE_SIDE_PX}, got"
                f" {self.least_px_at_512:g}"
            )
        if self.correspondence not in get_args(Correspondence):
            raise BenchError(
                f"the correspondence is {self.correspondence!r}; expected one of"
                f" {', '.join(get_args(Correspondence))}"
            )
