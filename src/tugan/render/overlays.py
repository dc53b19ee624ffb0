"""Marks on a picture: where each handle is, where it should be, what may change."""

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from tugan.core.images import RgbArray

HANDLE_COLOUR = (235, 64, 52)
TARGET_COLOUR = (46, 134, 255)
OUTLINE_COLOUR = (255, 255, 255)
KEEP_TINT = (20, 24, 40)
_SUPERSAMPLING = 2


def draw_drag(
    pixels: RgbArray,
    *,
    handles_xy: Float[Tensor, "n 2"],
    targets_xy: Float[Tensor, "n 2"],
    mask: Float[Tensor, "h w"] | None = None,
) -> RgbArray:
    """A copy with a disc at each handle, a diamond at each goal, and what must stay dimmed."""
    picture = Image.fromarray(pixels if mask is None else _dim_kept(pixels, mask))
    size = (picture.width * _SUPERSAMPLING, picture.height * _SUPERSAMPLING)
    marks = Image.new("RGBA", size)
    pen = ImageDraw.Draw(marks)
    unit = max(picture.size) * _SUPERSAMPLING / 512
    for handle, target in zip(handles_xy.tolist(), targets_xy.tolist(), strict=True):
        _draw_pair(pen, _to_canvas(handle), _to_canvas(target), unit)
    picture.paste(marks := marks.resize(picture.size, Image.Resampling.LANCZOS), mask=marks)
    return np.asarray(picture)


def draw_ruler(pixels: RgbArray) -> RgbArray:
    """A copy with labelled grid lines, to read coordinates from."""
    picture = Image.fromarray(pixels)
    pen = ImageDraw.Draw(picture, "RGBA")
    step = _ruler_step(max(picture.size))
    for offset in range(step, max(picture.size), step):
        strong = offset % (4 * step) == 0
        colour = (255, 255, 255, 150 if strong else 60)
        pen.line([(offset, 0), (offset, picture.height)], fill=colour)
        pen.line([(0, offset), (picture.width, offset)], fill=colour)
        if strong:
            _draw_label(pen, (offset + 3, 3), str(offset))
            _draw_label(pen, (3, offset + 3), str(offset))
    return np.asarray(picture)


def _draw_pair(
    pen: ImageDraw.ImageDraw, handle: tuple[float, float], target: tuple[float, float], unit: float
) -> None:
    pen.line([handle, target], fill=(*OUTLINE_COLOUR, 230), width=max(round(2 * unit), 1))
    x, y = target
    r = 6 * unit
    for reach, colour in ((r + 1.5 * unit, OUTLINE_COLOUR), (r, TARGET_COLOUR)):
        pen.polygon([(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)], fill=colour)
    x, y = handle
    r = 4.5 * unit
    for reach, colour in ((r + 1.2 * unit, OUTLINE_COLOUR), (r, HANDLE_COLOUR)):
        pen.ellipse([x - reach, y - reach, x + reach, y + reach], fill=colour)


def _to_canvas(point_xy: list[float]) -> tuple[float, float]:
    # an integer is a pixel's centre
    return (point_xy[0] + 0.5) * _SUPERSAMPLING, (point_xy[1] + 0.5) * _SUPERSAMPLING


def _dim_kept(pixels: RgbArray, mask: Float[Tensor, "h w"]) -> RgbArray:
    keep = (1 - mask.cpu().numpy())[..., None] * 0.55
    mixed = pixels * (1 - keep) + np.array(KEEP_TINT) * keep
    return mixed.round().astype(np.uint8)


def _ruler_step(side_px: int) -> int:
    step = 1
    while side_px / step > 48:
        step *= 2
    return step


def _draw_label(pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str) -> None:
    box = pen.textbbox(place, text)
    pen.rectangle(box, fill=(0, 0, 0, 120))
    pen.text(place, text, fill=(255, 255, 255, 255))
