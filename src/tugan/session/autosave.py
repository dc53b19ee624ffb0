"""The folder where sessions save themselves, and what an earlier run left there."""

import contextlib
import logging
import os
import re
import stat
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import final

from tugan.core.atomic_write import TEMPORARY_PREFIX, left_behind
from tugan.core.errors import OutputError, TuganError
from tugan.core.file_lock import HeldElsewhereError, HeldLock, delete_if_free, hold
from tugan.core.input_file import opened_input
from tugan.core.state_folder import close_to_others, private_folder
from tugan.session.errors import SessionError
from tugan.session.history import History
from tugan.session.project_archive import MAX_FILE_BYTES, read_manifest
from tugan.session.project_errors import NewerProjectError, ProjectFileError
from tugan.session.project_file import read_history
from tugan.session.project_reader import parse_manifest

SUFFIX = ".tugan"
DAMAGED_SUFFIX = ".damaged"
LOCK_SUFFIX = ".lock"
CLAIM_WAIT_S = 0.5
"""For a studio that is just ending."""
KEPT = 20
"""So many are kept, however old."""
KEPT_DAYS = 30.0
"""Beyond them, those younger than this."""
MOST_SHOWN = 100
"""Of what can be opened, the newest."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DAY_S = 86_400.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recoverable:
    """Saved work."""

    id: str
    """Of its session."""
    saved_at: float
    """Seconds since 1970."""
    text: str
    """The model and the last thing done."""


_Known = tuple[tuple[int, int, int], Recoverable | None]
"""What a file was when it was looked at, and what was found in it."""


@final
class AutosaveFolder:
    """Saved sessions, a file each. Nothing here raises because a file is damaged.

    For any thread. What is no regular file (a link, a pipe) is no saved session.
    """

    def __init__(self, folder: Path) -> None:
        """The folder need not exist yet."""
        self._folder = folder
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def path(self, session: str) -> Path:
        """Where a session saves itself; :class:`SessionError` for what is no id."""
        if not _ID.fullmatch(session):
            raise SessionError("unknown-session", "There is no such session.", "Reload the page.")
        return self._folder / f"{session}{SUFFIX}"

    def claim(self, session: str) -> HeldLock:
        """Keep a session's saved work to this program until the lock is released.

        Without it two studios on one folder would overwrite each other's. :class:`SessionError`
        ``session-elsewhere`` if another one has it open; :class:`~tugan.core.errors.OutputError` if
        the folder cannot be written to.
        """
        path = self.path(session)
        try:
            private_folder(self._folder)
        except OSError as error:
            raise OutputError(
                f"cannot keep work in {self._folder}: {error.strerror or error}"
            ) from error
        try:
            lock = hold(path.with_suffix(LOCK_SUFFIX), wait_s=CLAIM_WAIT_S)
        except HeldElsewhereError as error:
            raise SessionError(
                "session-elsewhere",
                "This work is open in another studio.",
                "Go on there, or end that studio first.",
            ) from error
        # nobody else writes it now: what is there was left by a program that was killed
        self._clear(session)
        return lock

    def has(self, session: str) -> bool:
        """Is there saved work of this session?"""
        return bool(_ID.fullmatch(session)) and _looked_at(self.path(session)) is not None

    def recoverable(self) -> tuple[Recoverable, ...]:
        """All that can be opened, the newest first; damaged files are set aside.

        What is too old to be wanted back goes: see :meth:`tidy`.
        """
        self.tidy()
        newest = sorted(self._files(), key=_saved_at, reverse=True)[:MOST_SHOWN]
        found = {path.stem: self._known_or_described(path) for path in newest}
        with self._lock:
            # what cannot be read now may be set aside later, when nobody has it open
            self._known = {key: one for key, one in found.items() if one is not None and one[1]}
        shown = (one[1] for one in found.values() if one is not None)
        return tuple(
            sorted((one for one in shown if one is not None), key=lambda one: -one.saved_at)
        )

    def load(self, session: str) -> History:
        """Saved work; :class:`ProjectFileError` if it is not there, or damaged."""
        return read_history(self.path(session))

    def set_aside(self, session: str) -> None:
        """Out of the way of what is saved next, and still there; the caller has claimed it."""
        _move_aside(self.path(session))

    def discard(self, session: str) -> None:
        """Delete saved work, if there is any; :class:`SessionError` if it is open elsewhere."""
        path = self.path(session)
        if not self.has(session):
            return
        with self.claim(session):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise OutputError(f"cannot delete the saved work: {error.strerror}") from error
        delete_if_free(path.with_suffix(LOCK_SUFFIX))

    def tidy(self) -> None:
        """Delete what is both beyond the newest twenty and older than a month.

        What another studio has open stays.
        """
        by_age = sorted(self._files(), key=_saved_at, reverse=True)
        for path in by_age[KEPT:]:
            if time.time() - _saved_at(path) > KEPT_DAYS * _DAY_S:
                self._delete(path)

    def clean_up(self) -> None:
        """At a start: close the folder to others, and clear what killed programs left.

        That are the temporary files of writes, and locks of sessions that were never saved.
        """
        if not self._folder.is_dir():
            return
        close_to_others(self._folder)
        for path in self._files():
            close_to_others(path)
        for path in self._folder.glob(f"{TEMPORARY_PREFIX}*"):
            # .tugan-SESSION-RANDOM.tugan
            self._clear_if_free(path.stem.removeprefix(TEMPORARY_PREFIX).rpartition("-")[0])
        for path in self._folder.glob(f"*{LOCK_SUFFIX}"):
            if not self.has(path.stem):
                delete_if_free(path)

    def _clear_if_free(self, session: str) -> None:
        if not _ID.fullmatch(session):
            return
        try:
            lock = hold(self.path(session).with_suffix(LOCK_SUFFIX))
        except (HeldElsewhereError, OutputError):
            return
        with lock:
            self._clear(session)

    def _clear(self, session: str) -> None:
        for path in left_behind(self._folder, session):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _delete(self, path: Path) -> None:
        try:
            with hold(path.with_suffix(LOCK_SUFFIX)):
                path.unlink(missing_ok=True)
        except HeldElsewhereError:
            return
        except (OSError, OutputError):
            _log.warning("old work at %s cannot be deleted", path)
            return
        delete_if_free(path.with_suffix(LOCK_SUFFIX))

    def _files(self) -> list[Path]:
        try:
            paths = [path for path in self._folder.glob(f"*{SUFFIX}") if _ID.fullmatch(path.stem)]
        except OSError:
            return []
        return [path for path in paths if _looked_at(path) is not None]

    def _known_or_described(self, path: Path) -> _Known | None:
        """Looked into once as long as it stays the same: every page that comes asks for it."""
        now = _looked_at(path)
        if now is None:
            return None
        with self._lock:
            known = self._known.get(path.stem)
        return known if known is not None and known[0] == now else (now, self._describe(path))

    def _describe(self, path: Path) -> Recoverable | None:
        try:
            with opened_input(
                path, what="saved work", most_bytes=MAX_FILE_BYTES, error=_Unreadable, links=False
            ) as opened:
                manifest = parse_manifest(read_manifest(opened, name=path.name), name=path.name)
            saved_at = path.stat().st_mtime
        except (OSError, _Unreadable, NewerProjectError):  # gone, not ours to read, or not yet
            return None
        except ProjectFileError as error:
            _log.warning("saved work that cannot be read is set aside: %s", error)
            _set_aside(path)
            return None
        except Exception:  # noqa: BLE001 (the edge: no file may keep pages from opening)
            _log.exception("saved work that cannot be read is set aside: %s", path.name)
            _set_aside(path)
            return None
        last = next(one for one in manifest.entries if one.id == manifest.current)
        return Recoverable(
            id=path.stem,
            saved_at=saved_at,
            text=f"{Path(manifest.model.name_or_path).name}: {last.text}",
        )


class _Unreadable(TuganError):  # noqa: N818 - it is no fault of anybody's
    """Nothing that could be looked into."""


def _looked_at(path: Path) -> tuple[int, int, int] | None:
    """What changes when the file does; None unless it is a regular one.

    A link, a pipe or a folder of such a name is nothing that a session saved.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _set_aside(path: Path) -> None:
    """Unless another studio has it open."""
    try:
        with hold(path.with_suffix(LOCK_SUFFIX)):
            _move_aside(path)
    except (HeldElsewhereError, OutputError):
        return
    delete_if_free(path.with_suffix(LOCK_SUFFIX))


def _move_aside(path: Path) -> None:
    try:
        path.replace(path.with_suffix(DAMAGED_SUFFIX))
    except OSError:
        _log.warning("%s cannot be moved out of the way", path)


def _saved_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # gone meanwhile
        return 0.0
