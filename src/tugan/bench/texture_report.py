"""The report of the texture experiment, with its figures."""

from collections.abc import Sequence

from tugan.bench.conditions import lines_about
from tugan.bench.picture_sheet import SheetCell, SheetRow, kept_thumbnail, picture_sheet
from tugan.bench.report_page import ReportFigure, ReportPage
from tugan.bench.run_folder import RunFolder
from tugan.bench.texture_claims import texture_claims
from tugan.bench.texture_crops import crop_name
from tugan.bench.texture_match import (
    FAR_PX_AT_512,
    MAX_MISMATCH_SHARE,
    MIN_CORRELATION,
    PATCH_PX_AT_512,
    SEARCH_PX_AT_512,
    SMOOTHING_PX_AT_512,
    WORK_PX,
)
from tugan.bench.texture_picture import EDGE_SHARE, PLACES
from tugan.bench.texture_plots import write_texture_plot
from tugan.bench.texture_record import TextureRecord
from tugan.bench.texture_tables import (
    Columns,
    drift_table,
    handles_side_by_side,
    undecided_table,
)
from tugan.bench.texture_task import Texture, TextureTask
from tugan.bench.trial_tables import trial_failures_table
from tugan.bench.wording import counted, number, with_unfinished
from tugan.render.image_file import write_image

MAX_ROWS = 24
SHEET = ReportFigure(
    file="handles.jpg",
    title="Handles",
    caption="Around each handle, before and after: 96 px of a picture of 512. Orange is where the"
    " handle was, blue the goal, green where the solver saw the handle at the end, black where its"
    " surroundings were found. Below: true residual, or why it is not decided.",
)


def texture_report(folder: RunFolder) -> ReportPage:
    """Write the figures into the folder, of what is finished; the page that goes with them.

    :class:`MissingExtraError` without matplotlib.
    """
    conditions, records = folder.conditions, folder.records(TextureRecord)
    task = conditions.task_as(TextureTask)
    methods = tuple(method.name for method in conditions.methods)
    columns = handles_side_by_side(records, methods)
    asked = task.pairs * task.handles * len(Texture) * len(methods)
    failed = any(one.failure is not None for one in records)
    return ReportPage(
        title=f"Texture of handles on {conditions.model.name}",
        introduction=_introduction(folder, task, asked - len(records)),
        tables=(drift_table(columns),),
        figures=_figures(folder, columns, task),
        details=(undecided_table(columns), *((trial_failures_table(records),) if failed else ())),
        facts=tuple(lines_about(conditions)),
        notes=_notes(task, records),
    )


def _introduction(folder: RunFolder, task: TextureTask, unfinished: int) -> str:
    each = "one handle" if task.handles == 1 else f"{task.handles} handles"
    asked = (
        f"{counted(task.pairs, 'random picture')} (seed {task.seed}, psi {task.psi:g}), in each"
        f" {each} of low, middle and high texture. Each is dragged alone by"
        f" {task.distance_px_at_512:g} px at 512 in a random direction. Where it went is then"
        " looked for in the result, without the solver's tracker."
    )
    parts = [with_unfinished(asked, unfinished, left_out="Handles")]
    parts += [f"{one.text}: {one.verdict} ({one.evidence})." for one in texture_claims(folder)]
    return " ".join(parts)


def _figures(folder: RunFolder, columns: Columns, task: TextureTask) -> tuple[ReportFigure, ...]:
    if not any(columns.values()):
        return ()
    plot = write_texture_plot(folder.path, columns, task)
    headings = ("before", *columns)
    by_handle = list(zip(*columns.values(), strict=True))[:MAX_ROWS]
    rows = [_row(folder, found) for found in by_handle]
    write_image(folder.path / SHEET.file, picture_sheet(headings, rows))
    return plot, SHEET


def _row(folder: RunFolder, records: Sequence[TextureRecord]) -> SheetRow:
    first = records[0]
    start = SheetCell(
        picture=kept_thumbnail(folder, crop_name(first, "start")),
        caption=f"{first.texture} {first.score:.2f}",
    )
    cells = [
        SheetCell(
            picture=kept_thumbnail(folder, crop_name(one, one.method)),
            caption=_caption(one),
            alarm=one.silently_wrong or one.failure is not None,
        )
        for one in records
    ]
    return SheetRow(label=str(first.pair), cells=(start, *cells))


def _caption(record: TextureRecord) -> str:
    if record.residual_px is not None:
        return f"{number(record.residual_px, 1)} px" + ("" if record.reached else ", not reached")
    return str(record.failure or record.undecided)


def _notes(task: TextureTask, records: Sequence[TextureRecord]) -> tuple[str, ...]:
    skipped = sum({one.pair: one.skipped for one in records}.values())
    return (
        "Texture is tugan's own score (Shi and Tomasi 1994: the smaller eigenvalue of the structure"
        " tensor) of the features that drags of this generator use, against the picture's median,"
        f" 0 to 1; low is below {task.low_below:g}, high from {task.high_from:g}.",
        f"Handles are the first of {PLACES} random places of each texture, at least"
        f" {EDGE_SHARE:g} of the picture's side from its edge; goals keep that distance too. A"
        " picture that lacks one of the textures makes way for the next candidate of its place;"
        f" {skipped} did.",
        f"The surroundings are {PATCH_PX_AT_512:g} px at 512 of the picture, synthesised before"
        " and after the drag without per-pixel noise (which stays where it is whatever the content"
        f" does), brought down to {WORK_PX} px and smoothed with a Gaussian of"
        f" {SMOOTHING_PX_AT_512:g} px at 512 (so that fine lines that lie on the pixels' grid do"
        " not count). They are looked for by normalised cross-correlation in the box around handle"
        f" and goal and {SEARCH_PX_AT_512:g} px around it; parabolas give fractions of pixels.",
        f"Not decided: a correlation below {MIN_CORRELATION:g}; a best place whose mismatch"
        f" (1 - correlation) is more than {MAX_MISMATCH_SHARE:g} of that of another place, further"
        f" than {FAR_PX_AT_512:g} px from it; a best place at the edge of the box. Surroundings"
        " that bend or turn are found a few px off; residuals of up to 5 px say little.",
        "Where there is nothing to see nobody can say what moved: shares of low texture are of the"
        " drags that could be decided, which are those with something in their surroundings.",
        "Whether it drifts is decided over pictures by the mean difference of low and high: it"
        " holds beyond two standard errors, from three pictures on.",
    )
