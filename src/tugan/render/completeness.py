"""Whether a file is long enough for what it declares, told before memory is asked for."""

import struct
from collections.abc import Iterator

from tugan.render.tiff_pages import TiffPage

_MAX_PARTS = 100_000
"""So many chunks or segments are looked through."""
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
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ""
    for kind, _, length in _png_chunks(content):
        if kind not in (b"IDAT", b"fdAT") and length > _MAX_CHUNK_BYTES:
            name = kind.decode("ascii", "replace")
            return f"its PNG has {length / 1e6:.0f} MB of {name} beside its pixels"
    return ""


def _jpeg_lacks_end(content: bytes) -> bool:
    """Whether nothing behind the start of its scan is a marker of its end.

    A thumbnail in its metadata has an end of its own.
    """
    at = 2
    for _ in range(_MAX_PARTS):
        if at + 4 > len(content) or content[at] != 0xFF:
            return False  # for its decoder to judge
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0xDA:
            return content.find(b"\xff\xd9", at) < 0
        else:
            at += 2 + int(struct.unpack_from(">H", content, at + 2)[0])
    return False


def _png_lacks_end(content: bytes) -> bool:
    return any(
        kind == b"IDAT" and start + length > len(content)
        for kind, start, length in _png_chunks(content)
    )


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 8
    for _ in range(_MAX_PARTS):
        if at + 8 > len(content):
            return
        length, kind = struct.unpack_from(">I4s", content, at)
        yield kind, at + 8, length
        if kind == b"IEND":
            return
        at += 12 + length
