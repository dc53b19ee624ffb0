"""The tables of a report, as text: the same for Markdown, HTML and the terminal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tugan.bench.record import Failure, JobRecord
from tugan.bench.summary import Row, Summary
from tugan.bench.wording import FAILURE_WORDS, factor, number, percent, points_title, with_error

MAX_FAILURES = 40
"""Listed one by one; results.jsonl has them all."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells as they are shown."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int
    """How many of the first columns are words, and not numbers."""
    note: str = ""


def paper_table(summary: Summary, methods: tuple[str, ...]) -> Table:
    """In the form of the paper's table 1: a row a method, a column a number of points."""
    counts = [one.points for one in summary.no_edit]
    few = counts[0] if counts else 1
    before = ("no edit", *(number(one.md_px.mean, 2) for one in summary.no_edit))
    rows = [(*before, *("1" for _ in counts), "")]
    for method in methods:
        of_method = [row for row in summary.rows if row.method == method]
        rows.append(
            (
                method,
                *(number(row.md_px.mean, 2) for row in of_method),
                *(number(row.share.of_means, 3) for row in of_method),
                number(of_method[0].seconds.median if of_method else None, 2),
            )
        )
    return Table(
        title="Face landmarks",
        header=(
            "method",
            *(f"MD {count}" for count in counts),
            *(f"share {count}" for count in counts),
            f"seconds {few}",
        ),
        rows=tuple(rows),
        words=1,
        note="MD: mean distance of the landmarks, found again on the result, to their goals, in"
        " pixels of a picture of 512; a drag that lost the face, was not finite or broke off with"
        " an error counts with the distance of no edit. Share: mean MD over mean distance of no"
        f" edit. Seconds: median of the solver's time with {points_title(few)}.",
    )


def published_table() -> Table:
    """What the paper reports, as shares."""
    return Table(
        title="As published",
        header=("method", "share 1", "share 5", "share 68"),
        rows=(
            ("no edit", "1", "1", "1"),
            ("UserControllableLT", "0.90", "0.89", "0.63"),
            ("DragGAN, RAFT tracking", "1.04", "1.17", "0.99"),
            ("DragGAN, PIPs tracking", "0.23", "0.41", "0.33"),
            ("DragGAN", "0.19", "0.27", "0.30"),
        ),
        words=1,
        note="Pan et al. 2023, table 1: StyleGAN2 of FFHQ at 512 px, 1000 pairs, 2.0 s for DragGAN"
        " on an RTX 3090. Another generator, other pairs, and a scale of pixels and a choice of"
        " landmarks that the paper does not tell: compare shares, and those with care.",
    )


def accuracy_table(summary: Summary) -> Table:
    """Every way of saying how near the landmarks came."""
    return _table(
        summary,
        title="Accuracy",
        header=("pairs", "MD mean", "MD median", "share of means", "of medians", "strict"),
        cells=lambda row: (
            str(row.pairs),
            with_error(row.md_px.mean, row.md_px.standard_error, 2),
            number(row.md_px.median, 2),
            with_error(row.share.of_means, row.share.of_means_error, 3),
            number(row.share.of_medians, 3),
            number(row.share.strict, 3),
        ),
        note="± is a standard error over pairs. Strict: the share of means in which a drag that did"
        " not reach its goals, by the solver's own account, counts as no edit too.",
    )


def endings_table(summary: Summary) -> Table:
    """How drags ended."""
    return _table(
        summary,
        title="How the drags ended",
        header=(
            "reached",
            "step limit",
            "no progress",
            "not finite",
            "error",
            "face lost",
        ),
        cells=lambda row: (
            str(row.counts.reached),
            str(row.counts.step_limit),
            str(row.counts.no_progress),
            str(row.counts.not_finite),
            str(row.counts.errors),
            str(row.counts.lost_faces),
        ),
        note="Reached, step limit and no progress are by the solver's own account; all three enter"
        " MD as they were measured. A face can be lost however the drag ended.",
    )


def cost_table(summary: Summary) -> Table:
    """What the drags took."""
    first = summary.rows[0].method if summary.rows else "the first"
    return _table(
        summary,
        title="Cost",
        header=(
            "steps mean",
            "steps median",
            "seconds mean",
            "seconds median",
            "speed",
            "first motion, s",
            "first motion, speed",
        ),
        cells=lambda row: (
            number(row.steps.mean, 1),
            number(row.steps.median, 1),
            number(row.seconds.mean, 2),
            number(row.seconds.median, 2),
            factor(row.speed_ratio),
            number(row.first_motion_s.median, 2),
            factor(row.first_motion_ratio),
        ),
        note="Time of the solver alone: pictures and landmarks are not in it. First motion: until"
        " the first changed picture could be shown, median. Speed: the median of"
        f" {first} over this one's; above 1 is faster. Without drags that ended in an error.",
    )


def identity_table(summary: Summary) -> Table:
    """What else changed."""
    return _table(
        summary,
        title="Identity, and what else changed",
        header=(
            "embedding distance",
            "same person",
            "outside the face",
            "inside the face",
            "outside the mask",
        ),
        cells=lambda row: (
            number(row.identity.embedding_mean, 3),
            percent(row.identity.same_share),
            with_error(row.outside_face_change.mean, row.outside_face_change.standard_error, 2),
            with_error(row.inside_face_change.mean, row.inside_face_change.standard_error, 2),
            number(row.outside_change, 2),
        ),
        note="Embedding distance to the start: mean over results with a face. Same person: below"
        " 0.6, of all drags; no face is not the same person. Then mean absolute changes, 0 to 255:"
        " outside the face is beyond the hulls of the landmarks before and after, grown by a tenth;"
        " inside the face is in the hull after, the start moved as the landmarks moved, so that"
        " motion is no change; both over results with a face. Outside the mask: the pixels that it"
        " holds; a dash without a mask.",
    )


def failures_table(records: Sequence[JobRecord]) -> Table:
    """The drags that could not be measured as they are."""
    failed = [one for one in records if one.failure is not None]
    return Table(
        title="Failures",
        header=("pair", "points", "method", "failure", "seed", "goal's seed"),
        rows=tuple(
            (
                str(one.pair),
                str(one.points),
                one.method,
                _failure(one),
                str(one.pictures.source_seed),
                str(one.pictures.target_seed),
            )
            for one in failed[:MAX_FAILURES]
        ),
        words=4,
        note=f"{len(failed)} in all. tugan generate --seed draws the pictures again; results.jsonl"
        " has the tracebacks of errors.",
    )


def _failure(record: JobRecord) -> str:
    assert record.failure is not None
    words = FAILURE_WORDS[record.failure]
    if record.failure is Failure.ERROR and record.traceback:
        return f"{words}: {record.traceback.strip().splitlines()[-1]}"
    return words


def _table(
    summary: Summary,
    *,
    title: str,
    header: tuple[str, ...],
    cells: Callable[[Row], tuple[str, ...]],
    note: str,
) -> Table:
    return Table(
        title=title,
        header=("points", "method", *header),
        rows=tuple((str(row.points), row.method, *cells(row)) for row in summary.rows),
        words=2,
        note=note,
    )
