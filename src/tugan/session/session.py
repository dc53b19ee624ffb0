"""One person's work: a document, its history, and the jobs that change it."""

import math
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Literal, final

from tugan.core.errors import OutputError
from tugan.core.images import RgbArray
from tugan.dragging.methods import SolverName
from tugan.generators.catalog import DEFAULT_MODEL
from tugan.generators.protocol import LatentKind
from tugan.inversion.align import Alignment
from tugan.inversion.photo_edit import PhotoEditError
from tugan.render.video import FrameReel, check_video_path, write_video
from tugan.session import commands, photo_edits
from tugan.session.commands import MethodInput as MethodInput
from tugan.session.commands import PointInput as PointInput
from tugan.session.desk import Desk, Listener
from tugan.session.document import Document, PointXy
from tugan.session.drag_job import DragControl
from tugan.session.drag_run import record_of
from tugan.session.edits import (
    aim_drag,
    begin_drag,
    begin_live,
    edit_document,
    place_points,
    travel,
)
from tugan.session.engine import Engine, Job, JobEnd
from tugan.session.errors import SessionError
from tugan.session.history import History
from tugan.session.history_budget import trimmed
from tugan.session.incoming import PhotoSettings
from tugan.session.limits import SessionLimits
from tugan.session.live_job import LiveControl, clamped
from tugan.session.loading_jobs import (
    WantedStart,
    open_job,
    reopen_job,
    start_job,
)
from tugan.session.model_store import ModelStore
from tugan.session.packed_mask import MaskArray
from tugan.session.photo_export import PhotoExport, photo_export_job
from tugan.session.photo_jobs import incoming_pictures
from tugan.session.picture_jobs import (
    animation_job,
    export_job,
    gallery_job,
    no_drag,
    resting_job,
    thumbnails_job,
)
from tugan.session.project_file import (
    ProjectFileError,
    history_bytes,
    read_work,
    write_history,
)
from tugan.session.project_photo import photo_alone
from tugan.session.snapshot import Snapshot as Snapshot
from tugan.session.start_picture import check_start, usual_label

PointsChange = Literal["add", "move", "remove", "clear"]
MaskChange = Literal["paint", "invert", "clear"]
_POINTS_TEXT = {
    "add": "Add a point",
    "move": "Move a point",
    "remove": "Remove a point",
    "clear": "Remove all points",
}
_MASK_TEXT = {"paint": "Paint the mask", "invert": "Invert the mask", "clear": "Clear the mask"}


