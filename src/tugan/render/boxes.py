"""The boxes that JPEG 2000, HEIC and AVIF files are made of (ISO 14496-12)."""

import struct
from collections.abc import Iterator

_MAX_BOXES = 4096


def boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, first byte and end of the content of each box between two places."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        length, kind = struct.unpack_from(">I4s", content, start)
        head = 8
        if length == 1 and start + 16 <= end:
            (length,) = struct.unpack_from(">Q", content, start + 8)
            head = 16
        stop = end if length == 0 else min(start + length, end)
        if stop < start + head:
            return
        yield kind, start + head, stop
        start = stop
