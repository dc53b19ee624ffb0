"""The folder where sessions save themselves, and what an earlier run left there."""

import logging
import os
import re
import stat
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import final

from tugan.core.errors import OutputError, TuganError
from tugan.core.input_file import opened_input
from tugan.session.errors import SessionError
from tugan.session.history import History
from tugan.session.project_archive import MAX_FILE_BYTES, read_manifest
from tugan.session.project_errors import NewerProjectError, ProjectFileError
from tugan.session.project_file import read_history
from tugan.session.project_reader import parse_manifest

SUFFIX = ".tugan"
DAMAGED_SUFFIX = ".damaged"
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
            self._known = {key: one for key, one in found.items() if one is not None}
        shown = (one[1] for one in found.values() if one is not None)
        return tuple(
            sorted((one for one in shown if one is not None), key=lambda one: -one.saved_at)
        )

    def load(self, session: str) -> History:
        """Saved work; :class:`ProjectFileError` if it is not there, or damaged."""
        return read_history(self.path(session))

    def set_aside(self, session: str) -> None:
        """Out of the way of what is saved next, and still there."""
        _set_aside(self.path(session))

    def discard(self, session: str) -> None:
        """Delete saved work, if there is any."""
        try:
            self.path(session).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"cannot delete the saved work: {error.strerror}") from error

    def tidy(self) -> None:
        """Delete what is both beyond the newest twenty and older than a month."""
        by_age = sorted(self._files(), key=_saved_at, reverse=True)
        for path in by_age[KEPT:]:
            if time.time() - _saved_at(path) > KEPT_DAYS * _DAY_S:
                self._delete(path)

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            _log.warning("old work at %s cannot be deleted", path)

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
    """What changes when the file does; None unless it is a regular one."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _set_aside(path: Path) -> None:
    try:
        path.replace(path.with_suffix(DAMAGED_SUFFIX))
    except OSError:
        _log.warning("%s cannot be moved out of the way", path)


def _saved_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # gone meanwhile
        return 0.0
