"""The report of the paired reconstruction, with its figures."""

from collections.abc import Mapping, Sequence

from tugan.bench.aggregates import mean
from tugan.bench.before_after_plot import write_before_after
from tugan.bench.conditions import lines_about
from tugan.bench.contact_sheet import MAX_PAIRS
from tugan.bench.optical_flow import MAX_FEATURE_PX, ROUND_TRIP_PX_AT_512, Correspondence
from tugan.bench.pair_job import PairJob, result_name
from tugan.bench.paired_record import PairedRecord
from tugan.bench.paired_tables import published_pairs_table, reconstruction_table, steps_table
from tugan.bench.paired_task import PairedTask
from tugan.bench.picture_sheet import (
    DIFFERENCE_GAIN,
    SheetCell,
    SheetRow,
    difference_picture,
    kept_thumbnail,
    picture_sheet,
)
from tugan.bench.report_page import ReportFigure, ReportPage
from tugan.bench.run_folder import RunFolder
from tugan.bench.tables import Table
from tugan.bench.thumbnails import source_name, target_name
from tugan.bench.trial_tables import side_by_side, trial_endings_table, trial_failures_table
from tugan.bench.wording import FAILURE_WORDS, counted, number, with_unfinished
from tugan.core.images import RgbArray
from tugan.render.image_file import write_image

SHEET = ReportFigure(
    file="contact-sheet.jpg",
    title="Pictures",
    caption="The start, the picture that it should become, and the difference of the two; then"
    " each method's result and what is still different from the goal. Differences are"
    f" {DIFFERENCE_GAIN} times as strong as they are. Below: MSE x 100.",
)
SCATTER = ReportFigure(
    file="error-before-and-after.png",
    title="Before and after",
    caption="A dot a pair and method: MSE x 100 of its result against that of no edit. Below the"
    " dotted line the result is nearer to the goal than the start was.",
)

_FOUND_BY: Mapping[Correspondence, str] = {
    "dis": "What moves is found by OpenCV's DIS optical flow (preset medium) on the grey pictures,"
    " brought down to 512 px; a pixel counts if the flow back from where it comes to lie returns"
    f" to within {ROUND_TRIP_PX_AT_512:g} px at 512.",
    "features": "What moves is found by the nearest features of the block that drags use (at most"
    f" {MAX_FEATURE_PX} px), from cell to cell of the feature map and between cells by parabolas;"
    " a cell counts if it is also the nearest to its nearest.",
}


def paired_report(folder: RunFolder) -> ReportPage:
    """Write the figures into the folder, of what is finished; the page that goes with them.

    :class:`MissingExtraError` without matplotlib.
    """
    conditions, records = folder.conditions, folder.records(PairedRecord)
    task = conditions.task_as(PairedTask)
    methods = tuple(method.name for method in conditions.methods)
    columns = side_by_side(records, methods)
    return ReportPage(
        title=f"Paired reconstruction on {conditions.model.name}",
        introduction=_introduction(task, asked=task.pairs * len(methods), done=len(records)),
        tables=(reconstruction_table(columns), published_pairs_table()),
        figures=_figures(folder, records, columns),
        details=_details(records, columns),
        facts=tuple(lines_about(conditions)),
        notes=_notes(task, records),
    )


def _introduction(task: PairedTask, *, asked: int, done: int) -> str:
    text = (
        f"{counted(task.pairs, 'pair')} (seed {task.seed}): a random picture (psi {task.psi:g}) and"
        f" one near it. {task.points} random places that move from the one to the other are the"
        " handles and goals; the second picture is to be reconstructed from the first, in at most"
        f" {task.max_steps} steps. All methods ran on the same pairs."
    )
    return with_unfinished(text, asked - done)


def _details(
    records: Sequence[PairedRecord], columns: Mapping[str, Sequence[PairedRecord]]
) -> tuple[Table, ...]:
    endings = trial_endings_table(
        columns, note="By the solver's own account; all but failures count as they were measured."
    )
    failed = [one for one in records if one.failure is not None]
    failures = (trial_failures_table(records),) if failed else ()
    return (steps_table(columns), endings, *failures)


