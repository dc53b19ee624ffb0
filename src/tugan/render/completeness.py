"""Whether a file is long enough for what it declares, told before memory is asked for."""

import contextlib
import struct
from collections.abc import Iterator

from tugan.render.photo_blocks import (
    END_OF_IMAGE,
    START_OF_SCAN,
    Block,
    BlockError,
    is_jpeg,
    is_png,
    is_webp,
    jpeg_header,
    png_chunks,
    webp_blocks,
)
from tugan.render.tiff_pages import TiffPage
from tugan.render.tiff_tags import tiff_tags

_LEAST_BITS_A_BLOCK = 1
"""Of JPEG's 64 pixels: the shortest code."""
_LEAST_J2K = 2048
"""Pixels a byte of JPEG 2000, whose empty blocks take none: beyond it, nothing is pictured."""
_LARGE_PIXELS = 4_000_000
MOST_BESIDE = 32_000_000
"""Bytes of a file that are no pixels: cameras and editors write a tenth of it at most."""
_PIXELS = frozenset((b"IDAT", b"fdAT", b"VP8 ", b"VP8L", b"ALPH", b"ANMF"))
_METADATA_TAGS = {700, 33723, 34377, 34665}
"""XMP, IPTC, image resources, EXIF."""
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
    """A huge part of a file that is no picture, and is named; empty if there is none.

    Layers that editors keep in TIFF files are large, and no metadata.
    """
    if is_png(content):
        kind, parts = "PNG", [chunk for chunk in png_chunks(content) if chunk.kind not in _PIXELS]
    elif is_jpeg(content):
        kind, parts = "JPEG", _whole_blocks(jpeg_header(content))
    elif is_webp(content):
        blocks = _whole_blocks(webp_blocks(content))
        kind, parts = "WebP", [block for block in blocks if block.kind not in _PIXELS]
    else:
        return _too_much_in_tiff(content)
    size = sum(map(_size, parts))
    if size <= MOST_BESIDE:
        return ""
    largest = max(parts, key=_size).kind.decode("ascii", "replace").strip()
    named = "metadata" if kind == "JPEG" else largest  # whose markers have numbers alone
    return f"its {kind} has {size / 1e6:.0f} MB of {named} beside its pixels"


def _size(block: Block) -> int:
    return block.body_end - block.body


def _whole_blocks(blocks: Iterator[Block]) -> list[Block]:
    """Those before a damage, which is for the decoder to judge."""
    found: list[Block] = []
    with contextlib.suppress(BlockError, struct.error):
        found.extend(blocks)
    return found


def _too_much_in_tiff(content: bytes) -> str:
    tags = tiff_tags(content)
    if tags is None:
        return ""
    entries = tags.first.entries
    size = sum(entries[number].nbytes for number in _METADATA_TAGS & entries.keys())
    return "" if size <= MOST_BESIDE else f"its TIFF has {size / 1e6:.0f} MB of metadata"


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
