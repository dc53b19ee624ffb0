"""Runs of bytes in a file that are read only when someone needs them."""

import io
from typing import final

from tugan.core.errors import CheckpointError

CHUNK = 1 << 16
"""Bytes that a cursor reads ahead."""
MAX_LINE = 4096
"""The text lines of old pickles hold numbers and names; none is longer."""


@final
class Span:
    """Bytes ``start`` to ``start + length`` of an open file; its maker checked that they exist."""

    __slots__ = ("_file", "length", "start")

    def __init__(self, file: io.BufferedIOBase, start: int, length: int) -> None:
        self._file = file
        self.start = start
        self.length = length

    @staticmethod
    def of_bytes(data: bytes) -> "Span":
        """A span over bytes that are in memory already."""
        return Span(io.BytesIO(data), 0, len(data))

    def sub(self, offset: int, length: int) -> "Span":
        """A part of this span; CheckpointError if it reaches outside."""
        if offset < 0 or length < 0 or offset + length > self.length:
            raise CheckpointError(
                f"expected {length} bytes at offset {offset}, but there are {self.length} in all; "
                "the file is damaged or its download was cut short: fetch it again"
            )
        return Span(self._file, self.start + offset, length)

    def read(self) -> bytes:
        """All its bytes."""
        self._file.seek(self.start)
        data = self._file.read(self.length)
        self._check_count(len(data))
        return data

    def read_into(self, buffer: memoryview) -> None:
        """Fill a buffer of exactly this length."""
        assert buffer.nbytes == self.length
        self._file.seek(self.start)
        done = 0
        while done < self.length:
            count = self._file.readinto(buffer[done:])
            if not count:
                break
            done += count
        self._check_count(done)

    def _check_count(self, count: int) -> None:
        if count != self.length:
            raise CheckpointError(
                f"expected {self.length} bytes but read {count}; the file changed while it was read"
            )


@final
class Cursor:
    """Reads a span from its start to its end and never past it."""

    __slots__ = ("_chunk", "_chunk_start", "_span", "position")

    def __init__(self, span: Span) -> None:
        self._span = span
        self._chunk = b""
        self._chunk_start = 0
        self.position = 0

    @property
    def left(self) -> int:
        """How many bytes remain."""
        return self._span.length - self.position

    def read(self, count: int) -> bytes:
        """The next bytes; CheckpointError if fewer remain, before anything is allocated."""
        self._check_left(count)
        begin = self.position - self._chunk_start
        if begin + count > len(self._chunk):
            ahead = min(max(count, CHUNK), self.left)
            self._chunk = self._span.sub(self.position, ahead).read()
            self._chunk_start, begin = self.position, 0
        self.position += count
        return self._chunk[begin : begin + count]

    def skip(self, count: int) -> Span:
        """Step over the next bytes without reading them; the span that holds them."""
        self._check_left(count)
        span = self._span.sub(self.position, count)
        self.position += count
        return span

    def line(self) -> bytes:
        """The bytes up to the next line feed, which is consumed and left out."""
        found = bytearray()
        while (byte := self.read(1)) != b"\n":
            found += byte
            if len(found) > MAX_LINE:
                raise CheckpointError(
                    f"expected a line of at most {MAX_LINE} bytes; the file is damaged"
                )
        return bytes(found)

    def _check_left(self, count: int) -> None:
        if count > self.left:
            raise CheckpointError(
                f"the file ends too early: expected {count} bytes at offset {self.position} "
                f"but {self.left} are left; its download was probably cut short: fetch it again"
            )
