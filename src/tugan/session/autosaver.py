"""Saving in the background: the newest state wins, and nobody waits for the disk."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import final

from tugan.core.errors import OutputError
from tugan.inversion.photo_edit import PhotoEdit
from tugan.session.events import Event, Reported
from tugan.session.history import History
from tugan.session.project_file import write_history

_log = logging.getLogger(__name__)


@final
class Autosaver:
    """Writes one file; a thread lives only while there is something to write."""

    def __init__(self, path: Path, *, on_error: Callable[[Event], None]) -> None:
        """``on_error`` is told once when saving begins to fail, and again when it works."""
        self._path, self._on_error = path, on_error
        self._changed = threading.Condition()
        self._newest: tuple[History, PhotoEdit | None] | None = None
        self._busy = False
        self._failing = False

    def save(self, history: History, incoming: PhotoEdit | None = None) -> None:
        """This is what the file should hold; returns at once."""
        with self._changed:
            self._newest = history, incoming
            if self._busy:
                return
            self._busy = True
        # not a daemon: a program that ends waits for its last save
        threading.Thread(target=self._work, name="tugan-autosave").start()

    def flush(self) -> None:
        """Wait until everything is written."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)

    def _work(self) -> None:
        while True:
            with self._changed:
                newest, self._newest = self._newest, None
                if newest is None:
                    self._busy = False
                    self._changed.notify_all()
                    return
            self._write(*newest)

    def _write(self, history: History, incoming: PhotoEdit | None) -> None:
        try:
            write_history(self._path, history, lean=True, incoming=incoming)
        except OutputError as error:
            if not self._failing:
                self._on_error(_not_saved(error))
            self._failing = True
        except Exception:  # noqa: BLE001 (the edge: a thread of its own, which must not just vanish)
            _log.exception("the work could not be saved to %s", self._path)
        else:
            if self._failing:
                self._on_error(
                    Reported(level="info", code="saved", text="The work is being saved again.")
                )
            self._failing = False


def _not_saved(error: OutputError) -> Reported:
    return Reported(
        level="warning",
        code="not-saved",
        text=f"The work is not being saved: {error}.",
        remedy="Make room on the disk; meanwhile save the project somewhere else.",
    )
