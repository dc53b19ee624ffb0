"""The parts of a step beside their floors, for reports and the terminal."""

from tugan.bench.aggregates import ratio
from tugan.bench.floor_rates import COPY_NUMBERS
from tugan.bench.floor_record import FloorRecord, PartTime
from tugan.bench.tables import Table
from tugan.bench.wording import factor, number, points_title

MEGA = 1e6


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


def blocks_table(record: FloorRecord) -> Table:
    """What the cost model says of each block, and of all up to it."""
    rows, so_far = [], 0
    for block in record.blocks:
        so_far += block.multiply_adds
        rows.append(
            (
                f"{block.until_px} px",
                number(block.multiply_adds / MEGA, 1),
                number(so_far / MEGA, 1),
                number(block.forward_bytes / MEGA, 1),
                number(block.backward_bytes / MEGA, 1),
                number(block.picture_multiply_adds / MEGA, 1),
                number(block.picture_bytes / MEGA, 1),
            )
        )
    return Table(
        title="What each block costs",
        header=(
            "block",
            "multiply-adds",
            "up to here",
            "MB forward",
            "MB backward",
            "to draw",
            "MB to draw",
        ),
        rows=tuple(rows),
        words=1,
        note="By the generator's configuration alone, for one picture: millions of multiply-adds,"
        " the same backward to the latent as forward; megabytes (10^6) of weights and maps in"
        " float32, read and written. To draw: what is needed besides for the picture, and by no"
        " drag.",
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
