"""The blocks that JPEG, PNG and WebP files consist of, without looking into them."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

JPEG_HEAD, PNG_HEAD = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
MAX_BLOCKS = 200_000
START_OF_SCAN, END_OF_IMAGE = b"\xda", b"\xd9"
_ALONE = frozenset(bytes([code]) for code in (0x01, *range(0xD0, 0xD9)))
"""JPEG markers without content."""
_END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""What is no stuffed byte and no restart ends the coded pixels."""


class BlockError(ValueError):
    """Bytes that are not the blocks they should be."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of a file, by where it is."""

    kind: bytes
    """A JPEG marker's second byte; the name of a PNG or WebP chunk."""
    start: int
    body: int
    body_end: int
    end: int
    """Of checksum or padding, too."""


def is_jpeg(content: bytes) -> bool:
    """By its first bytes."""
    return content.startswith(JPEG_HEAD)


def is_png(content: bytes) -> bool:
    """By its first bytes."""
    return content.startswith(PNG_HEAD)


def is_webp(content: bytes) -> bool:
    """By its first bytes."""
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def jpeg_header(content: bytes) -> Iterator[Block]:
    """All before the pixels, whose first block is the last of these.

    :class:`BlockError` where there are none.
    """
    place = 2
    for _ in range(MAX_BLOCKS):
        block = _jpeg_block(content, place)
        yield block
        if block.kind in (START_OF_SCAN, END_OF_IMAGE):
            return
        place = block.end
    raise BlockError("too many blocks")


def jpeg_blocks(content: bytes) -> Iterator[Block]:
    """All of the first picture: coded pixels belong to the block that starts their scan."""
    place = 2
    for _ in range(MAX_BLOCKS):
        block = _jpeg_block(content, place)
        place = block.end
        if block.kind == START_OF_SCAN:
            found = _END_OF_SCAN.search(content, block.end)
            place = len(content) if found is None else found.start()
            block = Block(
                kind=block.kind,
                start=block.start,
                body=block.body,
                body_end=block.body_end,
                end=place,
            )
        yield block
        if block.kind == END_OF_IMAGE or place == len(content):
            return
    raise BlockError("too many blocks")


def png_chunks(content: bytes) -> Iterator[Block]:
    """As far as there are any: the last one may go on beyond the end of a file that was cut."""
    place = len(PNG_HEAD)
    for _ in range(MAX_BLOCKS):
        if place + 8 > len(content):
            return
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + 12 + length
        yield Block(kind=kind, start=place, body=place + 8, body_end=end - 4, end=end)
        if kind == b"IEND":
            return
        place = end


def png_blocks(content: bytes) -> Iterator[Block]:
    """Up to the end that is marked; :class:`BlockError` where it is missing."""
    for block in png_chunks(content):
        if block.end > len(content):
            break
        yield block
        if block.kind == b"IEND":
            return
    raise BlockError("the file ends early")


def webp_blocks(content: bytes) -> Iterator[Block]:
    """As long as the file says it is; :class:`BlockError` if it is shorter."""
    (length,) = struct.unpack_from("<I", content, 4)
    place, file_end = 12, 8 + length
    if file_end > len(content):
        raise BlockError("the file ends early")
    for _ in range(MAX_BLOCKS):
        if place + 8 > file_end:
            return
        kind, size = struct.unpack_from("<4sI", content, place)
        body = place + 8
        if body + size > file_end:
            raise BlockError("the file ends early")
        end = min(body + size + size % 2, file_end)
        yield Block(kind=kind, start=place, body=body, body_end=body + size, end=end)
        place = end
    raise BlockError("too many blocks")


def _jpeg_block(content: bytes, place: int) -> Block:
    start = place
    if content[place : place + 1] != b"\xff":
        raise BlockError("no marker where one is expected")
    while content[place : place + 1] == b"\xff":  # as many as one likes
        place += 1
    kind, body = content[place : place + 1], place + 1
    if kind in _ALONE or kind == END_OF_IMAGE:
        return Block(kind=kind, start=start, body=body, body_end=body, end=body)
    if body + 2 > len(content):
        raise BlockError("the file ends early")
    (length,) = struct.unpack_from(">H", content, body)
    end = body + length
    if length < 2 or end > len(content):
        raise BlockError("the file ends early")
    return Block(kind=kind, start=start, body=body + 2, body_end=end, end=end)
