"""The report of the mask experiment."""

from tugan.bench.aggregates import mean, ratio
from tugan.bench.conditions import lines_about
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.mask_effect import MaskRecord
from tugan.bench.report_page import ReportPage
from tugan.bench.run_folder import RunFolder
from tugan.bench.tables import Table
from tugan.bench.wording import counted, number, points_title
from tugan.perceptual.dlib_faces import LICENCE_NOTE


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
        figures=(),
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
