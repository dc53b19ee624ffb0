"""What goes along with a photograph of what it says of itself: a list, and nothing else.

Whatever is not on the list stays behind, wherever it stood: places, texts, maker notes, thumbnails,
serial numbers, names of owners, XMP, IPTC and image resources.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tugan.render.tiff_tags import (
    ASCII,
    LONG,
    RATIONAL,
    SHORT,
    SRATIONAL,
    UNDEFINED,
    UTF8,
    Directory,
    NewTag,
    TiffTags,
    Values,
    packed,
    tiff_tags,
)
from tugan.render.tiff_tags import exif_block as _block

ORIENTATION = 0x0112
_MAX_TEXT = 128
_COORDINATE = re.compile(r"\d[.,]\d{3}|°|º|\bGPS|\bgeo:|https?:|latitude|longitude", re.IGNORECASE)
"""What a place may look like in a text."""

Where = Literal["image", "camera"]
_Read = Callable[[TiffTags, Directory, int], NewTag | None]


@dataclass(frozen=True, kw_only=True)
class KeptTag:
    """A tag of EXIF that is kept, if its value is of the right kind."""

    number: int
    name: str
    """As the standard calls it."""
    where: Where
    """In which directory it stands."""
    read: _Read = field(repr=False)


def kept_exif(exif: bytes, *, orientation: int = 1) -> bytes:
    """A new EXIF block of what is on the list; empty if there is nothing.

    ``exif`` is an EXIF block, or a whole TIFF file; of a damaged one what can be read is kept.
    ``orientation`` is written along where pixels need it.
    """
    image: list[NewTag] = []
    if orientation != 1:
        value = packed(SHORT, [orientation])
        image.append(NewTag(number=ORIENTATION, kind=SHORT, count=1, value=value))
    tags = tiff_tags(exif)
    if tags is None:
        return _block(image, [])
    return _block([*image, *_kept(tags, tags.first, "image")], _of_camera(tags))


def orientation_of(exif: bytes) -> int:
    """From 1, which is upright, to 8; 1 if nothing sensible is said."""
    tags = tiff_tags(exif)
    entry = None if tags is None else tags.first.entries.get(ORIENTATION)
    if tags is None or entry is None:
        return 1
    values = tags.numbers(entry, at_most=1)
    return values[0] if values and 1 <= values[0] <= 8 else 1


def _of_camera(tags: TiffTags) -> list[NewTag]:
    return _kept(tags, tags.exif_directory(), "camera")


def _kept(tags: TiffTags, directory: Directory, where: Where) -> list[NewTag]:
    here = [one for one in KEPT_TAGS if one.where == where and one.number in directory.entries]
    read = (one.read(tags, directory, one.number) for one in here)
    return [one for one in read if one is not None]


def _text(pattern: str, *, at_most: int = _MAX_TEXT) -> _Read:
    """Texts that match as a whole, are short and do not look like a place."""
    whole = re.compile(pattern)

    def read(tags: TiffTags, directory: Directory, number: int) -> NewTag | None:
        entry = directory.entries[number]
        if entry.kind not in (ASCII, UTF8) or entry.count > _MAX_TEXT:
            return None
        raw = tags.raw(entry, at_most=_MAX_TEXT).split(b"\0")[0].strip()
        text = _decoded(raw)
        is_fit = len(text) <= at_most and text.isprintable() and not _COORDINATE.search(text)
        if not is_fit or whole.fullmatch(text) is None:
            return None
        return NewTag(number=number, kind=ASCII, count=len(raw) + 1, value=raw + b"\0")

    return read


def _decoded(raw: bytes) -> str:
    """The standard says ASCII, cameras write more."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _numbers(kind: int, count: int = 1) -> _Read:
    """As many numbers, of this kind."""
    each = 2 if kind in (RATIONAL, SRATIONAL) else 1
    similar = (SHORT, LONG) if kind in (SHORT, LONG) else (kind,)
    largest = 0xFFFF if kind == SHORT else 0xFFFFFFFF

    def read(tags: TiffTags, directory: Directory, number: int) -> NewTag | None:
        entry = directory.entries[number]
        values: Values = tags.numbers(entry, at_most=count) if entry.kind in similar else ()
        if len(values) != count * each or max(values) > largest:
            return None
        return NewTag(number=number, kind=kind, count=count, value=packed(kind, values))

    return read


