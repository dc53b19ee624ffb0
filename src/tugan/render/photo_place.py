"""Does a photograph's metadata name a place? A look that is bounded, and misses little.

It is for telling people; what is written does not depend on it (``photo_metadata.py``).
"""

import re
import zlib
from collections.abc import Iterator

from tugan.render.photo_blocks import (
    START_OF_SCAN,
    Block,
    BlockError,
    is_jpeg,
    is_png,
    is_webp,
    jpeg_header,
    png_blocks,
    webp_blocks,
)
from tugan.render.tiff_tags import (
    EXIF_PREFIX,
    HEADERS,
    TiffTags,
    embedded_tiff_tags,
    tiff_tags,
)

PLACE_REMARK = "The location in its metadata is left out of what is written."
_GPS_POINTER = 0x8825
_OPAQUE_TAGS = (270, 700, 33723, 34377, 37500, 37510, 40092)
"""Description, XMP, IPTC, image resources, maker notes, comments."""
_LOOKED_AT = 1 << 20
"""Bytes of a block that are looked at."""
_LOOKED_AT_IN_ALL = 8 << 20
_WORDS = (
    b":GPS",
    b"GPSL",
    b":City",
    b":State",
    b":Country",
    b":Location",
    b":Sublocation",
    b":ProvinceState",
)
"""Of XMP, in whatever name space; of texts that programs make of EXIF."""
_IPTC_PLACES = re.compile(rb"\x1c\x02[\x1a\x1b\x5a\x5c\x5f\x64\x65]\x00[^\x00]")
"""Data sets with content: code and name of the place, city, part of it, state, country."""
_PIXEL_CHUNKS = frozenset((b"IHDR", b"PLTE", b"IDAT", b"fdAT", b"VP8 ", b"VP8L", b"ALPH", b"ANMF"))
_BEGINNINGS = (EXIF_PREFIX, b"<rdf:RDF")
"""Of metadata; each costs a search of all pixels."""
_SECOND_PICTURES = 4
_MAX_TEXTS = 64


def names_place(content: bytes) -> bool:
    """Is there one in the file, in any block that may have one?"""
    left = _LOOKED_AT_IN_ALL
    try:
        for block in _metadata_of(content):
            if left <= 0:
                return False
            left -= len(block)
            if block_names_place(block):
                return True
    except BlockError:
        return block_names_place(content)
    return False


def block_names_place(block: bytes) -> bool:
    """The same of some metadata's bytes."""
    block = block[:_LOOKED_AT]
    if any(_tags_name_place(tags) for tags in embedded_tiff_tags(block)):
        return True
    if _IPTC_PLACES.search(block):
        return True
    texts = [block]
    if b"<\0" in block:  # as texts of 16 and 32 bits a letter have it
        texts.append(block.replace(b"\0", b""))
    return any(word in text for text in texts for word in _WORDS)


def _tags_name_place(tags: TiffTags) -> bool:
    for directory in tags.directories():
        if _GPS_POINTER in directory.entries:
            return True
        for number in _OPAQUE_TAGS:
            entry = directory.entries.get(number)
            if entry is None:
                continue
            value = tags.raw(entry, at_most=_LOOKED_AT)
            if any(word in value for word in _WORDS) or _IPTC_PLACES.search(value):
                return True
    return False


def _metadata_of(content: bytes) -> Iterator[bytes]:
    """What is not pixels; :class:`BlockError` for damaged files."""
    if is_jpeg(content):
        yield from _of_jpeg(content)
    elif is_png(content):
        for block in png_blocks(content):
            if block.kind not in _PIXEL_CHUNKS:
                yield png_text(content, block)
    elif is_webp(content):
        for block in webp_blocks(content):
            if block.kind not in _PIXEL_CHUNKS:
                yield content[block.body : block.body + _LOOKED_AT]
    elif content.startswith(HEADERS):
        tags = tiff_tags(content)
        assert tags is not None
        if _tags_name_place(tags):
            yield b":GPS"
    else:
        yield from _anywhere(content, 0, begins=(*_BEGINNINGS, *HEADERS[:2]))


def _of_jpeg(content: bytes) -> Iterator[bytes]:
    for block in jpeg_header(content):
        if 0xE0 <= block.kind[0] <= 0xEF or block.kind == b"\xfe":
            yield content[block.body : block.body_end]
        elif block.kind == START_OF_SCAN:
            yield from _anywhere(content, block.end)


def _anywhere(
    content: bytes, start: int, *, begins: tuple[bytes, ...] = _BEGINNINGS
) -> Iterator[bytes]:
    """What begins like metadata, among pixels or behind them."""
    for begin in begins:
        place = start
        for _ in range(_SECOND_PICTURES):
            place = content.find(begin, place)
            if place < 0:
                break
            yield content[place : place + (1 << 16)]
            place += len(begin)


def png_text(content: bytes, block: Block) -> bytes:
    """A chunk's content, unpacked and out of hexadecimal digits where it is; cut short."""
    body = content[block.body : min(block.body_end, block.body + _LOOKED_AT)]
    keyword, _, rest = body.partition(b"\0")
    if block.kind == b"zTXt":
        rest = inflated(rest[1:])
    elif block.kind == b"iTXt":
        is_packed, rest = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
        rest = inflated(rest) if is_packed else rest
    elif block.kind != b"tEXt":
        return body
    if keyword.startswith(b"Raw profile type "):
        return _of_hexadecimal(rest)
    return b":" + keyword + b" " + rest


def inflated(packed: bytes) -> bytes:
    """Of zlib; as much as comes out, and at most a mebibyte."""
    try:
        return zlib.decompressobj().decompress(packed, _LOOKED_AT)
    except zlib.error:
        return b""


def _of_hexadecimal(text: bytes) -> bytes:
    """As ImageMagick writes profiles into texts: a name, a length, and digits."""
    digits = b"".join(text.strip().split(b"\n")[2:]).strip()
    try:
        return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    except ValueError:
        return b""
