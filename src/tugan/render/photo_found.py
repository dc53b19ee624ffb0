"""A photograph's file, looked at before it is decoded: what it says of itself, and what decoders
need not see.

Decoders unpack and keep whatever metadata there is, and refuse a picture for a large comment.
"""

import re
from dataclasses import dataclass, field

from tugan.render.photo_blocks import (
    Block,
    BlockError,
    is_jpeg,
    is_png,
    is_webp,
    jpeg_header,
    png_blocks,
    webp_blocks,
)
from tugan.render.photo_metadata import orientation_of
from tugan.render.photo_place import names_place, png_text
from tugan.render.tiff_tags import EXIF_PREFIX, HEADERS

LARGE_METADATA = 1 << 17
"""Bytes; as much as this a decoder may see."""
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
ICC_PREFIX = b"ICC_PROFILE\0"
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
_EXIF_PROFILES = (b"Raw profile type exif\0", b"Raw profile type APP1\0")
_XMP_KEYWORD = b"XML:com.adobe.xmp\0"
_ORIENTATION_IN_XMP = re.compile(rb"tiff:Orientation(?:=[\"']|>)([1-8])")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a file says of its picture."""

    readable: bytes = field(repr=False)
    """The file without what decoders need not see; mostly the file itself."""
    exif: bytes | None = field(repr=False)
    """A block of EXIF or a TIFF file, empty if there is none; None if only its decoder knows."""
    xmp_orientation: int = 1
    """For pictures whose EXIF has none."""
    has_place: bool


@dataclass(frozen=True, kw_only=True)
class _Parts:
    readable: bytes
    exif: bytes | None
    xmp: bytes = b""


def look_into(content: bytes) -> Found:
    """For decoding; of damaged files as much as can be known."""
    try:
        parts = _parts_of(content)
    except BlockError:
        parts = _Parts(readable=content, exif=None)
    said = _ORIENTATION_IN_XMP.search(parts.xmp[:LARGE_METADATA])
    return Found(
        readable=parts.readable,
        exif=parts.exif,
        xmp_orientation=1 if said is None else int(said[1]),
        has_place=names_place(content),
    )


def stored_orientation(found: Found) -> int:
    """How pixels are stored, by their EXIF or else their XMP."""
    orientation = orientation_of(found.exif or b"")
    return orientation if orientation != 1 else found.xmp_orientation


def _parts_of(content: bytes) -> _Parts:
    if is_jpeg(content):
        return _of_jpeg(content)
    if is_png(content):
        return _of_png(content)
    if is_webp(content):
        bodies = {
            block.kind: content[block.body : block.body_end] for block in webp_blocks(content)
        }
        exif, xmp = bodies.get(b"EXIF", b""), bodies.get(b"XMP ", b"")
        return _Parts(readable=content, exif=exif, xmp=xmp)
    if content.startswith(HEADERS):
        return _Parts(readable=content, exif=content)
    return _Parts(readable=content, exif=None)


def _body(content: bytes, block: Block | None) -> bytes:
    return b"" if block is None else content[block.body : block.body_end]


def _of_jpeg(content: bytes) -> _Parts:
    exif, xmp, hidden = b"", b"", list[Block]()
    for block in jpeg_header(content):
        if content.startswith(EXIF_PREFIX, block.body) and block.kind == b"\xe1" and not exif:
            exif = content[block.body : block.body_end]
        elif 0xE1 <= block.kind[0] <= 0xEF or block.kind == b"\xfe":
            if content.startswith(XMP_PREFIX, block.body):
                xmp = xmp or content[block.body : block.body_end]
            if block.kind != b"\xee" and not content.startswith(ICC_PREFIX, block.body):
                hidden.append(block)
    if sum(block.end - block.start for block in hidden) <= LARGE_METADATA:
        hidden = []
    return _Parts(readable=without(content, hidden), exif=exif, xmp=xmp)


def _of_png(content: bytes) -> _Parts:
    exif, profile, xmp, hidden = b"", b"", b"", list[Block]()
    for block in png_blocks(content):
        if block.kind == b"eXIf":
            exif = content[block.body : block.body_end]
            hidden.append(block)
        elif block.kind in _TEXT_CHUNKS:
            hidden.append(block)
            if content.startswith(_EXIF_PROFILES, block.body):
                profile = profile or png_text(content, block)
            elif content.startswith(_XMP_KEYWORD, block.body):
                xmp = xmp or png_text(content, block)
    return _Parts(readable=without(content, hidden), exif=exif or profile, xmp=xmp)


def without(content: bytes, hidden: list[Block]) -> bytes:
    """A file without some of its blocks; the same object if there are none."""
    if not hidden:
        return content
    starts = [0, *(block.end for block in hidden)]
    ends = [*(block.start for block in hidden), len(content)]
    view = memoryview(content)
    return b"".join(view[start:end] for start, end in zip(starts, ends, strict=True))