def _version(tags: TiffTags, directory: Directory, number: int) -> NewTag | None:
    raw = tags.raw(directory.entries[number], at_most=5)
    is_version = len(raw) == 4 and raw.isdigit()
    return NewTag(number=number, kind=UNDEFINED, count=4, value=raw) if is_version else None


_LABEL = _text(r"\S.*", at_most=64)
_NAME = _text(r"[^\W\d](?:[^\W\d_]|[ .'&;-])*", at_most=64)  # no digits, no commas: no addresses
_DATE = _text(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d")
_OFFSET = _text(r"[+-]\d\d:\d\d|Z")
_PARTS_OF_SECOND = _text(r"\d{1,9}")
_SHORT, _LONG = _numbers(SHORT), _numbers(LONG)
_RATIONAL, _SRATIONAL = _numbers(RATIONAL), _numbers(SRATIONAL)


def _tag(number: int, name: str, read: _Read, where: Where = "camera") -> KeptTag:
    return KeptTag(number=number, name=name, where=where, read=read)


KEPT_TAGS: tuple[KeptTag, ...] = (
    _tag(0x010F, "Make", _LABEL, "image"),
    _tag(0x0110, "Model", _LABEL, "image"),
    _tag(0x011A, "XResolution", _RATIONAL, "image"),
    _tag(0x011B, "YResolution", _RATIONAL, "image"),
    _tag(0x0128, "ResolutionUnit", _SHORT, "image"),
    _tag(0x0131, "Software", _LABEL, "image"),
    _tag(0x0132, "DateTime", _DATE, "image"),
    _tag(0x013B, "Artist", _NAME, "image"),
    _tag(0x8298, "Copyright", _text(r"\S.*"), "image"),
    _tag(0x829A, "ExposureTime", _RATIONAL),
    _tag(0x829D, "FNumber", _RATIONAL),
    _tag(0x8822, "ExposureProgram", _SHORT),
    _tag(0x8827, "PhotographicSensitivity", _SHORT),
    _tag(0x8830, "SensitivityType", _SHORT),
    _tag(0x8832, "RecommendedExposureIndex", _LONG),
    _tag(0x9000, "ExifVersion", _version),
    _tag(0x9003, "DateTimeOriginal", _DATE),
    _tag(0x9004, "DateTimeDigitized", _DATE),
    _tag(0x9010, "OffsetTime", _OFFSET),
    _tag(0x9011, "OffsetTimeOriginal", _OFFSET),
    _tag(0x9012, "OffsetTimeDigitized", _OFFSET),
    _tag(0x9201, "ShutterSpeedValue", _SRATIONAL),
    _tag(0x9202, "ApertureValue", _RATIONAL),
    _tag(0x9203, "BrightnessValue", _SRATIONAL),
    _tag(0x9204, "ExposureBiasValue", _SRATIONAL),
    _tag(0x9205, "MaxApertureValue", _RATIONAL),
    _tag(0x9207, "MeteringMode", _SHORT),
    _tag(0x9208, "LightSource", _SHORT),
    _tag(0x9209, "Flash", _SHORT),
    _tag(0x920A, "FocalLength", _RATIONAL),
    _tag(0x9290, "SubSecTime", _PARTS_OF_SECOND),
    _tag(0x9291, "SubSecTimeOriginal", _PARTS_OF_SECOND),
    _tag(0x9292, "SubSecTimeDigitized", _PARTS_OF_SECOND),
    _tag(0xA001, "ColorSpace", _SHORT),
    _tag(0xA217, "SensingMethod", _SHORT),
    _tag(0xA401, "CustomRendered", _SHORT),
    _tag(0xA402, "ExposureMode", _SHORT),
    _tag(0xA403, "WhiteBalance", _SHORT),
    _tag(0xA404, "DigitalZoomRatio", _RATIONAL),
    _tag(0xA405, "FocalLengthIn35mmFilm", _SHORT),
    _tag(0xA406, "SceneCaptureType", _SHORT),
    _tag(0xA407, "GainControl", _SHORT),
    _tag(0xA408, "Contrast", _SHORT),
    _tag(0xA409, "Saturation", _SHORT),
    _tag(0xA40A, "Sharpness", _SHORT),
    _tag(0xA40C, "SubjectDistanceRange", _SHORT),
    _tag(0xA432, "LensSpecification", _numbers(RATIONAL, 4)),
    _tag(0xA433, "LensMake", _LABEL),
    _tag(0xA434, "LensModel", _LABEL),
)
"""All that is kept, by number."""
