"""Files that somebody names, opened without trusting what is there.

A path may lead to a pipe that never ends, to a device, to a file of a terabyte. What is read here
is a regular file of a reasonable size, and nothing else was opened on the way.
"""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tugan.core.errors import TuganError

MEBIBYTE = 1 << 20
_ONE_GO = 1 << 20
# a pipe that nobody writes to must not hold us up, nor a terminal become ours; not on Windows
_GENTLY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def opened_input(
    path: Path,
    *,
    what: str,
    most_bytes: int,
    error: type[TuganError] = TuganError,
    links: bool = True,
) -> Iterator[io.BufferedReader]:
    """The file, open for reading; ``error`` unless it is a regular one, of at most this size.

    ``what`` it is, as in "there is no mask PATH". With ``links=False`` a symbolic link is refused.
    """
    try:
        opened = _opened(path, what=what, error=error, links=links)
    except OSError as fault:
        raise error(f"cannot read the {what} {path}: {fault.strerror or fault}") from fault
    with opened:
        size = os.fstat(opened.fileno()).st_size
        if size > most_bytes:
            raise error(
                f"the {what} {path} has {_in_words(size)}; at most {_in_words(most_bytes)} are read"
            )
        yield opened


def read_input(
    path: Path,
    *,
    what: str,
    most_bytes: int,
    error: type[TuganError] = TuganError,
    links: bool = True,
) -> bytes:
    """The whole content; errors as :func:`opened_input`."""
    with opened_input(path, what=what, most_bytes=most_bytes, error=error, links=links) as opened:
        try:
            content = opened.read(os.fstat(opened.fileno()).st_size)
            # some files of the system say that they are empty, and go on for ever
            while more := opened.read(_ONE_GO):
                content += more
                if len(content) > most_bytes:
                    raise error(
                        f"the {what} {path} goes on beyond {_in_words(most_bytes)}, which are read"
                    )
        except OSError as fault:
            raise error(f"cannot read the {what} {path}: {fault.strerror or fault}") from fault
    return content


def check_input(
    path: Path, *, what: str, most_bytes: int, error: type[TuganError] = TuganError
) -> None:
    """``error`` unless :func:`read_input` would begin to read it: for libraries that open paths."""
    with opened_input(path, what=what, most_bytes=most_bytes, error=error):
        pass


def _opened(path: Path, *, what: str, error: type[TuganError], links: bool) -> io.BufferedReader:
    try:
        found = path.stat() if links else path.lstat()
    except FileNotFoundError as fault:
        raise error(f"there is no {what} {path}") from fault
    except ValueError as fault:  # a zero byte
        raise error(f"{path!r:.200} is no name of a {what}: {fault}") from fault
    # looked at first, since opening a device can do something; and again, since it may change
    _check_kind(found.st_mode, path, what=what, error=error)
    handle = os.open(path, os.O_RDONLY | _GENTLY | (0 if links else _NO_LINK))
    try:
        _check_kind(os.fstat(handle).st_mode, path, what=what, error=error)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _check_kind(mode: int, path: Path, *, what: str, error: type[TuganError]) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISLNK, "a link"),
    )
    kind = next((name for is_one, name in kinds if is_one(mode)), "a device")
    raise error(f"the {what} {path} is {kind}: give a file")


def _in_words(size: int) -> str:
    if size < MEBIBYTE:
        return f"{size} bytes"
    return f"{size / MEBIBYTE:.0f} MiB"
