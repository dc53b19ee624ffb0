"""The report of the mask experiment."""

from collections.abc import Sequence

from tugan.bench.aggregates import mean, ratio
from tugan.bench.conditions import lines_about
from tugan.bench.contact_sheet import MAX_PAIRS
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.mask_effect import MaskRecord, mask_picture
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
from tugan.bench.wording import FAILURE_WORDS, counted, number, points_title
from tugan.core.images import RgbArray
from tugan.perceptual.dlib_faces import LICENCE_NOTE
from tugan.render.image_file import write_image

SHEET = ReportFigure(
    file="contact-sheet.jpg",
    title="Pictures",
    caption="The start, and the face whose landmarks are the goals; then for each method the result"
    " with and without the mask, each with its difference from the start,"
    f" {DIFFERENCE_GAIN} times as strong as it is. Below a difference: mean absolute change of a"
    " pixel outside the mask, of 255.",
)


def mask_report(folder: RunFolder) -> ReportPage:
    """A row a method, a number of points, with and without."""
    conditions = folder.conditions
    records = folder.records(MaskRecord)
    task = conditions.task_as(LandmarkTask)
    rows = []
    for points in task.points:
        for method in conditions.methods:
            for masked in (False, True):
                own = [
                    one
                    for one in records
                    if (one.points, one.method, one.masked) == (points, method.name, masked)
                ]
                rows.append(_row(points, method.name, own, masked=masked))
    table = Table(
        title="With and without the mask",
        header=("points", "method", "mask", "drags", "outside", "MD", "share", "failed"),
        rows=tuple(rows),
        words=3,
        note="Outside: mean absolute change of a pixel that the mask holds, of 255, over drags that"
        " gave a picture; measured in the same place without the mask. MD and share as in the"
        " landmark experiment.",
    )
    return ReportPage(
        title=f"The mask on {conditions.model.name}",
        introduction=f"{counted(task.pairs, 'pair')} of faces (seed {task.seed}, psi {task.psi:g}),"
        " landmarks dragged twice: with a mask that lets only the face change, where it is and"
        " where it goes, and without one.",
        tables=(table,),
        figures=_figures(folder, records, tuple(method.name for method in conditions.methods)),
        details=(),
        facts=tuple(lines_about(conditions)),
        notes=(LICENCE_NOTE,),
    )


def _row(points: int, method: str, own: list[MaskRecord], *, masked: bool) -> tuple[str, ...]:
    outside = [one.outside_change for one in own if one.outside_change is not None]
    distances = [one.md_px for one in own]
    before = [one.no_edit_px for one in own]
    return (
        points_title(points),
        method,
        "with" if masked else "without",
        str(len(own)),
        number(mean(outside), 2),
        number(mean(distances), 2),
        number(ratio(mean(distances), mean(before)), 3),
        str(sum(one.failure is not None for one in own)),
    )


def _figures(
    folder: RunFolder, records: Sequence[MaskRecord], methods: tuple[str, ...]
) -> tuple[ReportFigure, ...]:
    if not records:
        return ()
    headings: tuple[str, ...] = ("start", "goal")
    headings += tuple(
        text for name in methods for text in (f"{name}, mask", "change", f"{name}, none", "change")
    )
    points = min(one.points for one in records)
    found = {(one.pair, one.method, one.masked): one for one in records if one.points == points}
    rows = []
    for pair in sorted({one.pair for one in records})[:MAX_PAIRS]:
        start = kept_thumbnail(folder, source_name(pair))
        cells = [
            SheetCell(picture=start),
            SheetCell(picture=kept_thumbnail(folder, target_name(pair))),
        ]
        for name in methods:
            for masked in (True, False):
                cells += _cells(folder, found.get((pair, name, masked)), start)
        rows.append(SheetRow(label=f"{pair}", cells=tuple(cells)))
    write_image(folder.path / SHEET.file, picture_sheet(headings, rows))
    return (SHEET,)


def _cells(
    folder: RunFolder, record: MaskRecord | None, start: RgbArray | None
) -> tuple[SheetCell, ...]:
    if record is None:
        return (SheetCell(picture=None),) * 2
    picture = kept_thumbnail(folder, mask_picture(record))
    failure = "" if record.failure is None else FAILURE_WORDS[record.failure]
    distance = f"{record.no_edit_px:.1f} to {record.md_px:.1f} px"
    return (
        SheetCell(picture=picture, caption=failure or distance, alarm=bool(failure)),
        SheetCell(
            picture=difference_picture(picture, start), caption=number(record.outside_change, 2)
        ),
    )
