"""The report of the round trip, with its figures."""

from collections.abc import Mapping, Sequence

from tugan.bench.before_after_plot import write_before_after
from tugan.bench.conditions import lines_about
from tugan.bench.contact_sheet import MAX_PAIRS
from tugan.bench.pair_job import PairJob, result_name
from tugan.bench.picture_sheet import (
    DIFFERENCE_GAIN,
    SheetCell,
    SheetRow,
    difference_picture,
    kept_thumbnail,
    picture_sheet,
)
from tugan.bench.report_page import ReportFigure, ReportPage
from tugan.bench.roundtrip_record import FromStart, RoundTripRecord
from tugan.bench.roundtrip_tables import both_ways_table, distance_table, whole_trips
from tugan.bench.roundtrip_task import RoundTripTask
from tugan.bench.run_folder import RunFolder
from tugan.bench.tables import Table
from tugan.bench.thumbnails import source_name, target_name
from tugan.bench.trial_tables import side_by_side, trial_endings_table, trial_failures_table
from tugan.bench.wording import FAILURE_WORDS, counted, with_unfinished
from tugan.core.images import RgbArray
from tugan.perceptual.dlib_faces import LICENCE_NOTE
from tugan.render.image_file import write_image

SHEET = ReportFigure(
    file="contact-sheet.jpg",
    title="Pictures",
    caption="The start, and the face whose nose tip is the goal; then for each method the picture"
    " there, the picture back again, and what is then different from the start,"
    f" {DIFFERENCE_GAIN} times as strong as it is. Below: MSE x 100 from the start.",
)
SCATTER = ReportFigure(
    file="there-and-back.png",
    title="There, and back again",
    caption="A dot a trip: MSE x 100 from the start after the way back against that after the way"
    " there. On the dotted line the way back has brought nothing back; at the bottom everything.",
)


def roundtrip_report(folder: RunFolder) -> ReportPage:
    """Write the figures into the folder, of what is finished; the page that goes with them.

    :class:`MissingExtraError` without matplotlib.
    """
    conditions, records = folder.conditions, folder.records(RoundTripRecord)
    task = conditions.task_as(RoundTripTask)
    methods = tuple(method.name for method in conditions.methods)
    columns = side_by_side(records, methods)
    return ReportPage(
        title=f"There and back again on {conditions.model.name}",
        introduction=_introduction(task, asked=task.pairs * len(methods), done=len(records)),
        tables=(distance_table(columns), both_ways_table(columns)),
        figures=_figures(folder, records, columns),
        details=_details(records, columns),
        facts=tuple(lines_about(conditions)),
        notes=_NOTES,
    )


_NOTES = (
    LICENCE_NOTE,
    "The idea is FreeDrag's (Ling et al., CVPR 2024); the protocol is ours, and its numbers are"
    " not comparable with that paper's. Pairs and goals are those of the landmark experiment with"
    " one point.",
    "The way back begins where the solver says that the handle is, at the picture that it kept, and"
    " its goal is the place where the way there began; it is a drag of its own, with a fresh state."
    " Where the solver says that the handle never moved, there is no way back.",
    "A method that hardly moves comes back cheaply: read the distances together with how far the"
    " nose went. A trip that broke off with an error, or whose picture is not finite, is left out"
    " of the distances and counted as a failure; no edit, which is at no distance, could not stand"
    " in for it.",
)


def _introduction(task: RoundTripTask, *, asked: int, done: int) -> str:
    text = (
        f"{counted(task.pairs, 'pair')} of faces (seed {task.seed}, psi {task.psi:g}): the nose tip"
        " of the first face is dragged to the place of the second one's, and back to where it was."
        " How far from the start is the picture then? No mask is used. All methods ran on the same"
        " pairs."
    )
    return with_unfinished(text, asked - done)


def _details(
    records: Sequence[RoundTripRecord], columns: Mapping[str, Sequence[RoundTripRecord]]
) -> tuple[Table, ...]:
    endings = trial_endings_table(
        columns,
        note="Reached: both ways. The others are told by the first way that did not reach its goal;"
        " by the solver's own account.",
    )
    failed = [one for one in records if one.failure is not None]
    return (endings, trial_failures_table(records)) if failed else (endings,)


def _figures(
    folder: RunFolder,
    records: Sequence[RoundTripRecord],
    columns: Mapping[str, Sequence[RoundTripRecord]],
) -> tuple[ReportFigure, ...]:
    figures: tuple[ReportFigure, ...] = ()
    if any(columns.values()):
        dots = {
            name: [
                (100 * there.picture.mse, 100 * back.picture.mse)
                for _, there, back in whole_trips(found)
            ]
            for name, found in columns.items()
        }
        write_before_after(
            folder.path / SCATTER.file,
            dots,
            x_label="MSE x 100 from the start, there",
            y_label="MSE x 100 from the start, back again",
        )
        figures += (SCATTER,)
    if records:
        write_image(folder.path / SHEET.file, _sheet(folder, records, tuple(columns)))
        figures += (SHEET,)
    return figures


def _sheet(
    folder: RunFolder, records: Sequence[RoundTripRecord], methods: tuple[str, ...]
) -> RgbArray:
    by_job = {one.job: one for one in records}
    headings: tuple[str, ...] = ("start", "goal")
    headings += tuple(text for name in methods for text in (f"{name} there", "back", "difference"))
    rows = []
    for pair in sorted({one.pair for one in records})[:MAX_PAIRS]:
        start = kept_thumbnail(folder, source_name(pair))
        goal = kept_thumbnail(folder, target_name(pair))
        cells = [SheetCell(picture=start), SheetCell(picture=goal)]
        for name in methods:
            cells += _cells(folder, by_job.get(PairJob(pair=pair, method=name)), start)
        rows.append(SheetRow(label=f"{pair}", cells=tuple(cells)))
    return picture_sheet(headings, rows)


def _cells(
    folder: RunFolder, record: RoundTripRecord | None, start: RgbArray | None
) -> tuple[SheetCell, ...]:
    if record is None:
        return (SheetCell(picture=None),) * 3
    there, back = (kept_thumbnail(folder, result_name(record.job, of=end)) for end in _ENDS)
    failure = "" if record.failure is None else FAILURE_WORDS[record.failure]
    return (
        SheetCell(picture=there, caption=_error(record.there)),
        SheetCell(picture=back, caption=failure or _error(record.back), alarm=bool(failure)),
        SheetCell(picture=difference_picture(back, start), caption=_error(record.back)),
    )


_ENDS = ("there", "back")


def _error(end: FromStart | None) -> str:
    return "" if end is None else f"{100 * end.picture.mse:.2f}"
