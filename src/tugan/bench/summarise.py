"""From records to a summary."""

from collections.abc import Sequence

from tugan.bench.aggregates import mean, median, ratio, ratio_of_means_error, standard_error
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.record import DragCost, Failure, JobRecord
from tugan.bench.summary import Counts, Identity, NoEdit, Row, Shares, Spread, Summary
from tugan.core.outcome import Ending
from tugan.perceptual.faces import SAME_PERSON_DISTANCE

BROKEN = (Failure.ERROR, Failure.TIME_LIMIT, Failure.DIED)


def summarise(
    records: Sequence[JobRecord], task: LandmarkTask, methods: tuple[str, ...]
) -> Summary:
    """The figures of what is finished; the first method is the one that speeds are held against."""
    no_edit: list[NoEdit] = []
    rows: list[Row] = []
    for points in task.points:
        columns = comparable(records, methods, points=points)
        first = columns[methods[0]]
        if not first:
            continue
        distances = _spread([one.no_edit_px for one in first])
        no_edit.append(NoEdit(points=points, pairs=len(first), md_px=distances))
        rows += [_row(points, name, columns[name], first) for name in methods]
    skipped = {one.pair: one.pictures.skipped for one in records}
    asked = task.pairs * len(task.points) * len(methods)
    return Summary(
        no_edit=tuple(no_edit),
        rows=tuple(rows),
        skipped_candidates=sum(skipped.values()),
        unfinished=asked - len({one.job for one in records}),
    )


def comparable(
    records: Sequence[JobRecord], methods: tuple[str, ...], *, points: int
) -> dict[str, list[JobRecord]]:
    """By method, the drags with this many points of the pairs that every method has finished."""
    found = {(one.pair, one.method): one for one in records if one.points == points}
    pairs = sorted({pair for pair, _ in found})
    whole = [pair for pair in pairs if all((pair, name) in found for name in methods)]
    return {name: [found[pair, name] for pair in whole] for name in methods}


def _row(points: int, name: str, own: list[JobRecord], first: list[JobRecord]) -> Row:
    costs, first_costs = _costs(own), _costs(first)
    seconds = _spread([one.seconds for one in costs])
    motion = _spread(_first_motions(costs))
    return Row(
        points=points,
        method=name,
        pairs=len(own),
        md_px=_spread([one.md_px for one in own]),
        share=_shares(own),
        counts=_counts(own),
        steps=_spread([float(one.steps) for one in costs]),
        seconds=seconds,
        first_motion_s=motion,
        identity=_identity(own),
        outside_change=mean(_known([one.outside_change for one in own])),
        outside_face_change=_spread(_known([one.outside_face_change for one in own])),
        inside_face_change=_spread(_known([one.inside_face_change for one in own])),
        speed_ratio=ratio(median([one.seconds for one in first_costs]), seconds.median),
        first_motion_ratio=ratio(median(_first_motions(first_costs)), motion.median),
    )


def _costs(records: list[JobRecord]) -> list[DragCost]:
    """Without those that ended in an error, whose time says nothing."""
    return [one.cost for one in records if one.cost is not None]


def _first_motions(costs: list[DragCost]) -> list[float]:
    return _known([one.first_motion_s for one in costs])


def _known(values: list[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _spread(values: list[float]) -> Spread:
    return Spread(mean=mean(values), median=median(values), standard_error=standard_error(values))


def _shares(records: list[JobRecord]) -> Shares:
    distances = [one.md_px for one in records]
    before = [one.no_edit_px for one in records]
    return Shares(
        of_means=ratio(mean(distances), mean(before)),
        of_means_error=ratio_of_means_error(distances, before),
        of_medians=ratio(median(distances), median(before)),
        strict=ratio(mean([one.strict_md_px for one in records]), mean(before)),
    )


def _counts(records: list[JobRecord]) -> Counts:
    return Counts(
        reached=sum(one.reached for one in records),
        step_limit=sum(one.ended(Ending.STEP_LIMIT) for one in records),
        no_progress=sum(one.ended(Ending.NO_PROGRESS) for one in records),
        not_finite=sum(one.failure is Failure.NOT_FINITE for one in records),
        errors=sum(one.failure in BROKEN for one in records),
        lost_faces=sum(one.failure is Failure.LOST_FACE for one in records),
    )


def _identity(records: list[JobRecord]) -> Identity:
    known = _known([one.embedding_distance for one in records])
    same = sum(distance < SAME_PERSON_DISTANCE for distance in known)
    return Identity(embedding_mean=mean(known), same_share=same / len(records))
