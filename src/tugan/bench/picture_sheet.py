"""Pictures of a run on one sheet: a row a pair, a column for each that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from tugan.bench.contact_sheet import EMPTY, PAPER
from tugan.bench.run_folder import RunFolder
from tugan.bench.sheet_text import ALARM_INK, QUIET_INK, write
from tugan.bench.thumbnails import THUMBNAIL_PX
from tugan.core.images import RgbArray

DIFFERENCE_GAIN = 3
"""Differences of near pictures would hardly be seen."""
_HEADER_PX, _LABEL_PX, _CAPTION_PX, _GAP_PX, _MARGIN_PX = 30, 40, 22, 6, 14


@dataclass(frozen=True, kw_only=True)
class SheetCell:
    """A picture and what is written below it."""

    picture: RgbArray | None = field(repr=False)
    """None leaves a blank."""
    caption: str = ""
    alarm: bool = False
    """Is the caption a failure?"""


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """A pair's cells, under the sheet's headings."""

    label: str
    cells: tuple[SheetCell, ...]


def picture_sheet(
    headings: tuple[str, ...], rows: Sequence[SheetRow], *, side_px: int = THUMBNAIL_PX
) -> RgbArray:
    """Pictures of ``side_px``; ``ValueError`` if a row has not a cell for each heading."""
    row_px = side_px + _CAPTION_PX + _GAP_PX
    lefts = [_MARGIN_PX + _LABEL_PX + n * (side_px + _GAP_PX) for n in range(len(headings))]
    width = lefts[-1] + side_px + _MARGIN_PX
    sheet = Image.new("RGB", (width, _HEADER_PX + row_px * len(rows) + _MARGIN_PX), PAPER)
    for left, heading in zip(lefts, headings, strict=True):
        write(sheet, (left + side_px / 2, _HEADER_PX / 2), heading, within_px=side_px)
    for number, row in enumerate(rows):
        top = _HEADER_PX + number * row_px
        beside = (_MARGIN_PX + _LABEL_PX / 3, top + side_px / 2)
        write(sheet, beside, row.label, within_px=_LABEL_PX)
        for left, cell in zip(lefts, row.cells, strict=True):
            _draw(sheet, cell, (left, top), side_px)
    return np.asarray(sheet)


def kept_thumbnail(folder: RunFolder, name: str) -> RgbArray | None:
    """A picture of the run; None if it was never made, or removed since."""
    try:
        with Image.open(folder.picture(name)) as opened:
            return np.asarray(opened.convert("RGB"))
    except OSError:
        return None


def difference_picture(one: RgbArray | None, other: RgbArray | None) -> RgbArray | None:
    """Absolute difference of two thumbnails, :data:`DIFFERENCE_GAIN` times as strong, black for
    none; None if one is missing."""
    if one is None or other is None or one.shape != other.shape:
        return None
    difference = np.abs(one.astype(int) - other.astype(int)) * DIFFERENCE_GAIN
    seen: RgbArray = np.clip(difference, 0, 255).astype(np.uint8)
    return seen


def _draw(sheet: Image.Image, cell: SheetCell, place: tuple[int, int], side_px: int) -> None:
    left, top = place
    if cell.picture is None:
        box = [left, top, left + side_px - 1, top + side_px - 1]
        ImageDraw.Draw(sheet).rectangle(box, fill=EMPTY)
    else:
        sheet.paste(Image.fromarray(cell.picture), place)
    below = (left + side_px / 2, top + side_px + _CAPTION_PX / 2)
    ink = ALARM_INK if cell.alarm else QUIET_INK
    write(sheet, below, cell.caption, within_px=side_px, ink=ink)
