"""The folder where sessions save themselves, and what an earlier run left there."""

import contextlib
import logging
import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import final

from tugan.core.atomic_write import TEMPORARY_PREFIX, left_behind
from tugan.core.errors import OutputError
from tugan.core.file_lock import HeldElsewhereError, HeldLock, delete_if_free, hold
from tugan.core.state_folder import close_to_others, private_folder
from tugan.session.errors import SessionError
from tugan.session.history import History
from tugan.session.project_archive import read_manifest
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
        return bool(_ID.fullmatch(session)) and _is_ours(self.path(session))

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
            found = list(self._folder.glob(f"*{SUFFIX}"))
        except OSError:
            return []
        return [path for path in found if _ID.fullmatch(path.stem) and _is_ours(path)]

    def _describe(self, path: Path) -> Recoverable | None:
        try:
            manifest = parse_manifest(read_manifest(path), name=path.name)
            saved_at = path.stat().st_mtime
        except (OSError, NewerProjectError):  # gone meanwhile, not ours to read, or not yet
            return None
        except ProjectFileError as error:
            _set_aside(path, error)
            return None
        last = next(one for one in manifest.entries if one.id == manifest.current)
        return Recoverable(
            id=path.stem,
            saved_at=saved_at,
            text=f"{Path(manifest.model.name_or_path).name}: {last.text}",
        )


def _is_ours(path: Path) -> bool:
    """A link, a pipe or a folder of such a name is nothing that a session saved."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _set_aside(path: Path, why: ProjectFileError) -> None:
    try:
        with hold(path.with_suffix(LOCK_SUFFIX)):
            path.replace(path.with_suffix(DAMAGED_SUFFIX))
        _log.warning("saved work that cannot be read is set aside: %s", why)
    except HeldElsewhereError:
        return
    except (OSError, OutputError):
        _log.warning("%s cannot be moved out of the way", path)
    delete_if_free(path.with_suffix(LOCK_SUFFIX))


def _saved_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # gone meanwhile
        return 0.0
