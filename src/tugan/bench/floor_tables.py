"""The parts of a step beside their floors, for reports and the terminal."""

from tugan.bench.aggregates import ratio
from tugan.bench.floor_rates import COPY_NUMBERS
from tugan.bench.floor_record import FloorRecord, PartTime
from tugan.bench.tables import Table
from tugan.bench.wording import factor, number, points_title


def parts_table(record: FloorRecord) -> Table:
    """A row a part."""
    return Table(
        title="The parts of a step, and the least they could take",
        header=(
            "part",
            "points",
            "ms",
            "floor, ms",
            "of the floor",
            "arithmetic, ms",
            "memory, ms",
        ),
        rows=tuple(_row(part) for part in record.parts),
        words=2,
        note="Milliseconds, medians of a few runs of each part alone, on the first picture of the"
        " run. The floor is what this machine needs for the part's multiply-adds, or for its bytes"
        " (float32), at its measured rates, whichever takes longer: every convolution reads and"
        " writes its maps once, and nothing else is counted. Of the floor: so many times that. A"
        " dash: nobody has counted it.",
    )


def rates_table(record: FloorRecord) -> Table:
    """What the floors come from."""
    rates = record.rates.measured
    copies = len(COPY_NUMBERS)
    units = ["GFLOP/s"] * (len(rates) - copies) + ["GB/s"] * copies
    return Table(
        title="The machine's rates",
        header=("what", "unit", "rate"),
        rows=tuple(
            (what, unit, number(rate, 1)) for (what, rate), unit in zip(rates, units, strict=True)
        ),
        words=2,
        note="Medians of a few runs, in the same process and threads. A multiply-add is 2 FLOP; a"
        " copied byte counts twice, read and written. Convolutions are of the model's own shapes;"
        " of each kind the best rate counts.",
    )


def _row(part: PartTime) -> tuple[str, ...]:
    floor = part.floor
    least_s = None if floor is None else floor.seconds
    return (
        part.name,
        "" if part.points is None else points_title(part.points),
        _milliseconds(part.seconds),
        _milliseconds(least_s),
        factor(ratio(part.seconds, least_s)),
        _milliseconds(None if floor is None else floor.arithmetic_s),
        _milliseconds(None if floor is None else floor.memory_s),
    )


def _milliseconds(seconds: float | None) -> str:
    return number(None if seconds is None else 1000 * seconds, 2)
