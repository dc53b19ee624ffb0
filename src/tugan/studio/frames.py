"""Pictures on the wire: a fixed header, then an encoded image.

``[kind u8][seq u32][step u32][time f64][JPEG or PNG]``, little-endian.
"""

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import final

HEADER = struct.Struct("<BIId")


class FrameKind(IntEnum):
    """What a picture is, and what its ``step`` means."""

    MOVING = 1
    """JPEG of at most 512 px while things move; the drag's step. Stale ones are dropped."""
    RESTING = 2
    """PNG of the whole picture at rest; the revision of the state that it belongs to."""
    ORIGINAL = 3
    """PNG of the picture that was started from; the revision."""
    MASK = 4
    """PNG of the mask, white may change; the revision. Without pixels: there is no mask."""
    GALLERY = 5
    """Small JPEG; the seed."""
    HISTORY = 6
    """Small JPEG; the entry's id."""
    PHOTO = 7
    """JPEG of at most 1024 px: the photograph that is being brought in; 0."""
    TARGET = 8
    """JPEG of at most 512 px: its square, as it should become; 0."""
    INVERTED = 9
    """JPEG of at most 512 px: as the model draws it now; the step. Stale ones are dropped."""
    FINISHED = 10
    """JPEG of the whole picture where the hand of a live drag rests; the drag's step. It takes the
    place of a moving one, and is dropped for a newer one."""


MOVING = (FrameKind.MOVING, FrameKind.INVERTED, FrameKind.FINISHED)
"""Held back until the page has shown the ones before; the newest takes an unsent one's place."""


@final
@dataclass(frozen=True, kw_only=True)
class WireFrame:
    """One picture to send."""

    kind: FrameKind
    step: int
    encoded: bytes = field(repr=False)

    def packed(self, *, seq: int, time_s: float) -> bytes:
        """With its header; ``time_s`` is the server's clock, seconds since 1970."""
        return HEADER.pack(self.kind, seq % 2**32, self.step % 2**32, time_s) + self.encoded
