"""The least time that a cost can take on a machine whose rates were measured."""

from pydantic import BaseModel, ConfigDict

from tugan.bench.layer_cost import Cost

FLOPS = 2
"""Floating-point operations of a multiply-add."""
GIGA = 1e9


class MachineRates(BaseModel):
    """What this machine does at its best, on the threads and device of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    matrix: float
    """GFLOP/s of a matrix product."""
    dense: float | None
    """GFLOP/s of dense convolutions of the model's own shapes, the best; None where it has none."""
    depthwise: float | None
    """The same of its depthwise ones."""
    copy_gb: float
    """GB/s of a copy, the best, what is read and what is written together."""
    measured: tuple[tuple[str, float], ...]
    """What was run to know them, and its rate; the last ones are copies."""


class Floor(BaseModel):
    """Of arithmetic and memory, whichever is longer: the two can go on at the same time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arithmetic_s: float
    memory_s: float

    @property
    def seconds(self) -> float:
        """Nothing that does all of the cost takes less."""
        return max(self.arithmetic_s, self.memory_s)


def floor_of(cost: Cost, rates: MachineRates) -> Floor:
    """Each kind of arithmetic at its rate, one after the other; all bytes at the copy's.

    Dense convolutions go at a matrix product's rate where that is better than their own.

    ``ValueError`` if the cost has a kind of arithmetic whose rate was not measured.
    """
    arithmetic_s = 0.0
    # a dense convolution is a matrix product too, of windows laid side by side
    dense = None if rates.dense is None else max(rates.dense, rates.matrix)
    for name, multiply_adds, rate in (
        ("pointwise", cost.pointwise, rates.matrix),
        ("dense", cost.dense, dense),
        ("depthwise", cost.depthwise, rates.depthwise),
    ):
        if not multiply_adds:
            continue
        if rate is None:
            raise ValueError(f"the cost has {name} convolutions, and their rate was not measured")
        arithmetic_s += FLOPS * multiply_adds / (rate * GIGA)
    return Floor(arithmetic_s=arithmetic_s, memory_s=cost.bytes / (rates.copy_gb * GIGA))
