"""The report of the speed experiment, with its figure."""

from tugan.bench.conditions import lines_about
from tugan.bench.floor_tables import blocks_table, parts_table, rates_table
from tugan.bench.report_page import ReportFigure, ReportPage
from tugan.bench.run_folder import RunFolder
from tugan.bench.speed import APART_PX_AT_512
from tugan.bench.speed_plots import write_speed_plot
from tugan.bench.speed_record import SpeedRecord
from tugan.bench.speed_tables import (
    Columns,
    memory_table,
    pictures_side_by_side,
    pictures_table,
    ratios_table,
    seconds_table,
    start_up_table,
)
from tugan.bench.speed_task import SpeedTask
from tugan.bench.texture_picture import EDGE_SHARE
from tugan.bench.trial_tables import trial_failures_table
from tugan.bench.wording import counted, with_unfinished


def speed_report(folder: RunFolder) -> ReportPage:
    """Write the figure into the folder, of what is finished; the page that goes with it.

    :class:`MissingExtraError` without matplotlib.
    """
    conditions, records = folder.conditions, folder.records(SpeedRecord)
    task = conditions.task_as(SpeedTask)
    methods = tuple(method.name for method in conditions.methods)
    columns = {
        points: found
        for points, found in pictures_side_by_side(records, task.points, methods).items()
        if any(found.values())
    }
    failed = any(one.failure is not None for one in records)
    floors = [one.floor for one in records if one.floor is not None][:1]
    parts = tuple(parts_table(floor) for floor in floors)
    starts = [one.start_up for one in records if one.start_up][:1]
    start_up = tuple(start_up_table(times) for times in starts)
    asked = task.pairs * len(task.points) * len(methods)
    return ReportPage(
        title=f"Speed on {conditions.model.name}",
        introduction=_introduction(task, methods, asked - len(records)),
        tables=(ratios_table(columns), *parts, *start_up, pictures_table(columns)),
        figures=_figures(folder, columns),
        details=(
            seconds_table(columns),
            memory_table(columns),
            *(blocks_table(floor) for floor in floors if floor.blocks),
            *(rates_table(floor) for floor in floors),
            *((trial_failures_table(records),) if failed else ()),
        ),
        facts=tuple(lines_about(conditions)),
        notes=_notes(task),
        on_terminal=1 + len(parts) + len(start_up),
    )


def _figures(folder: RunFolder, columns: Columns) -> tuple[ReportFigure, ...]:
    return (write_speed_plot(folder.path, columns),) if columns else ()


def _introduction(task: SpeedTask, methods: tuple[str, ...], unfinished: int) -> str:
    counts = ", ".join(str(count) for count in task.points)
    text = (
        f"{counted(task.pairs, 'random picture')} (seed {task.seed}, psi {task.psi:g}), with"
        f" {counts} points: random places that are all to move by {task.shift_px_at_512:g} px at"
        " 512, in one direction. Methods ran side by side on the same drags; ratios are to the"
        f" first one, {methods[0]}."
    )
    return with_unfinished(text, unfinished, left_out="Pictures")


def _notes(task: SpeedTask) -> tuple[str, ...]:
    return (
        f"Places are whole pixels, at least {EDGE_SHARE:g} of the picture's side from its edge and"
        f" {APART_PX_AT_512:g} px at 512 from each other; those of a drag with few points are the"
        " first of those with many.",
        "Before the first drag of each method in a process, a step with each number of points is"
        " done and not timed.",
        "Random places, some of them in the background, can seldom all be moved alike: with many"
        " points most drags end stuck, and what they take to the end is how soon that is seen.",
        "A step costs what it does because of the machine, the threads and whatever else runs"
        " there; compare methods of one run, and runs by pictures.",
        "On several processes at once, drags get in each other's way: time serially what is to be"
        " told in seconds.",
        f"The drag's length ({task.shift_px_at_512:g} px) is part of steps and of seconds to the"
        " end; first motion and a step hardly depend on it.",
    )
