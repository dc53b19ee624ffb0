"""Tags of TIFF structures, as EXIF blocks and TIFF files are: read within limits, and written."""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, final

EXIF_PREFIX = b"Exif\0\0"
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SLONG, SRATIONAL = 1, 2, 3, 4, 5, 7, 9, 10
IFD, UTF8, LONG8, SLONG8, IFD8 = 13, 129, 16, 17, 18
EXIF_POINTER, SUB_POINTERS = 0x8769, 330
HEADERS = (b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0")
"""What TIFF structures begin with; the last two are of more than 4 GB, in principle."""

MAX_ENTRIES = 512
"""Of a directory: more is read of none."""
_SIZES = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, 6: 1, UNDEFINED: 1, 8: 2, SLONG: 4}
_SIZES |= {SRATIONAL: 8, 11: 4, 12: 8, IFD: 4, LONG8: 8, SLONG8: 8, IFD8: 8, UTF8: 1}
_NUMBERS = {BYTE: "B", SHORT: "H", LONG: "I", RATIONAL: "I", SLONG: "i", SRATIONAL: "i", IFD: "I"}
_NUMBERS |= {LONG8: "Q", IFD8: "Q"}

Values = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A tag as its directory has it; its value is read when it is wanted."""

    kind: int
    count: int
    start: int
    """Of the value, from the structure's beginning."""

    @property
    def is_number(self) -> bool:
        """Can :meth:`TiffTags.numbers` read it?"""
        return self.kind in _NUMBERS

    @property
    def nbytes(self) -> int:
        """Of the value, as it is declared."""
        return _SIZES.get(self.kind, 0) * self.count


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Some tags, and where the next directory begins; 0 is nowhere."""

    entries: Mapping[int, Entry]
    following: int


@final
class TiffTags:
    """A TIFF structure somewhere in some bytes. Nothing is trusted, and nothing raises."""

    def __init__(self, data: bytes, start: int = 0) -> None:
        """``start`` is where it begins; see :func:`tiff_tags`."""
        self._data, self._start = data, start
        head = data[start : start + 4]
        self._order: Literal["<", ">"] = "<" if head[:2] == b"II" else ">"
        self._is_big = 0x2B in head[2:4]

    @property
    def first(self) -> Directory:
        """The one that the header names; empty if there is none."""
        return self.directory(self.first_offset)

    def directory(self, offset: int) -> Directory:
        """The one at this place; empty if there is none."""
        counted, each, pointer = ("Q", "HHQ", "Q") if self._is_big else ("H", "HHI", "I")
        (count,) = self._unpack(counted, offset)
        body = offset + struct.calcsize(counted)
        inline = struct.calcsize(pointer)
        step = struct.calcsize(f"={each}") + inline
        entries: dict[int, Entry] = {}
        for place in range(body, body + min(count, MAX_ENTRIES) * step, step):
            number, kind, length = self._unpack(each, place)
            if kind not in _SIZES:
                continue
            value = place + step - inline
            if _SIZES[kind] * length > inline:
                (value,) = self._unpack(pointer, value)
            entries.setdefault(number, Entry(kind=kind, count=length, start=value))
        (following,) = self._unpack(pointer, body + count * step)
        return Directory(entries=entries, following=following)

    def raw(self, entry: Entry, *, at_most: int) -> bytes:
        """The value's bytes, cut short if there are more."""
        start = self._start + entry.start
        return self._data[start : start + min(entry.nbytes, at_most)]

    def numbers(self, entry: Entry, *, at_most: int) -> Values:
        """The value as integers, rationals as two each; empty for what is no numbers, or not there.

        At most ``at_most`` of the entry's count are read.
        """
        letter = _NUMBERS.get(entry.kind)
        if letter is None or entry.count == 0:
            return ()
        count = min(entry.count, at_most)
        raw = self.raw(entry, at_most=count * _SIZES[entry.kind])
        if len(raw) < count * _SIZES[entry.kind]:
            return ()
        return struct.unpack(f"{self._order}{len(raw) // struct.calcsize(letter)}{letter}", raw)

    def exif_directory(self) -> Directory:
        """The camera's own tags; empty if there are none."""
        entry = self.first.entries.get(EXIF_POINTER)
        offsets = () if entry is None else self.numbers(entry, at_most=1)
        return self.directory(offsets[0]) if offsets else Directory(entries={}, following=0)

    def directories(self, *, at_most: int = 32) -> Iterator[Directory]:
        """All of them, also those within others, each once."""
        seen: set[int] = set()
        waiting = [self.first_offset]
        while waiting and len(seen) < at_most:
            offset = waiting.pop(0)
            if offset == 0 or offset in seen:
                continue
            seen.add(offset)
            found = self.directory(offset)
            yield found
            for number in (EXIF_POINTER, SUB_POINTERS):
                if number in found.entries:
                    waiting += self.numbers(found.entries[number], at_most=at_most)
            waiting.append(found.following)

    @property
    def first_offset(self) -> int:
        """Where the first directory is; 0 is nowhere."""
        (offset,) = self._unpack("Q", 8) if self._is_big else self._unpack("I", 4)
        return offset

    def _unpack(self, form: str, offset: int) -> tuple[int, ...]:
        """Zeros beyond the end."""
        form = f"{self._order}{form}"
        start = self._start + offset
        raw = self._data[start : start + struct.calcsize(form)]
        return struct.unpack(form, raw.ljust(struct.calcsize(form), b"\0"))


