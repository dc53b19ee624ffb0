"""The figures of the speed experiment, by number of points and method."""

from collections.abc import Callable, Mapping, Sequence

from tugan.bench.aggregates import median, ratio
from tugan.bench.speed_memory import STEPS
from tugan.bench.speed_record import SpeedRecord
from tugan.bench.start_up import StartUpTime
from tugan.bench.tables import Table
from tugan.bench.wording import factor, number, percent, points_title
from tugan.generators.catalog import DEFAULT_MODEL

Columns = Mapping[int, Mapping[str, Sequence[SpeedRecord]]]
"""Drags by number of points, then by method: of the same pictures."""
Measure = Callable[[SpeedRecord], float | None]

MEASURES: tuple[tuple[str, Measure], ...] = (
    ("first motion", lambda one: one.first_motion_s),
    ("a step", lambda one: one.step_s),
    ("steps", lambda one: one.steps),
    ("to the end", lambda one: one.seconds),
)
_MEGABYTE = 2**20


def pictures_side_by_side(
    records: Sequence[SpeedRecord], points: Sequence[int], methods: tuple[str, ...]
) -> dict[int, dict[str, list[SpeedRecord]]]:
    """Of each number of points, the pictures whose drags every method has finished."""
    found = {(one.pair, one.points, one.method): one for one in records}
    columns = {}
    for count in points:
        pairs = sorted({pair for pair, of, _ in found if of == count})
        whole = [pair for pair in pairs if all((pair, count, name) in found for name in methods)]
        columns[count] = {name: [found[pair, count, name] for pair in whole] for name in methods}
    return columns


def ratios_table(columns: Columns) -> Table:
    """As so many times what the first method of the run takes."""
    rows = []
    for points, methods in columns.items():
        first = next(iter(methods.values()), ())
        for name, records in methods.items():
            cells = [
                factor(ratio(median_of(records, what), median_of(first, what)))
                for _, what in MEASURES
            ]
            peak = ratio(_peak(records), _peak(first))
            rows.append((points_title(points), name, *cells, factor(peak)))
    return Table(
        title="Against the first method",
        header=("points", "method", *(name for name, _ in MEASURES), "peak memory"),
        rows=tuple(rows),
        words=2,
        note="So many times what the first method takes, in the same run: ratios of medians over"
        " pictures; below 1 is less. First motion: seconds until the first picture that is not the"
        " start could be shown. A step: seconds for an update and the look at what came of it."
        " To the end: seconds until the drag ended, wherever that was.",
    )


def pictures_table(columns: Columns) -> Table:
    """In pictures, so that machines can be compared."""
    rows = []
    for points, methods in columns.items():
        for name, records in methods.items():
            cells = [
                number(median_of(records, in_pictures(what)), 2)
                for title, what in MEASURES
                if title != "steps"
            ]
            rows.append((points_title(points), name, *cells))
    return Table(
        title="In pictures",
        header=("points", "method", *(name for name, _ in MEASURES if name != "steps")),
        rows=tuple(rows),
        words=2,
        note="The same seconds, as so many times what the generator takes for one picture: the"
        " median of three, one before the drag and two after it, in the same process. Medians over"
        " pictures.",
    )


def seconds_table(columns: Columns) -> Table:
    """As measured on this machine."""
    rows = []
    for points, methods in columns.items():
        every = list(zip(*methods.values(), strict=True))
        all_there = [index for index, found in enumerate(every) if all(o.reached for o in found)]
        for name, records in methods.items():
            there = [records[index] for index in all_there]
            reached = sum(one.reached for one in records)
            rows.append(
                (
                    points_title(points),
                    name,
                    str(len(records)),
                    percent(reached / len(records) if records else None),
                    number(median_of(records, lambda one: one.picture_s), 3),
                    number(median_of(records, lambda one: one.first_motion_s), 3),
                    number(median_of(records, lambda one: one.step_s), 3),
                    number(median_of(records, lambda one: one.steps), 0),
                    number(median_of(records, lambda one: one.seconds), 2),
                    f"{number(median_of(there, lambda one: one.seconds), 2)} ({len(there)})",
                    str(sum(one.failure is not None for one in records)),
                )
            )
    return Table(
        title="On this machine",
        header=(
            "points",
            "method",
            "drags",
            "reached",
            "a picture",
            "first motion",
            "a step",
            "steps",
            "to the end",
            "to the goals",
            "failed",
        ),
        rows=tuple(rows),
        words=2,
        note="Seconds, medians over pictures, spent in the solver alone: no picture is finished in"
        " this time. Reached is the solver's own account. To the goals: of the drags that every"
        " method reached (how many). Failed drags that gave no times are left out of them.",
    )


def memory_table(columns: Columns) -> Table:
    """Of the first picture."""
    rows = []
    for points, methods in columns.items():
        for name, records in methods.items():
            found = [one.memory for one in records if one.memory is not None]
            if not found:
                notes = [one.memory_note for one in records if one.memory_note]
                rows.append((points_title(points), name, *("–",) * 3, *notes[:1]))  # noqa: RUF001
                continue
            device = found[0].device_bytes
            rows.append(
                (
                    points_title(points),
                    name,
                    _megabytes(found[0].drag_bytes),
                    _megabytes(found[0].shown_bytes),
                    _megabytes(device),
                )
            )
    width = max((len(row) for row in rows), default=5)
    header = ("points", "method", "the drag", "with its picture", "device", "not measured because")
    return Table(
        title="Peak memory",
        header=header[:width],
        rows=tuple((*row, *("",) * (width - len(row))) for row in rows),
        words=2,
        note="MiB, of the first picture's drags, each in a fresh process that does nothing else:"
        f" the most that the process had at a time in {STEPS} steps of the drag, and after it had"
        " finished a picture of the last one as well. Libraries and weights count. Device: the most"
        " that torch had allocated on a CUDA device in these steps, which the ratios then are of.",
    )


def start_up_table(times: Sequence[StartUpTime]) -> Table:
    """Beside what it should take at most."""
    noted = any(one.note for one in times)
    header = ("what is started", "s", "at most, s", "of that")
    return Table(
        title="Starting up",
        header=(*header, "not measured because") if noted else header,
        rows=tuple(
            (
                one.name,
                number(one.seconds, 2),
                number(one.limit_s, 2),
                factor(ratio(one.seconds, one.limit_s)),
                *((one.note,) if noted else ()),
            )
            for one in times
        ),
        words=1,
        note="Seconds from a program's start, medians of a few runs: to its end, or until the last"
        f" byte of its picture was written; the model is {DEFAULT_MODEL}, threads and device are"
        " those that the program takes by itself. At most: what it should take on 2 cores, with the"
        " files in the system's cache.",
    )


def median_of(records: Sequence[SpeedRecord], what: Measure) -> float | None:
    """Over those where it is known."""
    values = [what(one) for one in records]
    return median([value for value in values if value is not None])


def in_pictures(what: Measure) -> Measure:
    """The same seconds, in pictures."""
    return lambda one: one.in_pictures(what(one))


def _peak(records: Sequence[SpeedRecord]) -> float | None:
    return median_of(records, lambda one: one.peak_bytes)


def _megabytes(count: int | None) -> str:
    return number(None if count is None else count / _MEGABYTE, 0)