def _notes(task: PairedTask, records: Sequence[PairedRecord]) -> tuple[str, ...]:
    of_pairs = {one.pair: one for one in records}.values()
    asked_px = number(mean([one.asked_px for one in of_pairs]), 1)
    return (
        f"The near picture: the first {task.rows} rows of ws (all, where there are fewer) are moved"
        f" by {task.share:.0%} of the way toward an independent draw in W+, in which every row is"
        f" of a latent of its own, psi {task.psi:g} too (Endo 2022's rule; that the draw is"
        " truncated is ours).",
        _FOUND_BY[task.correspondence],
        f"Of these the {task.points} handles are drawn at random, without places that move less"
        f" than {task.least_px_at_512:g} px at 512 (ours: the paper does not say what becomes of"
        " pixels that stay, and most do). A pair in which too few move makes way for another:"
        f" {sum(one.pictures.skipped for one in of_pairs)} were skipped.",
        f"The handles' mean way is {asked_px} px at 512. Tolerances of methods stay as they are, so"
        " that a method may end with handles a little off their goals.",
        f"The limit of {task.max_steps} steps is the task's and takes the place of the methods'"
        " own, whatever the settings below say. No mask is used.",
    )


def _figures(
    folder: RunFolder,
    records: Sequence[PairedRecord],
    columns: Mapping[str, Sequence[PairedRecord]],
) -> tuple[ReportFigure, ...]:
    figures: tuple[ReportFigure, ...] = ()
    if any(columns.values()):
        dots = {
            name: [(100 * one.no_edit.mse, 100 * one.counted.mse) for one in found]
            for name, found in columns.items()
        }
        write_before_after(
            folder.path / SCATTER.file,
            dots,
            x_label="MSE x 100 of no edit",
            y_label="MSE x 100 of the result",
        )
        figures += (SCATTER,)
    if records:
        write_image(folder.path / SHEET.file, _sheet(folder, records, tuple(columns)))
        figures += (SHEET,)
    return figures


def _sheet(
    folder: RunFolder, records: Sequence[PairedRecord], methods: tuple[str, ...]
) -> RgbArray:
    by_job = {one.job: one for one in records}
    headings: tuple[str, ...] = ("start", "goal", "difference")
    headings += tuple(text for name in methods for text in (name, "what is left"))
    rows = []
    for pair in sorted({one.pair for one in records})[:MAX_PAIRS]:
        found = [by_job.get(PairJob(pair=pair, method=name)) for name in methods]
        rows.append(_row(folder, pair, found))
    return picture_sheet(headings, rows)


def _row(folder: RunFolder, pair: int, found: Sequence[PairedRecord | None]) -> SheetRow:
    start = kept_thumbnail(folder, source_name(pair))
    goal = kept_thumbnail(folder, target_name(pair))
    known = next(one for one in found if one is not None)
    cells = [
        SheetCell(picture=start, caption=f"seed {known.pictures.source_seed}"),
        SheetCell(picture=goal),
        SheetCell(
            picture=difference_picture(start, goal), caption=f"{100 * known.no_edit.mse:.2f}"
        ),
    ]
    for record in found:
        result = None if record is None else kept_thumbnail(folder, result_name(record.job))
        cells += [
            _result_cell(record, result),
            SheetCell(picture=difference_picture(result, goal), caption=_error_words(record)),
        ]
    return SheetRow(label=f"{pair}", cells=tuple(cells))


def _result_cell(record: PairedRecord | None, picture: RgbArray | None) -> SheetCell:
    if record is None:
        return SheetCell(picture=None)
    if record.failure is not None:
        return SheetCell(picture=picture, caption=FAILURE_WORDS[record.failure], alarm=True)
    steps = "" if record.cost is None else counted(record.cost.steps, "step")
    return SheetCell(picture=picture, caption=steps)


def _error_words(record: PairedRecord | None) -> str:
    return "" if record is None else f"{100 * record.counted.mse:.2f}"