def tiff_tags(data: bytes) -> TiffTags | None:
    """Of an EXIF block or a TIFF file; None if it is none."""
    start = len(EXIF_PREFIX) if data.startswith(EXIF_PREFIX) else 0
    return TiffTags(data, start) if data.startswith(HEADERS, start) else None


def embedded_tiff_tags(data: bytes, *, at_most: int = 8) -> Iterator[TiffTags]:
    """All that begin anywhere within some bytes."""
    found = 0
    for header in HEADERS:
        start = data.find(header)
        while start >= 0 and found < at_most:
            found += 1
            yield TiffTags(data, start)
            start = data.find(header, start + 1)


@dataclass(frozen=True, kw_only=True)
class NewTag:
    """A tag to be written."""

    number: int
    kind: int
    count: int
    value: bytes
    """Little-endian."""


def packed(kind: int, values: Iterable[int]) -> bytes:
    """Numbers as a tag's value."""
    return b"".join(struct.pack(f"<{_NUMBERS[kind]}", value) for value in values)


def exif_block(image: list[NewTag], camera: list[NewTag]) -> bytes:
    """An EXIF block of these tags, with its prefix; empty if there are none."""
    if not image and not camera:
        return b""
    if camera:
        offset = 8 + _length(image, more=1)
        pointer = NewTag(number=EXIF_POINTER, kind=LONG, count=1, value=packed(LONG, [offset]))
        image = [*image, pointer]
    head = b"II*\0" + struct.pack("<I", 8)
    body = _directory(image, start=8)
    return EXIF_PREFIX + head + body + (_directory(camera, start=8 + len(body)) if camera else b"")


def _length(tags: list[NewTag], *, more: int) -> int:
    values = sum(_even(len(tag.value)) for tag in tags if len(tag.value) > 4)
    return 2 + 12 * (len(tags) + more) + 4 + values


def _directory(tags: list[NewTag], *, start: int) -> bytes:
    """Without a next one."""
    rows, values = b"", b""
    first = start + 2 + 12 * len(tags) + 4
    for tag in sorted(tags, key=lambda one: one.number):
        place = tag.value.ljust(4, b"\0")
        if len(tag.value) > 4:
            place = struct.pack("<I", first + len(values))
            values += tag.value.ljust(_even(len(tag.value)), b"\0")
        rows += struct.pack("<HHI", tag.number, tag.kind, tag.count) + place
    return struct.pack("<H", len(tags)) + rows + bytes(4) + values


def _even(length: int) -> int:
    return length + length % 2