@final
class Session:
    """Commands return at once and refuse with :class:`SessionError`; results come as events.

    Thread-safe. Events come from the engine's thread, or from the one that gives a command, and
    never while a lock is held. What blocks (:meth:`picture`, :meth:`animation`, saving) must not
    be called by the listener.
    """

    def __init__(
        self,
        id: str,
        engine: Engine,
        models: ModelStore,
        *,
        limits: SessionLimits | None = None,
        photos: PhotoSettings | None = None,
        autosave: Path | None = None,
        listener: Listener | None = None,
    ) -> None:
        """Empty: :meth:`open_default` or :meth:`open_project` comes next.

        With ``autosave`` every change is written there in the background, once there is one.
        """
        self.id = id
        self._limits = limits or SessionLimits()
        self._engine = engine
        self._desk = Desk(
            id,
            engine,
            models,
            limits=self._limits,
            photos=photos or PhotoSettings(),
            autosave=autosave,
            listener=listener,
        )
        self._live: LiveControl | None = None

    @property
    def listener(self) -> Listener | None:
        """Who is told of events."""
        return self._desk.listener

    @listener.setter
    def listener(self, listener: Listener | None) -> None:
        self._desk.listener = listener

    def snapshot(self) -> Snapshot:
        """As it is now; cheap."""
        return self._desk.snapshot()

    # ---- starting ----------------------------------------------------------------------------

    def open_default(self, model: str = DEFAULT_MODEL) -> None:
        """A first picture of this model, with a sample drag if it is the default one."""
        self._desk.models.allow(model)
        self._desk.when_idle(lambda: self._desk.occupy("loading", open_job(self._desk, model)))

    def set_start(self, seed: int, psi: float = 0.7, label: int | None = None) -> None:
        """Another picture to start from; points and mask go."""
        info = self._desk.model().info
        check_start(seed, psi, label, info=info)
        wanted = WantedStart(seed=seed, psi=psi, label=label)
        self._replace_start(wanted)

    def set_model(self, name: str) -> None:
        """Another model, of the same seed where there is one."""
        self._desk.models.check_known(name)
        seed, psi = 0, 0.7
        if self._desk.has_history():
            start = self._desk.document().start
            seed, psi = start.seed or 0, start.psi
        self._replace_start(WantedStart(seed=seed, psi=psi, label=None, model=name))

    # ---- editing -----------------------------------------------------------------------------

    def set_points(
        self,
        points: Sequence[PointInput],
        change: PointsChange = "move",
        gesture: str | None = None,
    ) -> None:
        """These points and no others.

        While a drag goes on, new goals are its goals from its next step on; any other change ends
        it first.
        """
        desk = self._desk
        commands.check_points(points, info=desk.model().info, limits=self._limits)
        with desk.editing():
            kept = tuple(points)
            if not aim_drag(desk, kept):
                desk.when_idle(
                    lambda: place_points(desk, kept, text=_POINTS_TEXT[change], gesture=gesture)
                )

    def set_mask(
        self, mask: MaskArray | None, change: MaskChange = "paint", gesture: str | None = None
    ) -> None:
        """uint8 ``(h, w)``: 255 where the picture may change, 0 where it stays; or no mask."""
        info = self._desk.model().info
        commands.set_mask(self._desk.document(), mask, info=info)

        def edit(document: Document) -> Document:
            return commands.set_mask(document, mask, info=self._desk.model().info)

        self._desk.when_idle(
            lambda: edit_document(self._desk, edit, text=_MASK_TEXT[change], gesture=gesture)
        )

    def set_method(
        self,
        solver: SolverName | None,
        *,
        latent: LatentKind = "w+",
        rows: int = 6,
        feature_px: int = 128,
        max_steps: int = 60,
        hold: float | None = None,
    ) -> None:
        """How drags are done; without a solver, as suits the model. ``hold`` None stays as it is.

        A drag that goes on is ended first, and keeps its own.
        """
        method = None
        if solver is not None:
            method = MethodInput(
                solver=solver,
                latent=latent,
                rows=rows,
                feature_px=feature_px,
                max_steps=max_steps,
                hold=hold,
            )

        def edit(document: Document) -> Document:
            info = self._desk.model().info
            return commands.set_method(document, method, info=info, limits=self._limits)

        before = self._desk.document()
        after = edit(before)
        text, gesture = f"Method {after.solver}", "method"
        if method is None:
            text = "Usual method"
        elif commands.differs_in_hold(before, after):
            text, gesture = f"Hold {after.settings.hold:.0%}", "hold"
        self._desk.when_idle(lambda: edit_document(self._desk, edit, text=text, gesture=gesture))

    # ---- dragging ----------------------------------------------------------------------------

    def start(self) -> None:
        """Drag the points to their goals; :class:`SessionError` ``no-goal`` if there are none."""
        desk = self._desk
        with desk.editing():
            if isinstance(desk.running, DragControl) and not desk.running.stopped:
                return
            record_of(desk.shown())
            desk.when_idle(lambda: begin_drag(desk))

    def stop(self) -> None:
        """End the drag after its step in progress, and keep where it is."""
        running = self._desk.running
        if running is not None:
            running.stop()
            self._engine.wake(self.id)

    def grab(self, xy: PointXy) -> None:
        """Live: take hold of a place of the picture; :class:`SessionError` if it is outside."""
        desk = self._desk
        commands.check_inside(xy, what="place", info=desk.model().info)
        control = LiveControl(xy)
        with desk.editing():
            desk.document()
            if self._live is not None:
                self._live.release()
            self._live = control
            desk.when_idle(lambda: begin_live(desk, control))

    def move(self, xy: PointXy) -> None:
        """Live: the place that is held should be here; outside, it is taken to the border."""
        if not (math.isfinite(xy[0]) and math.isfinite(xy[1])):
            raise SessionError("bad-points", "The goal is at no place.", "Move on.")
        with self._desk.editing():
            if self._live is None:
                return
            size = self._desk.model().info.size_hw
            self._live.move(clamped(xy, image_hw=size))
        self._engine.wake(self.id)

    def release(self) -> None:
        """Live: let go; the picture stays."""
        with self._desk.editing():
            if self._live is None:
                return
            self._live.release()
            self._live = None
        self._engine.wake(self.id)

    # ---- photographs -------------------------------------------------------------------------

    def open_photo(self, content: bytes, name: str) -> None:
        """Bring a photograph in: at once if it has one face, else after :meth:`begin_photo`.

        One that was on its way is dropped. :class:`SessionError` ``bad-photo`` if it cannot be
        read, ``no-photographs`` if the model cannot take any. Takes the time of decoding.
        """
        photo_edits.open_photo(self._desk, content, name=name)

    def begin_photo(self, face: int | None = None, square: Alignment | None = None) -> None:
        """This face of the photograph, or this square of it."""
        photo_edits.begin(self._desk, face=face, square=square)

    def more_photo(self) -> None:
        """Go on where it was stopped, or tune beyond where it ended."""
        photo_edits.more(self._desk)

    def keep_photo(self) -> None:
        """Take the photograph as it is by now: an entry of the history."""
        photo_edits.end(self._desk, "keep")

    def choose_photo(self) -> None:
        """Back to choosing a face or a square."""
        photo_edits.end(self._desk, "choose")

    def cancel_photo(self) -> None:
        """Drop the photograph that is being brought in."""
        photo_edits.end(self._desk, "cancel")

    def photograph(self) -> PhotoExport:
        """The whole photograph with the newest picture's edit in it; waits for it.

        :class:`SessionError` ``no-photo`` if the picture is not of one.
        """
        document = self._desk.shown()
        found: list[PhotoExport] = []
        self._wait_for(photo_export_job(self._desk, document, found))
        return found[0]

    # ---- history -----------------------------------------------------------------------------

    def undo(self) -> None:
        """One entry back."""
        self._desk.when_idle(lambda: travel(self._desk, History.undone))

    def redo(self) -> None:
        """One entry forward, on the branch that was last taken."""
        self._desk.when_idle(lambda: travel(self._desk, History.redone))

    def go_to(self, entry: int) -> None:
        """Any entry; what is done next branches from there."""
        self._desk.history().gone_to(entry)  # refused at once, if it is
        self._desk.when_idle(lambda: travel(self._desk, lambda history: history.gone_to(entry)))

    # ---- pictures ----------------------------------------------------------------------------

    def gallery(self, seeds: Sequence[int], psi: float = 0.7, label: int | None = None) -> None:
        """Small pictures of seeds, as events; an earlier gallery that is not done ends."""
        desk = self._desk
        info = desk.model().info
        if len(seeds) > self._limits.max_gallery:
            raise SessionError(
                "too-many-seeds",
                f"That are {len(seeds)} seeds; at most {self._limits.max_gallery} can be shown.",
                "Ask for fewer.",
            )
        for seed in seeds:
            check_start(seed, psi, label, info=info)
        desk.document()
        desk.gallery_wanted += 1
        known = usual_label(info, label)
        wanted = desk.gallery_wanted
        desk.submit(gallery_job(desk, tuple(seeds), psi=psi, label=known, wanted=wanted))

    def request_pictures(self) -> None:
        """Tell all pictures anew: after a reconnect. Without a document it does nothing."""
        if self._desk.has_history():
            self._desk.submit(resting_job(self._desk, with_original=True))
            self._desk.submit(thumbnails_job(self._desk))
        incoming_pictures(self._desk)

    def picture(self, points: bool = False) -> RgbArray:
        """The newest picture; waits for it."""
        self._desk.document()
        found: list[RgbArray] = []
        self._wait_for(export_job(self._desk, found, points=points))
        return found[0]

    def animation(self, path: Path, points: bool = False) -> None:
        """Write the way of the last drag, GIF, WebP, MP4 or WebM by the name; waits for it."""
        document = self._desk.document()
        if document.trail is None:
            raise no_drag()
        check_video_path(path)
        reel = FrameReel()
        self._wait_for(animation_job(self._desk, document, reel, points=points))
        # here, and not on the engine's thread: others need not wait for the encoder
        write_video(path, reel.frames)

    # ---- files -------------------------------------------------------------------------------

    def save_project(self, path: Path) -> None:
        """Write everything, history and optimiser state included, whole or not at all."""
        try:
            write_history(
                path,
                self._desk.history(),
                thumbnail=self._thumbnail(),
                incoming=self._desk.incoming_edit,
            )
        except OutputError as error:
            raise SessionError(
                "disk-full" if "space" in str(error) else "not-saved",
                f"The project could not be saved: {error}.",
                "Make room, or save it somewhere else; an older file there is as it was.",
            ) from error

    def project_bytes(self) -> bytes:
        """What :meth:`save_project` would write."""
        return history_bytes(
            self._desk.history(),
            thumbnail=self._thumbnail(),
            incoming=self._desk.incoming_edit,
        )

    def open_project(self, source: Path | bytes) -> None:
        """Go on with a project; :class:`SessionError` if it is none, or its model is not here."""
        try:
            edit = photo_alone(source)
            if edit is not None:
                photo_edits.reopen(self._desk, edit, then=self._not_empty)
                return
            work = read_work(source)
        except (ProjectFileError, PhotoEditError) as error:
            text = str(error)
            raise SessionError(
                "bad-project", f"{text[:1].upper()}{text[1:]}.", "Open another file."
            ) from error
        desk, incoming = self._desk, work.incoming
        # here, and not on the engine's thread, where others would wait
        history = trimmed(work.history, self._limits)
        desk.models.check_known(history.document.model.name_or_path)

        def reopened() -> None:
            self._not_empty()
            if incoming is not None and desk.has_history():
                photo_edits.reopen(desk, incoming, then=self._not_empty)

        desk.when_idle(lambda: desk.occupy("loading", reopen_job(desk, history), then=reopened))

    def finish_saving(self) -> bool:
        """Wait until what was done is on the disk; False if the disk does not take it."""
        return self._desk.finish_saving()

    def close(self) -> bool:
        """End what goes on, keeping its last step, and finish saving; False if that failed."""
        self._desk.close()
        if not self._engine.on_worker():
            self._engine.wait_for(self.id)
        return self._desk.finish_saving(last=True)

    # ---- within ------------------------------------------------------------------------------

    def _replace_start(self, wanted: WantedStart) -> None:
        desk = self._desk

        def begin() -> None:
            desk.seen.clear()
            desk.occupy("loading", start_job(desk, wanted))

        desk.when_idle(begin)

    def _not_empty(self) -> None:
        """A session whose work could not be opened is a new one."""
        if not self._desk.has_history():
            self._desk.occupy("loading", open_job(self._desk, DEFAULT_MODEL))

    def _thumbnail(self) -> RgbArray | None:
        return self._desk.pictures.small(self._desk.document().picture_key)

    def _wait_for(self, job: Job) -> None:
        """Run a job, and raise here what it raises."""
        if self._engine.on_worker():
            raise RuntimeError("the engine's thread cannot wait for itself: use another thread")
        ended: Future[JobEnd] = Future()
        self._engine.submit(self.id, job, ended.set_result)
        end = ended.result()
        if end.failure is not None:
            raise end.failure
        if not end.finished:
            raise SessionError("closed", "The session was closed meanwhile.", "Open it again.")
