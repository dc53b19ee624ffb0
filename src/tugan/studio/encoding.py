"""Pictures as bytes, for the wire and for downloads."""

import io

import numpy as np
from PIL import Image

from tugan.core.images import RgbArray
from tugan.render.image_file import PNG_COMPRESSION_LEVEL

JPEG_QUALITY = 85
EXPORT_QUALITY = 95


def jpeg(pixels: RgbArray, *, quality: int = JPEG_QUALITY) -> bytes:
    """For pictures that are gone in a moment."""
    return _encoded(Image.fromarray(pixels), "JPEG", quality=quality)


def png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """RGB ``(h, w, 3)`` or grey ``(h, w)``, exactly; equal pixels give equal bytes."""
    return _encoded(Image.fromarray(pixels), "PNG", compress_level=PNG_COMPRESSION_LEVEL)


def picture_file(pixels: RgbArray, *, suffix: str) -> bytes:
    """A picture to keep: ``png``, ``jpg`` or ``webp``."""
    if suffix == "png":
        return png(pixels)
    name = {"jpg": "JPEG", "webp": "WEBP"}[suffix]
    return _encoded(Image.fromarray(pixels), name, quality=EXPORT_QUALITY)


def _encoded(picture: Image.Image, name: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, name, **options)
    return buffer.getvalue()
