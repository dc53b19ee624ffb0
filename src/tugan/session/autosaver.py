"""Saving in the background: the newest state wins, and nobody waits for the disk."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import final

from tugan.core.errors import OutputError
from tugan.inversion.photo_edit import PhotoEdit
from tugan.session.events import Event, Reported
from tugan.session.history import History
from tugan.session.project_file import write_history

_Work = tuple[History, PhotoEdit | None]
_log = logging.getLogger(__name__)


_RETRY_S = (2.0, 5.0, 15.0, 30.0, 60.0)
"""How long is waited after each attempt that failed in a row; the last one for all further."""


@final
class Autosaver:
    """Writes one file; a thread lives only while there is something to write.

    What the disk did not take is tried again by itself, until it is written or :meth:`close`.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_error: Callable[[Event], None],
        retry_s: Sequence[float] = _RETRY_S,
    ) -> None:
        """``on_error`` is told once when saving begins to fail, and again when it works."""
        self._path, self._on_error, self._retry_s = path, on_error, retry_s
        self._changed = threading.Condition()
        self._newest: _Work | None = None
        self._busy = False
        self._begun = 0
        """Attempts so far."""
        self._failed: int | None = None
        """The last attempt, where it failed."""
        self._in_a_row = 0
        self._urgent = self._closed = False

    def save(self, history: History, incoming: PhotoEdit | None = None) -> None:
        """This is what the file should hold; returns at once."""
        with self._changed:
            self._newest, self._urgent = (history, incoming), True
            self._start()

    def flush(self) -> bool:
        """Wait until everything is written, or an attempt made after this call has failed.

        Is it all on the disk?
        """
        with self._changed:
            if self._newest is not None or self._busy:
                self._urgent = True
                self._start()
            begun = self._begun
            self._changed.wait_for(
                lambda: not self._busy or (self._failed is not None and self._failed > begun)
            )
            return self._newest is None

    def close(self) -> bool:
        """Flush, and try no more after that. Is it all on the disk?"""
        with self._changed:
            self._closed = True
        written = self.flush()
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._busy)
        return written

    def _start(self) -> None:
        """Have the thread look; under the lock."""
        self._changed.notify_all()
        if not self._busy:
            self._busy = True
            # not a daemon: a program that ends waits for its last save
            threading.Thread(target=self._work, name="tugan-autosave").start()

    def _work(self) -> None:
        while True:
            with self._changed:
                newest, self._newest, self._urgent = self._newest, None, False
                if newest is None:
                    self._busy = False
                    self._changed.notify_all()
                    return
                self._begun += 1
            written = self._write(*newest)
            with self._changed:
                self._failed = None if written else self._begun
                self._in_a_row = 0 if written else self._in_a_row + 1
                self._changed.notify_all()
                if written:
                    continue
                if self._newest is None:
                    self._newest = newest
                wait_s = self._retry_s[min(self._in_a_row, len(self._retry_s)) - 1]
                self._changed.wait_for(lambda: self._urgent or self._closed, timeout=wait_s)
                if self._closed and not self._urgent:
                    self._busy = False
                    self._changed.notify_all()
                    return

    def _write(self, history: History, incoming: PhotoEdit | None) -> bool:
        try:
            write_history(self._path, history, lean=True, incoming=incoming, private=True)
        except OutputError as error:
            if not self._in_a_row:
                _log.warning("the work is not being saved: %s", error)
                self._on_error(_not_saved(str(error)))
            return False
        except Exception as error:  # noqa: BLE001 (the edge: a thread must not just vanish)
            if not self._in_a_row:
                _log.exception("the work could not be saved to %s", self._path)
                self._on_error(_not_saved(f"{type(error).__name__} inside the program"))
            return False
        if self._in_a_row:
            _log.warning("the work is being saved again")
            self._on_error(
                Reported(level="info", code="saved", text="The work is being saved again.")
            )
        return True


def _not_saved(why: str) -> Reported:
    return Reported(
        level="warning",
        code="not-saved",
        text=f"The work is not being saved: {why}.",
        remedy="Make room on the disk: it is tried again by itself. Meanwhile save the project"
        " somewhere else.",
    )
