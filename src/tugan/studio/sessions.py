"""The sessions in memory, and which page shows which."""

import logging
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from tugan.core.errors import OutputError
from tugan.core.file_lock import HeldLock
from tugan.session.autosave import AutosaveFolder
from tugan.session.engine import Engine
from tugan.session.errors import SessionError
from tugan.session.events import Event
from tugan.session.model_store import ModelStore
from tugan.session.session import Session
from tugan.studio.connection import Connection
from tugan.studio.options import StudioOptions

_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_log = logging.getLogger(__name__)


@final
@dataclass(kw_only=True, eq=False)
class Served:
    """A session, and the page that shows it, if one does."""

    session: Session
    claim: HeldLock = field(repr=False)
    """On its saved work."""
    connection: Connection | None = None
    left_at: float = field(default_factory=time.monotonic)
    """When the last page left."""


@final
@dataclass(frozen=True, kw_only=True)
class Opened:
    """A session that a page is about to show."""

    id: str
    resumed: bool
    """It was there before."""
    saved: bool = False
    """Its work is in a file, to be read by :meth:`Sessions.revive`."""
    refused: SessionError | None = None
    """Why it is not the one that was asked for."""


@final
class Sessions:
    """Opens sessions up to a limit; those that nobody shows make room, their work saved.

    What looks at files or waits for a session to end (``open``, ``forget``, ``drop_idle``,
    ``close``) is for one thread beside the event loop's; ``revive`` reads what may be a large file
    and is for any other; the rest is for the event loop's, and takes no lock of a session.
    """

    def __init__(self, options: StudioOptions, *, autosaves: AutosaveFolder) -> None:
        """Nothing is loaded before somebody asks."""
        self._options, self._autosaves = options, autosaves
        self._served: dict[str, Served] = {}
        self.models = ModelStore(options.device)
        # saved work of this model can be opened before a new session is
        self.models.allow(options.model)
        self._engine = Engine()
        self.unsaved: list[str] = []
        """Those that ended while the disk did not take their work."""

    def __len__(self) -> int:
        """How many are in memory."""
        return len(self._served)

    def __iter__(self) -> Iterator[Served]:
        """All that are in memory."""
        return iter(tuple(self._served.values()))

    @property
    def autosaves(self) -> AutosaveFolder:
        """Where work is kept."""
        return self._autosaves

    def get(self, session_id: str) -> Session:
        """One in memory; :class:`SessionError` ``unknown-session``."""
        served = self._served.get(session_id)
        if served is None:
            raise SessionError(
                "unknown-session",
                "There is no such session.",
                "Reload the page: its work is opened again if it was saved.",
            )
        return served.session

    def open(self, requested: str | None) -> Opened:
        """A session for a page: the one that it asks for, or a new one.

        :class:`SessionError` ``too-many-sessions`` if all are being shown.
        """
        refused = None
        if requested is not None and _ID.fullmatch(requested):
            if requested in self._served:
                return Opened(id=requested, resumed=True)
            if self._autosaves.has(requested):
                try:
                    self._new(requested)
                    return Opened(id=requested, resumed=True, saved=True)
                except SessionError as error:
                    if error.code != "session-elsewhere":
                        raise
                    refused = error
        session_id = secrets.token_urlsafe(16)
        self._new(session_id).open_default(self._options.model)
        return Opened(id=session_id, resumed=False, refused=refused)

    def check_free(self, session_id: str) -> None:
        """:class:`SessionError` ``session-elsewhere`` if another studio has this work open."""
        if session_id not in self._served:
            self._claim(session_id).release()

    def revive(self, opened: Opened) -> bool:
        """Read the saved work of a session that was just opened; was that what it resumes?

        Work that cannot be opened makes a new session of it, whatever is wrong with the file.
        """
        if not opened.saved:
            return opened.resumed
        session = self.get(opened.id)
        try:
            session.open_project(self._autosaves.path(opened.id))
        except SessionError as error:
            _log.warning("the saved session %s cannot be opened: %s", opened.id, error)
        except Exception:  # noqa: BLE001 (the edge: no file may keep its page from opening)
            _log.exception("the saved session %s cannot be opened", opened.id)
        else:
            return True
        # what is done from now on is saved in its place
        self._autosaves.set_aside(opened.id)
        session.open_default(self._options.model)
        return False

    def attach(self, session_id: str, connection: Connection) -> Session:
        """This page shows the session from now on; another one that did is sent away.

        :class:`SessionError` if it had to make room meanwhile.
        """
        self.get(session_id)
        served = self._served[session_id]
        if served.connection is not None and served.connection is not connection:
            served.connection.take_over()
        served.connection = connection
        return served.session

    def detach(self, connection: Connection) -> tuple[Session, ...]:
        """The page is gone, its session waits for it: to be released, on another thread."""
        left = []
        for served in self:
            if served.connection is connection:
                served.connection, served.left_at = None, time.monotonic()
                served.session.listener = _deaf
                left.append(served.session)
        return tuple(left)

    def shown(self, session_id: str) -> bool:
        """Does a page show it?"""
        served = self._served.get(session_id)
        return served is not None and served.connection is not None

    def drop_idle(self) -> None:
        """Let go of sessions that have had no page for long, if their work is on the disk."""
        now = time.monotonic()
        for session_id, served in tuple(self._served.items()):
            idle = served.connection is None and now - served.left_at > self._options.idle_s
            if idle and served.session.finish_saving():
                self._close(session_id)

    def forget(self, session_id: str) -> None:
        """Delete a session's saved work; :class:`SessionError` if a page shows it."""
        if self.shown(session_id):
            raise SessionError(
                "session-open", "This work is open in another tab.", "Close that tab first."
            )
        if session_id in self._served:
            self._close(session_id)
        elif not self._autosaves.has(session_id):
            raise SessionError(
                "unknown-session", "This saved work is not there any more.", "Nothing needs doing."
            )
        self._autosaves.discard(session_id)

    def close(self) -> None:
        """Stop everything; what is saved stays, and what could not be is in ``unsaved``."""
        for session_id in tuple(self._served):
            if not self._close(session_id):
                self.unsaved.append(session_id)
        self._engine.close()

    def _new(self, session_id: str) -> Session:
        claim = self._claim(session_id)
        try:
            self._make_room()
        except SessionError:
            claim.release()
            raise
        session = Session(
            session_id,
            self._engine,
            self.models,
            autosave=self._autosaves.path(session_id),
            listener=_deaf,
        )
        self._served[session_id] = Served(session=session, claim=claim)
        return session

    def _claim(self, session_id: str) -> HeldLock:
        """A folder that cannot be written to is told when something is to be saved."""
        try:
            return self._autosaves.claim(session_id)
        except OutputError as error:
            _log.warning("%s", error)
            return HeldLock(None)

    def _make_room(self) -> None:
        if len(self._served) < self._options.max_sessions:
            return
        waiting = sorted(
            (one.left_at, key) for key, one in self._served.items() if not one.connection
        )
        for _, session_id in waiting:
            if self._served[session_id].session.finish_saving():
                self._close(session_id)
                return
        text = f"This studio serves {self._options.max_sessions} pages at once, and all are open."
        if waiting:
            text = "This studio is full, and the disk does not take the work of those that wait."
        raise SessionError(
            "too-many-sessions",
            text,
            "Close another tab, or start tugan with a larger --max-sessions.",
        )

    def _close(self, session_id: str) -> bool:
        """Is its work on the disk?"""
        served = self._served.pop(session_id)
        if served.connection is not None:
            served.connection.take_over()
        saved = served.session.close()
        served.claim.release()
        return saved


def _deaf(event: Event) -> None:
    """Nobody looks."""


def autosave_folder(root: Path) -> AutosaveFolder:
    """Of the studio, under the user's folder for state."""
    return AutosaveFolder(root / "sessions")
