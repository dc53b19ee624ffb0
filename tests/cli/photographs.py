"""A small photograph with a picture of the small model's in it, for tests of dragging it."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tugan.core.images import RgbArray

SIZE = 300, 260
CROP = ("--crop", "144,124,128")
POINT = ("--point", "130,110:150,130")
ARTIST = 0x013B


def bytes_of(content: RgbArray) -> bytes:
    """A PNG with an artist and a place in its metadata."""
    exif = Image.Exif()
    exif[ARTIST] = "Somebody"
    exif.get_ifd(0x8825)[1] = "N"
    target = io.BytesIO()
    Image.fromarray(content).save(target, "PNG", exif=exif)
    return target.getvalue()


def pixels_of(path: Path) -> RgbArray:
    """RGB."""
    with Image.open(path) as opened:
        return np.array(opened.convert("RGB"))
