"""All pictures of a run on one sheet: a row a pair, a column a method and number of points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from tugan.bench.landmark_task import Job, LandmarkTask
from tugan.bench.record import JobRecord
from tugan.bench.run_folder import RunFolder
from tugan.bench.sheet_text import ALARM_INK, QUIET_INK, write
from tugan.bench.thumbnails import THUMBNAIL_PX, picture_name, source_name, target_name
from tugan.bench.wording import FAILURE_WORDS, points_title
from tugan.core.images import RgbArray
from tugan.core.outcome import Ending
from tugan.render.overlays import HANDLE_COLOUR, OUTLINE_COLOUR, TARGET_COLOUR

MAX_PAIRS = 30
"""On the sheet: the first ones."""

PAPER, EMPTY, RULE = (255, 255, 255), (236, 236, 236), (200, 200, 200)

_HEADER_PX, _LABEL_PX, _CAPTION_PX = 48, 46, 24
_GAP_PX, _GROUP_GAP_PX, _MARGIN_PX = 6, 20, 14
_DOT_FEW_PX, _DOT_MANY_PX, _MANY = 2.6, 1.1, 10
_SUPERSAMPLING = 4

_STOPPED_SHORT = {Ending.STEP_LIMIT: " (limit)", Ending.NO_PROGRESS: " (stuck)"}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A picture, what is written below it, and the points marked on it (pixels of the output)."""

    name: str
    caption: str
    alarm: bool = False
    """Is the caption a failure?"""
    goals_xy: tuple[tuple[float, float], ...] = ()
    found_xy: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Column:
    """A method with a number of points, or one of the two faces."""

    heading: str
    points: int | None
    """None for the faces."""
    left_px: int


def contact_sheet(
    folder: RunFolder,
    records: Sequence[JobRecord],
    task: LandmarkTask,
    methods: tuple[str, ...],
    *,
    image_hw: tuple[int, int],
) -> RgbArray:
    """The first :data:`MAX_PAIRS` pairs; a blank where there is no picture."""
    columns = _columns(task, methods)
    pairs = sorted({one.pair for one in records})[:MAX_PAIRS]
    row_px = THUMBNAIL_PX + _CAPTION_PX + _GAP_PX
    width = columns[-1].left_px + THUMBNAIL_PX + _MARGIN_PX
    sheet = Image.new("RGB", (width, _HEADER_PX + row_px * len(pairs) + _MARGIN_PX), PAPER)
    _write_header(sheet, columns)
    by_job = {one.job: one for one in records}
    for row, pair in enumerate(pairs):
        top = _HEADER_PX + row * row_px
        beside = (_MARGIN_PX + _LABEL_PX / 3, top + THUMBNAIL_PX / 2)
        write(sheet, beside, f"{pair}", within_px=_LABEL_PX)
        of_pair = next(one for one in records if one.pair == pair)
        for column in columns:
            cell = _cell(column, of_pair, by_job)
            if cell is not None:
                _draw_cell(sheet, folder, cell, (column.left_px, top), image_hw=image_hw)
    return np.asarray(sheet)


def _columns(task: LandmarkTask, methods: tuple[str, ...]) -> list[Column]:
    left = _MARGIN_PX + _LABEL_PX
    columns = []
    groups: list[tuple[int | None, tuple[str, ...]]] = [(None, ("source", "goal"))]
    groups += [(points, methods) for points in task.points]
    for points, headings in groups:
        for heading in headings:
            columns.append(Column(heading=heading, points=points, left_px=left))
            left += THUMBNAIL_PX + _GAP_PX
        left += _GROUP_GAP_PX - _GAP_PX
    return columns


