"""What a JPEG 2000 file says of its pixels and colours, which Pillow does not tell."""

import struct
from dataclasses import dataclass, field

from tugan.render.boxes import boxes

_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
_CODESTREAM = b"\xff\x4f\xff\x51"


@dataclass(frozen=True, kw_only=True)
class Jpeg2000Header:
    """Bits of each component, and the colour profile, if there is one."""

    bits: tuple[int, ...]
    icc_profile: bytes = field(default=b"", repr=False)

    @property
    def refusal(self) -> str:
        """Why its numbers come out wrong, or ""."""
        if len(self.bits) > 1 and max(self.bits) > 8:
            # Pillow rounds such colours up beyond white, where they become black
            return f"its JPEG 2000 has {max(self.bits)} bits a channel: save it as PNG or TIFF"
        if self.bits and min(self.bits) < 8:
            return f"its JPEG 2000 has {min(self.bits)} bits a channel: save it as PNG"
        return ""


def jpeg2000_header(content: bytes) -> Jpeg2000Header | None:
    """``None`` for what is no JPEG 2000 file."""
    if content.startswith(_CODESTREAM):
        return Jpeg2000Header(bits=_bits(content, 0))
    if not content.startswith(_SIGNATURE):
        return None
    bits: tuple[int, ...] = ()
    profile = b""
    for kind, start, end in boxes(content, 0, len(content)):
        if kind == b"jp2h":
            profile = next(
                (
                    content[inner + 3 : inner_end]
                    for box, inner, inner_end in boxes(content, start, end)
                    if box == b"colr" and content[inner : inner + 1] in (b"\x02", b"\x03")
                ),
                b"",
            )
        elif kind == b"jp2c":
            bits = _bits(content, start)
            break
    return Jpeg2000Header(bits=bits, icc_profile=profile)


def _bits(content: bytes, start: int) -> tuple[int, ...]:
    """Of the SIZ marker's components (ISO 15444-1, A.5.1)."""
    if content[start : start + 4] != _CODESTREAM:
        return ()
    try:
        (count,) = struct.unpack_from(">H", content, start + 40)
    except struct.error:
        return ()
    sizes = content[start + 42 : start + 42 + 3 * min(count, 64) : 3]
    return tuple((size & 0x7F) + 1 for size in sizes)
