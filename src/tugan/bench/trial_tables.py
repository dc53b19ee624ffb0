"""Tables that experiments with one drag a pair and method share."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from tugan.bench.record import Failure, TrialRecord
from tugan.bench.summarise import BROKEN
from tugan.bench.tables import MAX_FAILURES, Table
from tugan.bench.wording import FAILURE_WORDS
from tugan.core.outcome import Ending

RecordT = TypeVar("RecordT", bound=TrialRecord)


def side_by_side(records: Sequence[RecordT], methods: tuple[str, ...]) -> dict[str, list[RecordT]]:
    """By method, the drags of the pairs that every method has finished, pair by pair."""
    found = {(one.pair, one.method): one for one in records}
    pairs = sorted({pair for pair, _ in found})
    whole = [pair for pair in pairs if all((pair, name) in found for name in methods)]
    return {name: [found[pair, name] for pair in whole] for name in methods}


def trial_endings_table(columns: Mapping[str, Sequence[TrialRecord]], *, note: str) -> Table:
    """How drags ended, and how many failed."""
    return Table(
        title="How the drags ended",
        header=(
            "method",
            "reached",
            "step limit",
            "no progress",
            "handle lost",
            "not finite",
            "error",
            "face lost",
        ),
        rows=tuple((name, *map(str, _endings(found))) for name, found in columns.items()),
        words=1,
        note=note,
    )


def trial_failures_table(records: Sequence[TrialRecord]) -> Table:
    """The first :data:`MAX_FAILURES` that could not be measured as they are; sorted by pair."""
    failed = sorted(
        (one for one in records if one.failure is not None), key=lambda one: (one.pair, one.method)
    )
    return Table(
        title="Failures",
        header=("pair", "method", "failure"),
        rows=tuple((str(one.pair), one.method, _words(one)) for one in failed[:MAX_FAILURES]),
        words=3,
        note=f"{len(failed)} in all; results.jsonl has the tracebacks of errors.",
    )


def _endings(records: Sequence[TrialRecord]) -> tuple[int, ...]:
    ends = (Ending.STEP_LIMIT, Ending.NO_PROGRESS, Ending.LOST_POINT)
    return (
        sum(one.reached for one in records),
        *(sum(one.ended(end) for one in records) for end in ends),
        sum(one.failure is Failure.NOT_FINITE for one in records),
        sum(one.failure in BROKEN for one in records),
        sum(one.failure is Failure.LOST_FACE for one in records),
    )


def _words(record: TrialRecord) -> str:
    assert record.failure is not None
    words = FAILURE_WORDS[record.failure]
    if record.failure is Failure.ERROR and record.traceback:
        return f"{words}: {record.traceback.strip().splitlines()[-1]}"
    return words
