"""Locks between programs: a file that at most one of them holds."""

import contextlib
import logging
from pathlib import Path
from typing import final

from filelock import FileLock, Timeout

from tugan.core.errors import OutputError

_log = logging.getLogger(__name__)


class HeldElsewhereError(Exception):
    """Another program, or another part of this one, holds the lock."""


@final
class HeldLock:
    """A lock that is held until it is released; the system releases it when the program ends."""

    def __init__(self, lock: FileLock | None) -> None:
        """``None`` where the file system knows no locks."""
        self._lock = lock

    def release(self) -> None:
        """Let others have it; again does nothing."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> "HeldLock":
        """It is held already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release it."""
        self.release()


def hold(path: Path, *, wait_s: float = 0.0) -> HeldLock:
    """Hold the lock file at ``path``, which is made where there is none, with its folder.

    :class:`HeldElsewhereError` if another holds it for longer than ``wait_s``;
    :class:`~tugan.core.errors.OutputError` if it cannot be made. File systems without locks (some
    network shares) hold nobody back, which is logged.
    """
    # not of a thread: what one thread takes hold of is released by another
    lock = FileLock(path, timeout=wait_s, mode=0o600, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(poll_interval=0.05)
    except Timeout as error:
        raise HeldElsewhereError(path.name) from error
    except NotImplementedError:
        _log.warning("%s is on a file system without locks: nobody else is held back", path)
        return HeldLock(None)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    return HeldLock(lock)


def delete_if_free(path: Path) -> None:
    """Delete a lock file that nobody holds."""
    with contextlib.suppress(HeldElsewhereError, OutputError, OSError), hold(path):
        path.unlink(missing_ok=True)
