"""Jobs of experiments that do one thing a pair with each method."""

from collections.abc import Iterator
from dataclasses import dataclass

from tugan.bench.bench_error import BenchError
from tugan.bench.thumbnails import plain_name

MAX_SEED = 2**32


@dataclass(frozen=True, kw_only=True)
class PairJob:
    """A method on a pair."""

    pair: int
    """From 0."""
    method: str


def pair_jobs(pairs: int, methods: tuple[str, ...]) -> Iterator[PairJob]:
    """Pair by pair; methods side by side."""
    for pair in range(pairs):
        for method in methods:
            yield PairJob(pair=pair, method=method)


def result_name(job: PairJob, *, of: str = "") -> str:
    """Of a result's picture, without suffix; ``of`` tells a job's pictures apart."""
    # variations of methods can have lists in their names: newton+blocks_px=64/128
    method = plain_name(job.method)
    return f"pair-{job.pair:04}-{method}" + (f"-{of}" if of else "")


def check_drawing(*, pairs: int, seed: int, psi: float) -> None:
    """What pairs are drawn from; :class:`BenchError` for values that mean nothing."""
    if pairs < 1:
        raise BenchError(f"at least one pair is needed, got {pairs}")
    if not 0 <= seed < MAX_SEED:
        raise BenchError(f"the seed must be between 0 and 2^32 - 1, got {seed}")
    if not -2 <= psi <= 2:
        raise BenchError(f"psi is {psi:g}; it should be between -2 and 2")
