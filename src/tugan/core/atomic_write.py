"""Files that are either whole or not there: written beside their place, then renamed."""

import contextlib
import glob
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tugan.core.errors import OutputError

TEMPORARY_PREFIX = ".tugan-"


def check_writable(path: Path) -> None:
    """Raise :class:`OutputError` unless a file can be made at ``path``; makes nothing.

    Called before long work starts, so that its result has a place to go.
    """
    try:
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder; give a file name")
        if path.exists() and not path.is_file():
            raise OutputError(f"cannot write {path}: it is a device or a pipe; give a file name")
        if path.exists() and not os.access(path, os.W_OK):
            raise OutputError(f"cannot overwrite {path}: permission denied")
        _check_folder(path.absolute().parent)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def atomic_path(path: Path, *, private: bool = False, synced: bool = False) -> Iterator[Path]:
    """Give a temporary path to write to, which becomes ``path`` if the block ends well.

    It keeps the suffix, since encoders choose the format by it. Missing folders are made. A
    ``private`` file is the user's alone (0600); others have the permissions of the file that they
    replace, or those of any new file of this process. ``synced`` waits until file and folder are
    on the disk, so that a loss of power leaves the old file or the new one. :class:`OutputError`
    if the place cannot be written to.
    """
    check_writable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _new_file(path, mode=0o600 if private else 0o666)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        yield temporary
        if not private and path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        if synced:
            _sync(temporary, os.O_RDWR)
        temporary.replace(path)
        if synced and hasattr(os, "O_DIRECTORY"):
            _sync(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def left_behind(folder: Path, stem: str) -> list[Path]:
    """The temporary files of ``stem`` that writes left in a folder when they were killed.

    A write that is going on has one, too: only for those who know that there is none.
    """
    return list(folder.glob(f"{glob.escape(_hidden(stem))}*"))


def _hidden(stem: str) -> str:
    # names have 255 bytes at most, of which the random part and the suffix need some
    return f"{TEMPORARY_PREFIX}{stem.encode()[:120].decode(errors='ignore')}-"


def _new_file(path: Path, *, mode: int) -> Path:
    """An empty file of its own; the system takes from ``mode`` what this process withholds.

    ``tempfile`` makes files of 0600, and the process's umask cannot be read without changing it
    for all threads.
    """
    while True:
        name = path.with_name(f"{_hidden(path.stem)}{secrets.token_hex(6)}{path.suffix[-100:]}")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
            return name


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_folder(folder: Path) -> None:
    """Could a file be made in this folder, or the folder itself in the nearest one above?"""
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    if not existing.is_dir():
        raise OutputError(f"cannot write into {folder}: {existing} is a file, not a folder")
    with tempfile.TemporaryFile(dir=existing):
        pass
