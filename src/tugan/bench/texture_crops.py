"""What is around a handle, before and after its drag: to see for oneself."""

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from tugan.bench.texture_match import PointXy
from tugan.bench.texture_record import TextureRecord
from tugan.bench.thumbnails import THUMBNAIL_PX
from tugan.core.geometry import scale_from_512
from tugan.core.images import RgbArray, to_rgb_array

CROP_PX_AT_512 = 96.0
"""Side of what is shown."""
HANDLE_INK, GOAL_INK, SEEN_INK, FOUND_INK = "#D55E00", "#0072B2", "#009E73", "#000000"
_RING_PX = 4


def crop_name(record: TextureRecord, method: str) -> str:
    """Of a picture that is kept; ``method`` may be ``start``."""
    return f"pair-{record.pair:04}-{record.texture}-{record.place}-{method}"


def crop_around(
    picture: Float[Tensor, "3 h w"],
    centre_xy: PointXy,
    marks: tuple[tuple[PointXy, str], ...],
) -> RgbArray:
    """A square of :data:`THUMBNAIL_PX`; rings around the marked points of the picture."""
    pixels = Image.fromarray(to_rgb_array(picture[None]))
    half = scale_from_512(CROP_PX_AT_512 / 2, (pixels.height, pixels.width))
    corner = (centre_xy[0] + 0.5 - half, centre_xy[1] + 0.5 - half)
    box = _inside(corner, 2 * half, pixels.size)
    crop = pixels.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BICUBIC, box=box)
    scale = THUMBNAIL_PX / (2 * half)
    draw = ImageDraw.Draw(crop)
    for (x, y), ink in marks:
        place = np.array([x + 0.5 - box[0], y + 0.5 - box[1]]) * scale
        draw.ellipse((*(place - _RING_PX), *(place + _RING_PX)), outline=ink, width=2)
    return np.asarray(crop)


def _inside(
    corner: tuple[float, float], side: float, size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The square, moved into the picture."""
    left, top = (min(max(at, 0.0), whole - side) for at, whole in zip(corner, size, strict=True))
    return left, top, left + side, top + side
