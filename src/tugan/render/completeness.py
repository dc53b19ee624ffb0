"""Whether a file is long enough for what it declares, told before memory is asked for."""

from tugan.render.photo_blocks import (
    END_OF_IMAGE,
    START_OF_SCAN,
    BlockError,
    is_png,
    jpeg_header,
    png_chunks,
)
from tugan.render.tiff_pages import TiffPage

_LEAST_BITS_A_BLOCK = 1
"""Of JPEG's 64 pixels: the shortest code."""
_LEAST_J2K = 2048
"""Pixels a byte of JPEG 2000, whose empty blocks take none: beyond it, nothing is pictured."""
_LARGE_PIXELS = 4_000_000
_MAX_CHUNK_BYTES = 32_000_000
_TIFF_RATIOS = {1: 1, 5: 2600, 8: 1040, 32773: 64, 32946: 1040}
"""By compression, bytes that one can stand for at most: none, LZW, deflate, PackBits, deflate."""


def what_is_missing(content: bytes, kind: str, pixels: int, page: TiffPage | None) -> str:
    """That the file is cut short, or too short for its size; empty if it may be whole."""
    if kind in ("JPEG", "MPO") and _jpeg_lacks_end(content):
        return "it is cut short: its JPEG has no end"
    if kind == "PNG" and _png_lacks_end(content):
        return "it is cut short: its PNG ends within its pixels"
    least = 0.0
    if kind in ("JPEG", "MPO"):
        least = pixels / 64 * _LEAST_BITS_A_BLOCK / 8
    elif kind == "JPEG2000":
        least = pixels / _LEAST_J2K
    elif page is not None and page.compression in _TIFF_RATIOS:
        least = pixels * sum(page.bits) / 8 / _TIFF_RATIOS[page.compression]
    if pixels > _LARGE_PIXELS and len(content) < least:
        return f"it declares {pixels / 1e6:.0f} million pixels, but has {len(content)} bytes"
    return ""


def too_much_beside(content: bytes) -> str:
    """A PNG's huge part that is no picture and would be read at opening; empty if there is none."""
    if not is_png(content):
        return ""
    for chunk in png_chunks(content):
        length = chunk.body_end - chunk.body
        if chunk.kind not in (b"IDAT", b"fdAT") and length > _MAX_CHUNK_BYTES:
            name = chunk.kind.decode("ascii", "replace")
            return f"its PNG has {length / 1e6:.0f} MB of {name} beside its pixels"
    return ""


def _jpeg_lacks_end(content: bytes) -> bool:
    """Whether nothing behind the start of its scan is a marker of its end.

    A thumbnail in its metadata has an end of its own.
    """
    try:
        for block in jpeg_header(content):
            if block.kind == START_OF_SCAN:
                return content.find(b"\xff" + END_OF_IMAGE, block.body) < 0
    except BlockError:
        pass  # for its decoder to judge
    return False


def _png_lacks_end(content: bytes) -> bool:
    return any(
        chunk.kind == b"IDAT" and chunk.body_end > len(content) for chunk in png_chunks(content)
    )
