"""The directories of a TIFF file: what its pictures are made of."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tugan.render.tiff_tags import HEADERS, RATIONAL, Directory, TiffTags

MAX_DIRECTORIES = 64
_MAX_VALUES = 1024
"""Nothing that is looked at is longer; a file may declare whatever it likes."""

GREY_WHITE_IS_ZERO, GREY, RGB, PALETTE, SEPARATED, YCBCR, CIELAB = 0, 1, 2, 3, 5, 6, 8
CFA, LINEAR_RAW = 32803, 34892
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
PLANES_APART = 2
ASSOCIATED_ALPHA = 1
UNCOMPRESSED = 1

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SUBFILE, _OLD_SUBFILE, _ORIENTATION, _SAMPLES, _PLANAR = 254, 255, 274, 277, 284
_TRANSFER, _WHITE_POINT, _PRIMARIES, _COLOUR_TABLE, _SUBDIRECTORIES = 301, 318, 319, 320, 330
_INK_SET, _EXTRA_SAMPLES, _SAMPLE_FORMAT = 332, 338, 339
_WANTED = {
    *(_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SUBFILE, _OLD_SUBFILE, _ORIENTATION),
    *(_SAMPLES, _PLANAR, _TRANSFER, _WHITE_POINT, _PRIMARIES, _COLOUR_TABLE, _SUBDIRECTORIES),
    *(_INK_SET, _EXTRA_SAMPLES, _SAMPLE_FORMAT),
}
Numbers = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class TiffPage:
    """One picture of a TIFF file, as its directory describes it."""

    offset: int
    """Of its directory, bytes from the file's start."""
    size_wh: tuple[int, int]
    bits: tuple[int, ...]
    """Of each sample of a pixel."""
    formats: tuple[int, ...]
    """SampleFormat: 1 unsigned, 2 signed, 3 float."""
    photometric: int
    planar: int
    extra: tuple[int, ...]
    compression: int
    subfile: int
    """NewSubfileType: bit 0 reduced, bit 2 a mask of another picture."""
    orientation: int
    """0 where the directory has none."""
    ink_set: int
    colour_table: Numbers = field(repr=False)
    white_xy: Numbers
    primaries_xy: Numbers
    has_transfer_table: bool
    big_endian: bool
    children: tuple[int, ...]
    following: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.size_wh[0] * self.size_wh[1]

    @property
    def is_reduced(self) -> bool:
        """Whether it is a smaller copy of another picture of the file."""
        return bool(self.subfile & 1)

    @property
    def is_mask(self) -> bool:
        """Whether it says what of another picture is transparent."""
        return bool(self.subfile & 4)

    @property
    def is_raw(self) -> bool:
        """Whether it holds a sensor's numbers."""
        return self.photometric in (CFA, LINEAR_RAW)


@dataclass(frozen=True, kw_only=True)
class TiffPages:
    """All pictures of a file: those in its chain of directories, and those below each of them."""

    chain: tuple[TiffPage, ...]
    nested: tuple[TiffPage, ...]

    @property
    def all(self) -> tuple[TiffPage, ...]:
        """The chain's, then the others."""
        return self.chain + self.nested


def is_tiff(content: bytes) -> bool:
    """Whether it begins as a TIFF or BigTIFF file does."""
    return content.startswith(HEADERS)


def tiff_pages(content: bytes) -> TiffPages | None:
    """What the file holds; ``None`` if it is no TIFF, or its first directory is damaged."""
    return _Pages(content).all() if is_tiff(content) else None


def beginning_with(content: bytes, page: TiffPage) -> bytes:
    """The same file with this picture as its first one."""
    if content[2:4] in (b"+\0", b"\0+"):
        order = ">Q" if content[:2] == b"MM" else "<Q"
        return content[:8] + struct.pack(order, page.offset) + content[16:]
    order = ">I" if content[:2] == b"MM" else "<I"
    return content[:4] + struct.pack(order, page.offset) + content[8:]


class _Pages:
    """Reads what is wanted of directories, each of them once."""

    def __init__(self, content: bytes) -> None:
        self._tags, self._big_endian = TiffTags(content), content[:2] == b"MM"
        self._seen: set[int] = set()

    def all(self) -> TiffPages | None:
        chain = tuple(self._chain(self._tags.first_offset))
        nested: list[TiffPage] = []
        waiting = [offset for page in chain for offset in page.children]
        while waiting:
            for page in self._chain(waiting.pop(0)):
                nested.append(page)
                waiting += page.children
        return TiffPages(chain=chain, nested=tuple(nested)) if chain else None

    def _chain(self, offset: int) -> Iterator[TiffPage]:
        while offset and offset not in self._seen and len(self._seen) < MAX_DIRECTORIES:
            self._seen.add(offset)
            page = self._page(offset)
            if page is None:
                return
            yield page
            offset = page.following

    def _page(self, offset: int) -> TiffPage | None:
        directory = self._tags.directory(offset)
        found = self._wanted(directory)
        if found is None:
            return None
        width, height = (_first(found, tag, 0) for tag in (_WIDTH, _HEIGHT))
        if not (width and height):
            return None
        bits = tuple(int(value) for value in found.get(_BITS, (1,)))
        samples = _first(found, _SAMPLES, len(bits))
        if len(bits) < samples and len(set(bits)) == 1:
            bits = bits[:1] * min(samples, _MAX_VALUES)
        return TiffPage(
            offset=offset,
            size_wh=(width, height),
            bits=bits[: max(samples, 1)],
            formats=tuple(int(value) for value in found.get(_SAMPLE_FORMAT, (UNSIGNED,))),
            photometric=_first(found, _PHOTOMETRIC, 0),
            planar=_first(found, _PLANAR, 1),
            extra=tuple(int(value) for value in found.get(_EXTRA_SAMPLES, ())),
            compression=_first(found, _COMPRESSION, UNCOMPRESSED),
            subfile=_first(found, _SUBFILE, 1 if _first(found, _OLD_SUBFILE, 1) == 2 else 0),
            orientation=_first(found, _ORIENTATION, 0),
            ink_set=_first(found, _INK_SET, 1),
            colour_table=found.get(_COLOUR_TABLE, ()),
            white_xy=found.get(_WHITE_POINT, ()),
            primaries_xy=found.get(_PRIMARIES, ()),
            has_transfer_table=_TRANSFER in found,
            big_endian=self._big_endian,
            children=tuple(int(value) for value in found.get(_SUBDIRECTORIES, ())),
            following=directory.following,
        )

    def _wanted(self, directory: Directory) -> dict[int, Numbers] | None:
        """Tags by their numbers; None where one is not as long as it says."""
        found: dict[int, Numbers] = {}
        for tag in _WANTED & directory.entries.keys():
            entry = directory.entries[tag]
            if not entry.is_number or entry.count == 0:
                continue
            values: Numbers = self._tags.numbers(entry, at_most=_MAX_VALUES)
            if not values:
                return None
            if entry.kind == RATIONAL:
                pairs = zip(values[::2], values[1::2], strict=True)
                values = tuple(above / below if below else 0.0 for above, below in pairs)
            found[tag] = values
        return found


def _first(found: dict[int, Numbers], tag: int, otherwise: int) -> int:
    values = found.get(tag, ())
    return int(values[0]) if values else otherwise
