"""The tables of the report on live drags."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from tugan.bench.aggregates import mean, median
from tugan.bench.live_record import OFF_PX_AT_512, STRANGE_DISTANCE, LiveRecord
from tugan.bench.live_task import HELD, Pace
from tugan.bench.tables import MAX_FAILURES, Table
from tugan.bench.wording import FAILURE_WORDS, number, percent
from tugan.perceptual.faces import SAME_PERSON_DISTANCE

Group = tuple[str, str, str, list[LiveRecord]]
"""Hand, rate and method as they are shown, and the pulls of these."""

_BROKEN = (
    "pulls",
    "pulls broken",
    "previews broken in",
    "pictures broken",
    "no face",
    "landmark off",
    "strange face",
    "previews broken",
    "failed",
)


def side_by_side_pulls(records: Sequence[LiveRecord], methods: tuple[str, ...]) -> list[LiveRecord]:
    """The pulls that every method has finished: hand by hand, then by rate, method and face."""
    found = {one.job: one for one in records}
    whole = [
        one
        for one in found.values()
        if all(one.model_copy(update={"method": name}).job in found for name in methods)
    ]
    paces = list(Pace)
    return sorted(
        whole,
        key=lambda one: (paces.index(one.pace), one.rate, methods.index(one.method), one.pair),
    )


def broken_table(pulls: Sequence[LiveRecord], methods: tuple[str, ...]) -> Table:
    """How many pulls, pictures and previews broke, by hand, rate and method."""
    return Table(
        title="Broken under a hand",
        header=(
            "hand",
            "steps a second",
            "method",
            *_BROKEN,
        ),
        rows=tuple((*words, *_broken(own)) for *words, own in _groups(pulls, methods)),
        words=3,
        note="A finished picture is broken if no face is found in it, or the held landmark is found"
        f" more than {OFF_PX_AT_512:g} px at 512 from where the drag says that it is (in brackets:"
        " where the drag itself says that it is lost). Strange, and not counted as broken, are"
        f" faces whose embedding is more than {STRANGE_DISTANCE:g} from the start's: they have"
        " melted, or are somebody else's. Pulls broken, and those with a broken preview,"
        " are those with at least one; pictures and previews are of those looked at.",
    )


def rest_table(pulls: Sequence[LiveRecord], methods: tuple[str, ...]) -> Table:
    """Where the hand was followed to, and whose face it is then."""
    return Table(
        title="When the hand rests",
        header=(
            "hand",
            "steps a second",
            "method",
            "steps",
            "landmark to hand",
            "as the drag says",
            "worst landmark off",
            "embedding distance",
            "same person",
        ),
        rows=tuple((*words, *_rest(own)) for *words, own in _groups(pulls, methods)),
        words=3,
        note="Medians, px at 512: from the landmark, found again, to the hand, and from the handle"
        " as the drag tracks it. Worst off: of all pictures with a face, from the landmark to where"
        f" the drag says. Same person: embeddings less than {SAME_PERSON_DISTANCE:g} apart, of all"
        " pulls; no face is not the same person.",
    )


def preview_table(pulls: Sequence[LiveRecord], methods: tuple[str, ...]) -> Table:
    """How far previews were from their finished pictures."""
    return Table(
        title="Previews",
        header=(
            "hand",
            "steps a second",
            "method",
            "burn mean",
            "burn worst",
            "difference mean",
            "difference worst",
            "outside mean",
            "outside worst",
        ),
        rows=tuple((*words, *_previews(own)) for *words, own in _groups(pulls, methods)),
        words=3,
        note="Levels of 0 to 255. Burn: in a preview's worst block, the root mean square of what"
        " its colours lie beyond those that the finished picture has nearby. Difference: mean"
        " absolute one of the pixels. Outside: share of the preview's pixels beyond the finished"
        " picture's own range.",
    )


def held_table(pulls: Sequence[LiveRecord], methods: tuple[str, ...]) -> Table:
    """The same by what was held: not all landmarks are fixed to the skin."""
    rows = []
    for part in dict.fromkeys(HELD.values()):
        for name in methods:
            own = [one for one in pulls if (HELD[one.landmark], one.method) == (part, name)]
            if own:
                rows.append((part, name, *_broken(own)))
    return Table(
        title="By what is held",
        header=("held", "method", *_BROKEN),
        rows=tuple(rows),
        words=2,
        note="The chin's landmark is the middle of the jaw's outline: where a head turns it goes"
        " along the outline, and no point of the skin does.",
    )


def pulls_that_failed(records: Sequence[LiveRecord]) -> Table:
    """Those that could not be measured."""
    failed = [one for one in records if one.failure is not None]
    return Table(
        title="Failures",
        header=("pair", "hand", "steps a second", "method", "held", "failure"),
        rows=tuple(
            (
                str(one.pair),
                str(one.pace),
                str(one.rate),
                one.method,
                HELD[one.landmark],
                FAILURE_WORDS[one.failure] if one.failure is not None else "",
            )
            for one in failed[:MAX_FAILURES]
        ),
        words=6,
        note=f"{len(failed)} in all; results.jsonl has the tracebacks of errors.",
    )


def _groups(pulls: Sequence[LiveRecord], methods: tuple[str, ...]) -> Iterable[Group]:
    """Those of a hand at a rate with a method; then, of more than one, a method's all together."""
    found: list[Group] = [
        (str(pace), str(rate), method, list(own))
        for (pace, rate, method), own in groupby(
            pulls, key=lambda one: (one.pace, one.rate, one.method)
        )
    ]
    yield from found
    if len(found) > len(methods):
        for name in methods:
            yield "all", "all", name, [one for one in pulls if one.method == name]


def _broken(own: list[LiveRecord]) -> tuple[str, ...]:
    looks = sum(one.looks for one in own)
    off, said = sum(one.off for one in own), sum(one.off_said for one in own)
    return (
        str(len(own)),
        str(sum(one.broken > 0 for one in own)),
        str(sum(one.burnt > 0 for one in own)),
        f"{sum(one.broken for one in own)} of {looks}",
        str(sum(one.faceless for one in own)),
        f"{off} ({said})",
        str(sum(one.strange for one in own)),
        f"{sum(one.burnt for one in own)} of {looks}",
        str(sum(one.failure is not None for one in own)),
    )


def _rest(own: list[LiveRecord]) -> tuple[str, ...]:
    known = _known([one.embedding_distance for one in own])
    same = sum(distance < SAME_PERSON_DISTANCE for distance in known)
    off = _known([one.worst_off_px for one in own])
    return (
        number(median([float(one.steps) for one in own]), 0),
        number(median(_known([one.rest_px for one in own])), 1),
        number(median(_known([one.said_rest_px for one in own])), 1),
        number(max(off, default=None), 1),
        number(mean(known), 3),
        percent(same / len(own)),
    )


def _previews(own: list[LiveRecord]) -> tuple[str, ...]:
    outside = _known([one.outside_mean for one in own])
    worst = _known([one.outside_worst for one in own])
    return (
        number(mean(_known([one.burn_mean for one in own])), 1),
        number(max(_known([one.burn_worst for one in own]), default=None), 1),
        number(mean(_known([one.difference_mean for one in own])), 1),
        number(max(_known([one.difference_worst for one in own]), default=None), 1),
        _share(mean(outside)),
        _share(max(worst, default=None)),
    )


def _share(value: float | None) -> str:
    """Percents with a decimal: small ones matter."""
    return number(value, 1) if value is None else f"{value:.1%}"


def _known(values: list[float | None]) -> list[float]:
    return [value for value in values if value is not None]
