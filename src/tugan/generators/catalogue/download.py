"""A file from an address to a place on disk, gone on with where it was cut off."""

import errno
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import final
from urllib.parse import urlsplit

from tugan.core.atomic_write import check_writable
from tugan.core.errors import OutputError
from tugan.generators.catalogue.errors import DownloadError
from tugan.generators.catalogue.offer import MAX_BYTES
from tugan.generators.catalogue.partial import Partial, PartNote
from tugan.generators.catalogue.transport import Answer, check_online, request

CHUNK_BYTES = 1 << 20
_OK, _PARTIAL, _NOT_SATISFIABLE = 200, 206, 416
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for a server, and how often to ask it again."""

    timeout_s: float = 30.0
    """Without a byte."""
    attempts: int = 5
    """One after another without a byte more than ever before."""
    pause_s: float = 1.0
    """Before the second attempt; twice as long before each that follows."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """How far a download has come."""

    done_bytes: int
    total_bytes: int | None
    """None if the server does not say."""


def download(
    address: str, target: Path, *, patience: Patience | None = None, max_bytes: int = MAX_BYTES
) -> Iterator[Received]:
    """Fetch ``address`` to ``target``, which is there, whole, when the iterator ends.

    To stop consuming it is to interrupt it: what was received stays beside ``target`` and is gone
    on with next time, if the server can (RFC 9110, sections 13.1.5 and 14: ``Range`` with
    ``If-Range``) and the file is still the same; else it begins anew.

    :class:`DownloadError` says what the server did; :class:`OutputError` that the disk is full or
    the folder cannot be written to.
    """
    check_online()
    check_writable(target)
    patience = patience or Patience()
    fetch = _Fetch(
        address=address,
        partial=Partial(target=target),
        timeout_s=patience.timeout_s,
        max_bytes=max_bytes,
    )
    farthest, failures = -1, 0
    while True:
        try:
            yield from fetch.once()
            break
        except _CutError as cut:
            grown = fetch.partial.size_bytes > farthest
            farthest = max(farthest, fetch.partial.size_bytes)
            failures = 1 if grown and farthest > 0 else failures + 1
            if failures >= patience.attempts:
                raise DownloadError(cut.message) from cut
            time.sleep(patience.pause_s * 2 ** (failures - 1))
        except OSError as error:
            raise _of_disk(error, target) from error
    try:
        fetch.partial.finish()
    except OSError as error:
        raise _of_disk(error, target) from error


class _CutError(Exception):
    """An attempt that another one may make good."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@final
@dataclass(frozen=True, kw_only=True)
class _Fetch:
    address: str
    partial: Partial
    timeout_s: float
    max_bytes: int

    def once(self) -> Iterator[Received]:
        """One request, to the end of the file; :class:`_CutError` where it is worth another."""
        note = self.partial.note(self.address)
        headers = {"Accept-Encoding": "identity"}  # lengths and ranges are of the file itself
        if note is not None:
            headers |= {
                "Range": f"bytes={self.partial.size_bytes}-",
                "If-Range": note.validator,
            }
        with closing(self._ask(headers)) as answer:
            total = self._prepare(answer, note)
            yield from self._receive(answer, total)

    def _ask(self, headers: dict[str, str]) -> Answer:
        host = urlsplit(self.address).hostname
        try:
            return request(self.address, headers, timeout_s=self.timeout_s)
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise _CutError(
                f"cannot reach {host} ({reason}): are you online? What was received before"
                " is kept; a file that was fetched elsewhere can be given with --from FILE"
            ) from error

    def _prepare(self, answer: Answer, note: PartNote | None) -> int | None:
        """The file's length, with the part ready to be appended to."""
        self._check_status(answer)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise DownloadError(f"{self.address}: the server sends it compressed, unasked")
        if answer.status == _PARTIAL:
            return self._go_on(answer, note)
        total = _length(answer)
        self._check_size(total or 0)
        validator = _validator(answer)
        known = total is not None and validator is not None
        self.partial.begin(
            PartNote(address=self.address, validator=str(validator), total_bytes=total or 0)
            if known
            else None
        )
        self._check_room(total or 0)
        return total

    def _go_on(self, answer: Answer, note: PartNote | None) -> int:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        begins = None if found is None else (int(found[1]), int(found[2]))
        same = note is not None and _validator(answer) in (None, note.validator)
        if note is None or not same or begins != (self.partial.size_bytes, note.total_bytes):
            self.partial.drop()
            raise _CutError(
                f"{self.address}: the server answered with a part of another file than it was"
                " asked for; try again"
            )
        self._check_room(note.total_bytes - self.partial.size_bytes)
        return note.total_bytes

    def _check_status(self, answer: Answer) -> None:
        status = answer.status
        if status in (_OK, _PARTIAL):
            return
        if status == _NOT_SATISFIABLE:  # more is here than there is: not that file any more
            self.partial.drop()
            raise _CutError(f"{self.address}: the server has less of it than was received before")
        if status in (408, 425, 429) or status >= 500:
            raise _CutError(
                f"{self.address}: the server answers {status}, which may pass: try again later"
            )
        if status in (401, 403):
            raise DownloadError(
                f"{self.address}: the server answers {status}, it does not give this file to"
                " everybody: fetch it as its page says and give it with --from FILE"
            )
        raise DownloadError(
            f"{self.address}: the server answers {status}; if the file has moved, fetch it from its"
            " new place and give it with --from FILE"
        )

    def _receive(self, answer: Answer, total: int | None) -> Iterator[Received]:
        done = self.partial.size_bytes
        yield Received(done_bytes=done, total_bytes=total)
        with self.partial.path.open("ab") as file:
            while chunk := self._read(answer):
                file.write(chunk)
                done += len(chunk)
                self._check_size(done)
                yield Received(done_bytes=done, total_bytes=total)
        if total is not None and done != total:
            raise _CutError(
                f"{self.address}: the connection ended after {done} of {total} bytes; they are"
                " kept, try again"
            )
        if done == 0:
            raise DownloadError(f"{self.address}: the server sent an empty file")

    def _read(self, answer: Answer) -> bytes:
        try:
            return answer.read(CHUNK_BYTES)
        except (OSError, HTTPException) as error:
            raise _CutError(
                f"{self.address}: the connection broke off ({error or type(error).__name__}); what"
                " was received is kept, try again"
            ) from error

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self.max_bytes:
            self.partial.drop()
            raise DownloadError(
                f"{self.address} has more than {_megabytes(self.max_bytes)}, which no generator"
                " has: it is not what it should be"
            )

    def _check_room(self, needed_bytes: int) -> None:
        free = shutil.disk_usage(self.partial.path.parent).free
        if needed_bytes > free:
            raise OutputError(
                f"{self.partial.target.parent} has {_megabytes(free)} left, but"
                f" {_megabytes(needed_bytes)} are still to come: make room, or let TUGAN_CACHE"
                " name a folder on another disk"
            )


def _length(answer: Answer) -> int | None:
    text = answer.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _validator(answer: Answer) -> str | None:
    """Weak ETags do not promise the same bytes."""
    etag: str = answer.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return answer.headers.get("Last-Modified")


def _of_disk(error: OSError, target: Path) -> OutputError:
    if error.errno in _FULL:
        return OutputError(
            f"cannot write {target}: the disk is full ({error.strerror}); make room, or let"
            " TUGAN_CACHE name a folder on another disk"
        )
    return OutputError(f"cannot write {target}: {error.strerror or error}")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"
