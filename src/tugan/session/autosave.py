"""The folder where sessions save themselves, and what an earlier run left there."""

import logging
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import final

from tugan.core.errors import OutputError
from tugan.session.errors import SessionError
from tugan.session.history import History
from tugan.session.project_archive import read_manifest
from tugan.session.project_errors import NewerProjectError, ProjectFileError
from tugan.session.project_file import read_history
from tugan.session.project_reader import parse_manifest

SUFFIX = ".tugan"
DAMAGED_SUFFIX = ".damaged"
KEPT = 20
"""So many are kept, however old."""
KEPT_DAYS = 30.0
"""Beyond them, those younger than this."""
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


@final
class AutosaveFolder:
    """Saved sessions, a file each. Nothing here raises because a file is damaged."""

    def __init__(self, folder: Path) -> None:
        """The folder need not exist yet."""
        self._folder = folder

    def path(self, session: str) -> Path:
        """Where a session saves itself; :class:`SessionError` for what is no id."""
        if not _ID.fullmatch(session):
            raise SessionError("unknown-session", "There is no such session.", "Reload the page.")
        return self._folder / f"{session}{SUFFIX}"

    def has(self, session: str) -> bool:
        """Is there saved work of this session?"""
        return bool(_ID.fullmatch(session)) and self.path(session).is_file()

    def recoverable(self) -> tuple[Recoverable, ...]:
        """All that can be opened, the newest first; damaged files are set aside.

        What is too old to be wanted back goes: see :meth:`tidy`.
        """
        self.tidy()
        found = (self._describe(path) for path in self._files())
        return tuple(
            sorted((one for one in found if one is not None), key=lambda one: -one.saved_at)
        )

    def load(self, session: str) -> History:
        """Saved work; :class:`ProjectFileError` if it is not there, or damaged."""
        return read_history(self.path(session))

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
            return [path for path in self._folder.glob(f"*{SUFFIX}") if _ID.fullmatch(path.stem)]
        except OSError:
            return []

    def _describe(self, path: Path) -> Recoverable | None:
        try:
            manifest = parse_manifest(read_manifest(path), name=path.name)
            saved_at = path.stat().st_mtime
        except (OSError, NewerProjectError):  # gone meanwhile, not ours to read, or not yet
            return None
        except ProjectFileError as error:
            _log.warning("saved work that cannot be read is set aside: %s", error)
            _set_aside(path)
            return None
        last = next(one for one in manifest.entries if one.id == manifest.current)
        return Recoverable(
            id=path.stem,
            saved_at=saved_at,
            text=f"{Path(manifest.model.name_or_path).name}: {last.text}",
        )


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
