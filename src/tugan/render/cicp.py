"""Code points for colours (ITU-T H.273), and where PNG and AVIF files have theirs."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tugan.render.boxes import boxes
from tugan.render.photo_blocks import png_chunks

_MAX_BOXES = 4096
_UNSPECIFIED = 2

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of red, green, blue and white."""

_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
PRIMARIES: dict[int, Chromaticities] = {
    1: (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65),
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, *_C),
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, *_C),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
    22: (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65),
}
"""H.273, table 2."""
PRIMARIES_NAMES = {1: "sRGB", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}

SRGB_CURVES = (1, 6, 7, 13, 14, 15)
"""What cameras and video call BT.709, BT.601, SMPTE 240 and BT.2020 is shown as sRGB's curve, as
browsers do."""
GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
PQ, HLG = 16, 18


@dataclass(frozen=True, kw_only=True)
class CodePoints:
    """Primaries and transfer characteristics, by number; 2 is unspecified."""

    primaries: int
    transfer: int
    is_full_range: bool = True

    @property
    def says_nothing(self) -> bool:
        """Whether both are left open."""
        return self.primaries == self.transfer == _UNSPECIFIED

    @property
    def known(self) -> bool:
        """Whether each is open or of a meaning that is known here."""
        curves = (*SRGB_CURVES, *GAMMAS, PQ, HLG, _UNSPECIFIED)
        return self.primaries in (*PRIMARIES, _UNSPECIFIED) and self.transfer in curves

    @property
    def chromaticities(self) -> Chromaticities:
        """Of the primaries; sRGB's where they are left open."""
        return PRIMARIES.get(self.primaries, PRIMARIES[1])


def png_code_points(content: bytes) -> CodePoints | None:
    """A PNG's cICP chunk."""
    for chunk in png_chunks(content):
        if chunk.kind == b"IDAT":
            return None
        if chunk.kind == b"cICP" and chunk.body + 4 <= len(content):
            primaries, transfer, _, full_range = content[chunk.body : chunk.body + 4]
            return CodePoints(
                primaries=primaries, transfer=transfer, is_full_range=bool(full_range)
            )
    return None


def box_code_points(content: bytes) -> CodePoints | None:
    """The ``nclx`` of an AVIF or HEIC file's primary picture (ISO 23008-12)."""
    meta = next((box for box in boxes(content, 0, len(content)) if box[0] == b"meta"), None)
    if meta is None:
        return None
    inside = {kind: (start, end) for kind, start, end in boxes(content, meta[1] + 4, meta[2])}
    if b"pitm" not in inside or b"iprp" not in inside:
        return None
    try:
        primary = _primary_item(content, inside[b"pitm"][0])
        return _code_points_of(content, inside[b"iprp"], primary)
    except (struct.error, IndexError):
        return None


def _primary_item(content: bytes, start: int) -> int:
    return int(struct.unpack_from(">H" if content[start] == 0 else ">I", content, start + 4)[0])


def _code_points_of(content: bytes, iprp: tuple[int, int], primary: int) -> CodePoints | None:
    parts = list(boxes(content, *iprp))
    properties = [
        box for kind, start, end in parts if kind == b"ipco" for box in boxes(content, start, end)
    ]
    for kind, start, end in parts:
        if kind != b"ipma":
            continue
        for item, index in _associations(content, start, end):
            if item != primary or not 0 < index <= len(properties):
                continue
            box, first, _ = properties[index - 1]
            if box == b"colr" and content[first : first + 4] == b"nclx":
                primaries, transfer = struct.unpack_from(">HH", content, first + 4)
                return CodePoints(primaries=primaries, transfer=transfer)
    return None


def _associations(content: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Item and number of a property that it has, one after another."""
    item_code, item_bytes = (">H", 2) if content[start] == 0 else (">I", 4)
    wide = bool(content[start + 3] & 1)
    (count,) = struct.unpack_from(">I", content, start + 4)
    at = start + 8
    for _ in range(min(count, _MAX_BOXES)):
        if at + item_bytes + 1 > end:
            return
        (item,) = struct.unpack_from(item_code, content, at)
        many = content[at + item_bytes]
        at += item_bytes + 1
        for _ in range(many):
            if wide:
                yield item, struct.unpack_from(">H", content, at)[0] & 0x7FFF
            else:
                yield item, content[at] & 0x7F
            at += 2 if wide else 1
