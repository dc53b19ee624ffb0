"""Files that are either whole or not there: written beside their place, then renamed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tugan.core.errors import OutputError


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
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path to write to, which becomes ``path`` if the block ends well.

    It keeps the suffix, since encoders choose the format by it. Missing folders are made.
    :class:`OutputError` if the place cannot be written to.
    """
    check_writable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tugan-", suffix=path.suffix)
        os.close(handle)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _check_folder(folder: Path) -> None:
    """Could a file be made in this folder, or the folder itself in the nearest one above?"""
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    if not existing.is_dir():
        raise OutputError(f"cannot write into {folder}: {existing} is a file, not a folder")
    with tempfile.TemporaryFile(dir=existing):
        pass


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