def _cell(column: Column, of_pair: JobRecord, by_job: dict[Job, JobRecord]) -> Cell | None:
    """What stands in this column; None if it has not been done."""
    if column.points is None:
        pictures = of_pair.pictures
        if column.heading == "source":
            return Cell(name=source_name(of_pair.pair), caption=f"seed {pictures.source_seed}")
        return Cell(name=target_name(of_pair.pair), caption=f"seed {pictures.target_seed}")
    record = by_job.get(Job(pair=of_pair.pair, points=column.points, method=column.heading))
    if record is None:
        return None
    return Cell(
        name=picture_name(record.job),
        caption=_caption(record),
        alarm=record.failure is not None,
        goals_xy=record.goals_xy,
        found_xy=record.found_xy,
    )


def _caption(record: JobRecord) -> str:
    if record.failure is not None:
        return FAILURE_WORDS[record.failure]
    stopped = "".join(word for ending, word in _STOPPED_SHORT.items() if record.ended(ending))
    return f"{record.no_edit_px:.1f} to {record.md_px:.1f}{stopped}"


def _write_header(sheet: Image.Image, columns: list[Column]) -> None:
    for points in dict.fromkeys(column.points for column in columns):
        of_group = [column for column in columns if column.points == points]
        left, right = of_group[0].left_px, of_group[-1].left_px + THUMBNAIL_PX
        title = "faces" if points is None else points_title(points)
        write(sheet, ((left + right) / 2, 13), title, within_px=right - left, size=15)
        ImageDraw.Draw(sheet).line([(left, 23), (right, 23)], fill=RULE)
    for column in columns:
        middle = column.left_px + THUMBNAIL_PX / 2
        write(sheet, (middle, 34), column.heading, within_px=THUMBNAIL_PX, ink=QUIET_INK)


def _draw_cell(
    sheet: Image.Image,
    folder: RunFolder,
    cell: Cell,
    place: tuple[int, int],
    *,
    image_hw: tuple[int, int],
) -> None:
    left, top = place
    picture = _thumbnail(folder, cell)
    if picture is None:
        box = [left, top, left + THUMBNAIL_PX - 1, top + THUMBNAIL_PX - 1]
        ImageDraw.Draw(sheet).rectangle(box, fill=EMPTY)
    else:
        _mark(picture, cell, image_hw=image_hw)
        sheet.paste(picture, place)
    below = (left + THUMBNAIL_PX / 2, top + THUMBNAIL_PX + _CAPTION_PX / 2)
    ink = ALARM_INK if cell.alarm else QUIET_INK
    write(sheet, below, cell.caption, within_px=THUMBNAIL_PX, ink=ink)


def _thumbnail(folder: RunFolder, cell: Cell) -> Image.Image | None:
    try:
        with Image.open(folder.picture(cell.name)) as opened:
            return opened.convert("RGB")
    except OSError:  # never made, or removed since
        return None


def _mark(picture: Image.Image, cell: Cell, *, image_hw: tuple[int, int]) -> None:
    """Small dots: goals, and above them where the landmarks came to lie."""
    size = (picture.width * _SUPERSAMPLING, picture.height * _SUPERSAMPLING)
    marks = Image.new("RGBA", size)
    pen = ImageDraw.Draw(marks)
    scale = max(size) / max(image_hw)
    for x, y, radius, colour in _dots(cell):
        centre_x, centre_y = (x + 0.5) * scale, (y + 0.5) * scale
        reach = radius * _SUPERSAMPLING
        box = [centre_x - reach, centre_y - reach, centre_x + reach, centre_y + reach]
        pen.ellipse(box, fill=colour)
    picture.paste(marks := marks.resize(picture.size, Image.Resampling.LANCZOS), mask=marks)


def _dots(cell: Cell) -> Iterator[tuple[float, float, float, tuple[int, int, int]]]:
    many = len(cell.goals_xy) > _MANY
    radius = _DOT_MANY_PX if many else _DOT_FEW_PX
    for points, colour in ((cell.goals_xy, TARGET_COLOUR), (cell.found_xy, HANDLE_COLOUR)):
        for x, y in points:
            if not many:
                yield x, y, radius + 0.9, OUTLINE_COLOUR
            yield x, y, radius, colour
