"""The state of one session, shared by the callers' threads and its jobs on the engine.

What is under the lock is quick; listeners are called without it.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, final, runtime_checkable

from tugan.generators.preview import PreviewHead
from tugan.inversion.photo_edit import PhotoEdit
from tugan.session.autosaver import Autosaver
from tugan.session.document import Document, PictureKey, PointPair
from tugan.session.engine import Engine, Job, JobEnd
from tugan.session.errors import SessionError, loading_error
from tugan.session.events import Changed, Event, Reported
from tugan.session.history import History
from tugan.session.history_budget import trimmed
from tugan.session.incoming import Incoming, PhotoSettings
from tugan.session.limits import SessionLimits
from tugan.session.model_store import LoadedModel, ModelStore
from tugan.session.pictures import PictureCache
from tugan.session.seen_handles import SeenHandles
from tugan.session.snapshot import Phase, Snapshot, summaries

Listener = Callable[[Event], None]
Action = Callable[[], None]
DEFERRED_LIMIT = 64
_log = logging.getLogger(__name__)


@runtime_checkable
class Stoppable(Protocol):
    """A drag that is going on."""

    def stop(self) -> None:
        """It ends after the step in progress."""
        ...


@final
class Desk:
    """A session's history, model, pictures and phase."""

    def __init__(
        self,
        owner: str,
        engine: Engine,
        models: ModelStore,
        *,
        limits: SessionLimits,
        photos: PhotoSettings,
        autosave: Path | None,
        listener: Listener | None,
    ) -> None:
        """Empty and idle."""
        self.owner, self.engine, self.models, self.limits = owner, engine, models, limits
        self.photos = photos
        self.listener = listener
        self.pictures = PictureCache(limits.pictures_bytes)
        self.lock = threading.RLock()
        self._autosaver = None if autosave is None else Autosaver(autosave, on_error=self.emit)
        self._history: History | None = None
        self._model: LoadedModel | None = None
        self._tuned: tuple[str, LoadedModel] | None = None
        self._incoming: Incoming | None = None
        self._saved_incoming = False
        self._phase: Phase = "idle"
        self._running: Stoppable | None = None
        self._shown: Document | None = None
        self._deferred: deque[Action] = deque()
        self._head: tuple[PictureKey, PreviewHead] | None = None
        self._editor: int | None = None
        self._pending: list[Event] = []
        self.seen = SeenHandles()
        self.gallery_wanted = 0
        self._advice_wanted: dict[int, PointPair] = {}
        self.closed = False

    # ---- what it is --------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """As it is now."""
        with self.lock:
            history, phase = self._history, self._phase
            if phase == "dragging" and self._shown is None and self.engine.waiting(self.owner):
                phase = "waiting"
            if history is None:
                return Snapshot(phase=phase, model=self._model, incoming=self._incoming)
            return Snapshot(
                phase=phase,
                document=self._shown or history.document,
                entries=summaries(history),
                current=history.current,
                can_undo=history.can_undo,
                can_redo=history.can_redo,
                model=self._model,
                incoming=self._incoming,
            )

    def history(self) -> History:
        """:class:`SessionError` while there is none."""
        with self.lock:
            if self._history is None:
                raise loading_error()
            return self._history

    def has_history(self) -> bool:
        """Has the first picture been there?"""
        with self.lock:
            return self._history is not None

    def document(self) -> Document:
        """Of the current entry."""
        return self.history().document

    def model(self) -> LoadedModel:
        """The one in use; :class:`SessionError` while there is none."""
        with self.lock:
            if self._model is None:
                raise loading_error()
            return self._model

    def model_of(self, document: Document) -> LoadedModel:
        """The model that draws a document's picture, tuned if it is of a photograph.

        :class:`SessionError` if it is not here. The last tuning is kept.
        """
        base, photo = self.models.of(document.model), document.photo
        if photo is None:
            return base
        with self.lock:
            kept = self._tuned
        if kept is not None and kept[0] == photo.key:
            return kept[1]
        tuned = base.tuned_to(photo)
        with self.lock:
            self._tuned = photo.key, tuned
        return tuned

    def untuned_model(self) -> LoadedModel:
        """The one in use, as it is without photographs."""
        return self.models.get(self.model().name)

    @property
    def incoming(self) -> Incoming | None:
        """The photograph that is being brought in."""
        with self.lock:
            return self._incoming

    @property
    def incoming_edit(self) -> PhotoEdit | None:
        """As far as that has come; None before it began."""
        with self.lock:
            return None if self._incoming is None else self._incoming.edit

    @property
    def idle(self) -> bool:
        """Is nothing going on that changes the document?"""
        with self.lock:
            return self._phase == "idle"

    @property
    def moving(self) -> bool:
        """Are pictures of a drag being shown?"""
        with self.lock:
            return self._shown is not None

    @property
    def running(self) -> Stoppable | None:
        """The drag that is going on or about to."""
        with self.lock:
            return self._running

    # ---- telling -----------------------------------------------------------------------------

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Hold the lock; what is told meanwhile is told when it is let go."""
        with self.lock:
            outermost, self._editor = self._editor is None, threading.get_ident()
            try:
                yield
            finally:
                pending: list[Event] = []
                if outermost:
                    self._editor = None
                    pending, self._pending = self._pending, pending
        for event in pending:
            self.emit(event)

    def emit(self, event: Event) -> None:
        """To the listener; its errors are its own."""
        if self._editor == threading.get_ident():
            self._pending.append(event)
            return
        listener = self.listener
        if listener is None:
            return
        try:
            listener(event)
        except Exception:  # noqa: BLE001 (the edge: a listener's faults are not the session's)
            _log.exception("a session's listener failed")

    def report(self, error: SessionError) -> None:
        """An error that nobody waits for."""
        self.emit(Reported(level="error", code=error.code, text=error.text, remedy=error.remedy))

    # ---- changing ----------------------------------------------------------------------------

    def begin(self, history: History) -> None:
        """A history in place of the one so far."""
        with self.editing():
            self._history = trimmed(history, self.limits)
            self._shown = None
            self._after_change()

    def change(self, edit: Callable[[History], History]) -> None:
        """Another history, made from this one; it is saved, and whoever listens is told."""
        with self.editing():
            before = self.history()
            after = edit(before)
            if after is not before:
                self.begin(after)

    def use_model(self, model: LoadedModel) -> None:
        """From now on."""
        with self.lock:
            self._model = model

    def set_incoming(self, incoming: Incoming | None) -> None:
        """How far a photograph has come in; whoever listens is told."""
        with self.editing():
            before = self.incoming_edit
            self._incoming = incoming
            if self.incoming_edit is not before:
                self._autosave()
            self.emit(Changed())

    def show(self, document: Document) -> None:
        """How far the drag that is going on has come."""
        with self.lock:
            self._shown = document
            self.seen.add(document.points)

    def shown(self) -> Document:
        """The newest there is."""
        with self.lock:
            return self._shown or self.document()

    def head_for(self, document: Document) -> PreviewHead | None:
        """The preview head that was kept for this picture."""
        with self.lock:
            kept = self._head
            return kept[1] if kept is not None and kept[0] == document.picture_key else None

    def keep_head(self, document: Document, head: PreviewHead) -> None:
        """For the next drag from this picture."""
        with self.lock:
            self._head = (document.picture_key, head)

    def want_advice(self, points: tuple[PointPair, ...]) -> bool:
        """On these handles, the newest of each; was nothing wanted before?"""
        with self.lock:
            first = not self._advice_wanted
            self._advice_wanted.update({point.id: point for point in points})
            return first

    def take_advice_wanted(self) -> tuple[PointPair, ...]:
        """The handles that advice is wanted on, once."""
        with self.lock:
            wanted, self._advice_wanted = self._advice_wanted, {}
            return tuple(wanted.values())

    def _after_change(self) -> None:
        history = self.history()
        self.pictures.keep_small(
            {one.document.picture_key for one in history.entries if one.has_picture}
        )
        self._autosave()
        self.emit(Changed())

    def _autosave(self) -> None:
        history, edit = self._history, self.incoming_edit
        if self._autosaver is None or history is None:
            return
        if len(history.by_id) > 1 or edit is not None or self._saved_incoming:
            self._saved_incoming = edit is not None
            self._autosaver.save(history, edit)

    # ---- work --------------------------------------------------------------------------------

    def submit(self, job: Job, then: Callable[[JobEnd], None] | None = None) -> None:
        """Queue a job that leaves the phase as it is; failures are reported."""

        def ended(end: JobEnd) -> None:
            if end.failure is not None:
                self.report(end.failure)
            if then is not None:
                then(end)

        self.engine.submit(self.owner, job, ended)

    def occupy(
        self,
        phase: Phase,
        job: Job,
        running: Stoppable | None = None,
        *,
        then: Action | None = None,
    ) -> None:
        """Queue a job during which the session is in this phase; ``then`` comes right after it."""
        with self.editing():
            self._phase, self._running = phase, running
            try:
                self.submit(job, lambda _: self._settle(then))
            except SessionError:
                self._phase, self._running = "idle", None
                raise
            self.emit(Changed())

    def when_idle(self, action: Action) -> None:
        """Now, or as soon as what goes on has ended, which a drag is asked to do at once.

        Errors of a later action are reported.
        """
        with self.editing():
            if self._phase == "idle":
                action()
                return
            if len(self._deferred) >= DEFERRED_LIMIT:
                raise SessionError(
                    "busy", "Too much is waiting to be done already.", "Wait a moment."
                )
            self._deferred.append(action)
            if self._running is not None:
                self._running.stop()
        self.engine.wake(self.owner)

    def close(self) -> None:
        """Stop everything, and finish saving."""
        with self.lock:
            self.closed = True
            self._deferred.clear()
        self.engine.cancel(self.owner)

    def finish_saving(self, *, last: bool = False) -> bool:
        """Wait for the disk; is everything on it? After the ``last`` time no more is tried."""
        if self._autosaver is None:
            return True
        return self._autosaver.close() if last else self._autosaver.flush()

    def _settle(self, then: Action | None) -> None:
        with self.editing():
            self._phase, self._running, self._shown = "idle", None, None
            self.emit(Changed())
            if then is not None and not self.closed:
                then()
            while self._phase == "idle" and self._deferred and not self.closed:
                action = self._deferred.popleft()
                try:
                    action()
                except SessionError as error:
                    self.report(error)
            if self._deferred and self._running is not None:
                # what waits behind a drag that has just begun ends it, as it would have later
                self._running.stop()
