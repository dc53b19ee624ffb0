"""The figures of the texture experiment, by method and texture."""

from collections.abc import Mapping, Sequence

from tugan.bench.aggregates import median
from tugan.bench.tables import Table
from tugan.bench.texture_match import Undecided
from tugan.bench.texture_record import WRONG_PX_AT_512, TextureRecord
from tugan.bench.texture_task import Texture
from tugan.bench.wording import number, percent
from tugan.core.outcome import Ending

Columns = Mapping[str, Sequence[TextureRecord]]
"""Drags by method: of the same handles."""


def handles_side_by_side(
    records: Sequence[TextureRecord], methods: tuple[str, ...]
) -> dict[str, list[TextureRecord]]:
    """By method, the drags of the handles that every method has finished."""
    order = {texture: number for number, texture in enumerate(Texture)}
    found = {(one.pair, one.texture, one.place, one.method): one for one in records}
    handles = sorted({key[:3] for key in found}, key=lambda key: (key[0], order[key[1]], key[2]))
    whole = [key for key in handles if all((*key, name) in found for name in methods)]
    return {name: [found[(*key, name)] for key in whole] for name in methods}


def drift_table(columns: Columns) -> Table:
    """What was said, and what was so."""
    rows = [
        (name, str(texture), *_cells([one for one in records if one.texture is texture]))
        for name, records in columns.items()
        for texture in Texture
    ]
    return Table(
        title="Handles by texture",
        header=(
            "method",
            "texture",
            "drags",
            "reached",
            "lost, said so",
            "stuck",
            "decided",
            "silently wrong",
            "of decided",
            "true residual",
            "drift",
        ),
        rows=tuple(rows),
        words=2,
        note="Reached, lost and stuck (step limit or no progress) are what the solver said, as"
        " shares of all drags. Decided: how many results show where the surroundings of the handle"
        " went. The rest is of those: silently wrong said reached while the true residual, from"
        f" where the surroundings are to the goal, was above {WRONG_PX_AT_512:g} px; true residual"
        " and drift (from where the surroundings are to where the solver saw the handle) are"
        " medians. Pixels at 512.",
    )


def undecided_table(columns: Columns) -> Table:
    """Why it could not be told where the rest went."""
    rows = []
    for name, records in columns.items():
        for texture in Texture:
            own = [one for one in records if one.texture is texture]
            counts = [sum(one.undecided is why for one in own) for why in Undecided]
            failed = sum(one.failure is not None for one in own)
            rows.append((name, str(texture), *map(str, counts), str(failed)))
    return Table(
        title="Not decided",
        header=("method", "texture", *map(str, Undecided), "failed"),
        rows=tuple(rows),
        words=2,
        note="Drags whose result does not show where the surroundings of the handle went. Flat:"
        " there is nothing to see in them. Changed: nothing in the result looks like them. Alike:"
        " places far apart do. Left: the best place is at the edge of where they were looked for."
        " Failed: the drag gave no result.",
    )


def _cells(records: Sequence[TextureRecord]) -> tuple[str, ...]:
    count = len(records)
    decided = [one for one in records if one.residual_px is not None]
    wrong = sum(one.silently_wrong for one in decided)
    stuck = sum(
        not one.said_lost and (one.ended(Ending.STEP_LIMIT) or one.ended(Ending.NO_PROGRESS))
        for one in records
    )
    return (
        str(count),
        _share(sum(one.reached for one in records), count),
        _share(sum(one.said_lost for one in records), count),
        _share(stuck, count),
        str(len(decided)),
        str(wrong),
        _share(wrong, len(decided)),
        number(median([one.residual_px for one in decided if one.residual_px is not None]), 1),
        number(median([one.drift_px for one in decided if one.drift_px is not None]), 1),
    )


def _share(part: int, whole: int) -> str:
    return percent(part / whole if whole else None)
