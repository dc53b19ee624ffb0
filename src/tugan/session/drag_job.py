"""Dragging as a job of the engine: it can be stopped, and aimed anew, between two steps."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import final

from tugan.core.images import RgbArray, to_rgb_array
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.checkpoint import Checkpoint
from tugan.dragging.solve import way_of_step
from tugan.dragging.step import DragStep
from tugan.generators.preview import PreviewHead
from tugan.inversion.monochrome import Tone
from tugan.session.desk import Desk
from tugan.session.document import Document, PointXy
from tugan.session.drag_run import DragRun, after, during
from tugan.session.engine import Job, Turn
from tugan.session.entry_words import drag_words
from tugan.session.events import Reported, StepShown
from tugan.session.model_store import LoadedModel
from tugan.session.pictures import adapted_head, picture_of, shrunk, toned
from tugan.session.trail_recorder import Pace, TrailRecorder


@final
class DragControl:
    """What callers tell a drag that is going on."""

    def __init__(self, dragged: frozenset[int]) -> None:
        """Nothing yet; ``dragged`` are the ids of the points whose goals can be changed."""
        self.dragged = dragged
        self._lock = threading.Lock()
        self._stopped = False
        self._goals: dict[int, PointXy] = {}

    def stop(self) -> None:
        """End after the step in progress."""
        with self._lock:
            self._stopped = True

    def aim(self, goals: Mapping[int, PointXy]) -> None:
        """Other goals, by the points' ids; the newest win."""
        with self._lock:
            self._goals.update(goals)

    @property
    def stopped(self) -> bool:
        """Was it told to stop?"""
        with self._lock:
            return self._stopped

    def take_goals(self) -> dict[int, PointXy]:
        """New goals since this was last asked."""
        with self._lock:
            goals, self._goals = self._goals, {}
            return goals


@final
class _Dragging:
    """A drag under way; every method but the first is quick beside a step."""

    def __init__(self, desk: Desk, control: DragControl) -> None:
        self._desk, self._control = desk, control
        self._document, self._model = desk.document(), desk.model()
        self._run = DragRun.of(self._document, self._model)
        for caution in self._run.problem.cautions(hold=0):  # hold_ready says it
            desk.emit(Reported(level="warning", code="caution", text=_sentence(caution)))
        goes_on = self._run.resume is not None
        self._recorder = TrailRecorder(
            self._run.record.start_ws,
            rows=self._run.record.settings.rows,
            earlier=self._document.trail if goes_on else None,
        )
        self._head = head_of(desk, self._document, self._model)
        self._steps = self._run.steps()
        self._last: DragStep | None = None
        self._checkpoint: Checkpoint | None = None
        self._pace = Pace()

    def step(self) -> Outcome | None:
        """One step, shown; how the drag ended, or None while it goes on."""
        goals = {} if self._last is None else self._control.take_goals()
        aimed_anew = bool(goals)
        if goals and self._last is not None:
            self._run = self._run.aimed(goals, self._last)
            self._steps = self._run.steps()
        step = next(self._steps)
        if aimed_anew and step.outcome is None:
            # the place where it stands has been shown
            self._last = step
            step = next(self._steps)
        self._last = step
        # a drag that was stuck shows an earlier step again, which nobody goes on from
        self._checkpoint = None if step.bookmark is None else step.checkpoint()
        self._recorder.add(step, shown=step.index)
        self._show(step)
        return step.outcome

    def end(self, outcome: Outcome | None) -> None:
        """Keep what there is as one entry."""
        with self._desk.editing():
            # from here on new goals are edits of the document
            self._control.stop()
            late = self._control.take_goals()
            if self._last is not None:
                self._commit(self._last, outcome, late)
            elif late:
                self._desk.change(lambda history: history.amended(_aimed(history.document, late)))

    def _commit(self, step: DragStep, outcome: Outcome | None, late: Mapping[int, PointXy]) -> None:
        document = after(
            self._document,
            self._run.record,
            step,
            outcome=outcome,
            trail=self._recorder.trail(until=step.index),
            checkpoint=self._checkpoint,
        )
        if document.picture_key == self._document.picture_key:
            # nothing moved: how it ended is said, but there is nothing to undo
            same = replace(
                self._document, points=document.points, outcome=outcome, steps=step.index
            )
            self._desk.change(lambda history: history.amended(_aimed(same, late)))
            return
        text, final = drag_words(outcome, step), _aimed(document, late)
        self._desk.change(lambda history: history.added(final, text=text, has_picture=True))

    def cancelled(self) -> Outcome | None:
        """The outcome of a drag that is stopped where it is; None before its first look."""
        last = self._last
        if last is None:
            return None
        way = way_of_step(self._run.problem, self._run.solver, last)
        return Outcome.of(Ending.CANCELLED, steps=last.index, way=way)

    def _show(self, step: DragStep) -> None:
        self._pace = self._pace.after(time.monotonic())
        document = during(self._document, self._run.record, step)
        self._desk.show(document)
        dragged = {asked.id for asked in self._run.record.points}
        self._desk.emit(
            StepShown(
                step=step.index,
                farthest_px=step.farthest_px,
                steps_per_s=self._pace.steps_per_s,
                points=tuple(
                    (point.id, point.handle_xy, point.lost)
                    for point in document.points
                    if point.id in dragged
                ),
                # the picture at rest is finer, and nothing has moved yet
                preview=preview_of(step, self._head, tone=self._model.tone) if step.index else None,
            )
        )


def drag_job(desk: Desk, control: DragControl) -> Job:
    """Drag the current document's points until they are there, or it is stopped."""
    dragging = _Dragging(desk, control)
    yield Turn.STEP
    try:
        outcome: Outcome | None = None
        while outcome is None and not control.stopped:
            outcome = dragging.step()
            if outcome is None:
                yield Turn.STEP
        outcome = outcome or dragging.cancelled()
    except GeneratorExit:
        dragging.end(dragging.cancelled())
        raise
    except BaseException:
        # what was reached before it failed is kept
        dragging.end(None)
        raise
    dragging.end(outcome)


def head_of(desk: Desk, document: Document, model: LoadedModel) -> PreviewHead | None:
    """The preview head for drags from this picture."""
    kept = desk.head_for(document)
    if kept is not None or model.head is None:
        return kept
    picture = picture_of(desk.pictures, model, document, document.ws)
    head = adapted_head(model, document, picture)
    if head is not None:
        desk.keep_head(document, head)
    return head


def preview_of(step: DragStep, head: PreviewHead | None, *, tone: Tone | None = None) -> RgbArray:
    """At most 512 px; without a head it is the finished picture, smaller.

    ``tone`` is that of a photograph that has only one.
    """
    if head is None:
        return toned(shrunk(to_rgb_array(step.image())), tone)
    return toned(to_rgb_array(step.preview(head)), tone)


def _aimed(document: Document, goals: Mapping[int, PointXy]) -> Document:
    """With goals that came too late for the drag."""
    if not goals:
        return document
    points = tuple(
        replace(point, goal_xy=goals.get(point.id, point.goal_xy)) for point in document.points
    )
    return replace(document, points=points, run=None)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
