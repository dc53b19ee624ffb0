"""The report on live drags, with a sheet of every pull that broke something."""

from collections.abc import Sequence

from tugan.bench.conditions import lines_about
from tugan.bench.live import live_picture
from tugan.bench.live_hand import JUMP_EVERY_S, REACH_PX_AT_512, SPEED_PX_AT_512, STOPS
from tugan.bench.live_preview import BURNT, FAR
from tugan.bench.live_pull import SIDE_PX
from tugan.bench.live_record import LiveRecord
from tugan.bench.live_tables import (
    broken_table,
    held_table,
    preview_table,
    pulls_that_failed,
    rest_table,
    side_by_side_pulls,
)
from tugan.bench.live_task import HELD, LiveTask, Pace
from tugan.bench.picture_sheet import SheetCell, SheetRow, kept_thumbnail, picture_sheet
from tugan.bench.report_page import ReportFigure, ReportPage
from tugan.bench.run_folder import RunFolder
from tugan.bench.thumbnails import source_name
from tugan.bench.wording import counted, number, with_unfinished
from tugan.perceptual.dlib_faces import LICENCE_NOTE
from tugan.render.image_file import write_image

ROWS = 20
"""Of a sheet; what is broken fills as many sheets as it needs."""
OTHERS = 12
"""The worst of the pulls in which nothing is broken."""
HEADINGS = ("start", "worst preview", "its finished picture", "worst finished picture", "end")
CAPTION = (
    "Blue is the hand, green the handle as the drag says, black the landmark as it is found. Below"
    " the preview its burn; below the worst picture how far, px at 512, the landmark is from where"
    " the drag says; below the end how far it is from the hand, and the embedding's distance."
)


def live_report(folder: RunFolder) -> ReportPage:
    """Write the sheets into the folder, of what is finished; the page that goes with them."""
    conditions, records = folder.conditions, folder.records(LiveRecord)
    task = conditions.task_as(LiveTask)
    methods = tuple(method.name for method in conditions.methods)
    pulls = side_by_side_pulls(records, methods)
    asked = task.pairs * len(task.paces) * len(task.rates) * len(methods)
    details = [held_table(pulls, methods), preview_table(pulls, methods)]
    if any(one.failure is not None for one in records):
        details.append(pulls_that_failed(records))
    return ReportPage(
        title=f"Live drags on {conditions.model.name}",
        introduction=with_unfinished(_introduction(task), asked - len(records), left_out="Pulls"),
        tables=(broken_table(pulls, methods), rest_table(pulls, methods)),
        figures=_figures(folder, records),
        details=tuple(details),
        facts=tuple(lines_about(conditions)),
        notes=_notes(task, records),
    )


def _introduction(task: LiveTask) -> str:
    rates = " and ".join(map(str, task.rates))
    return (
        f"{counted(task.pairs, 'random face')} (seed {task.seed}, psi {task.psi:g}); a landmark of"
        f" each is pulled by simulated hands ({', '.join(task.paces)}), while the picture follows"
        f" at {rates} steps a second. The finished picture of every step {task.check_every} and of"
        " the last one is looked at, and held against its preview."
    )


def _figures(folder: RunFolder, records: Sequence[LiveRecord]) -> tuple[ReportFigure, ...]:
    order = list(Pace)
    seen = sorted(
        (one for one in records if one.looks),
        key=lambda one: (one.pair, order.index(one.pace), one.rate, one.method),
    )
    broken = [one for one in seen if not one.sound]
    others = sorted((one for one in seen if one.sound), key=_badness, reverse=True)[:OTHERS]
    sheets = [broken[first : first + ROWS] for first in range(0, len(broken), ROWS)]
    figures = [
        ReportFigure(
            file=f"broken-{index}.jpg",
            title="Broken" if len(sheets) == 1 else f"Broken, {index} of {len(sheets)}",
            caption=CAPTION,
        )
        for index in range(1, len(sheets) + 1)
    ]
    if others:
        sheets.append(others)
        figures.append(
            ReportFigure(file="others.jpg", title="The worst of the others", caption=CAPTION)
        )
    for figure, rows in zip(figures, sheets, strict=True):
        sheet = picture_sheet(HEADINGS, [_row(folder, one) for one in rows], side_px=SIDE_PX)
        write_image(folder.path / figure.file, sheet)
    return tuple(figures)


def _badness(record: LiveRecord) -> float:
    """Of pulls in which nothing is broken: the preview's burn, and the landmark's way off."""
    return (record.burn_worst or 0) / BURNT + (record.worst_off_px or 0)


def _row(folder: RunFolder, record: LiveRecord) -> SheetRow:
    where = f"{record.pace} at {record.rate}, {HELD[record.landmark]}, {record.method}"
    start = SheetCell(picture=kept_thumbnail(folder, source_name(record.pair)), caption=where)
    worst = f"{number(record.worst_off_px, 1)} px"
    if record.faceless:
        worst = f"no face in {record.faceless} of {record.looks}"
    elif record.off:
        worst += f"; off in {record.off} of {record.looks}"
    if record.strange:
        worst += f"; strange in {record.strange}"
    at_rest = f"{number(record.rest_px, 1)} px, {number(record.embedding_distance, 2)}"
    told = (
        ("preview", f"{number(record.burn_worst, 1)}; {record.burnt} broken", record.burnt > 0),
        ("beside", "", False),
        ("worst", worst, record.broken + record.strange > 0),
        ("end", at_rest if record.rest_px is not None else "no face", record.rest_px is None),
    )
    cells = [
        SheetCell(
            picture=kept_thumbnail(folder, live_picture(record, of)), caption=text, alarm=alarm
        )
        for of, text, alarm in told
    ]
    return SheetRow(label=str(record.pair), cells=(start, *cells))


def _notes(task: LiveTask, records: Sequence[LiveRecord]) -> tuple[str, ...]:
    skipped = sum({one.pair: one.skipped for one in records}.values())
    low, high = REACH_PX_AT_512
    return (
        LICENCE_NOTE,
        "Held is one of nose tip, eye corner, mouth corner and chin, by the face's seed. Hands go"
        f" to places {low:g} to {high:g} px at 512 from where they pressed, in any direction,"
        f" whether the face can follow or not: the slow one to {STOPS[Pace.SLOW]} at"
        f" {SPEED_PX_AT_512[Pace.SLOW]:g} px a second, the fast one to {STOPS[Pace.FAST]} at"
        f" {SPEED_PX_AT_512[Pace.FAST]:g} px a second, the jumping one to {STOPS[Pace.JUMPING]},"
        f" {JUMP_EVERY_S:g} s at each. Then they rest for {task.rest_steps} steps.",
        "Step k sees the hand at k divided by the rate; no clock is looked at, so the results are"
        " those of a machine of exactly that speed.",
        f"A preview is broken if its burn is above {BURNT:g} of 255 or its difference above"
        f" {FAR:g}. Burn is the root mean square, in the worst block (a sixteenth of the preview's"
        " side), of what colours lie beyond those of the finished picture within half a block: a"
        " blurred likeness has about 3 to 10, visibly burnt ones 11 and more.",
        f"{skipped} candidate pictures were left out because no face was found in them.",
    )
