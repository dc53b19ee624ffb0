"""Live dragging as a job of the engine: the picture follows the finger."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.geometry import scale_from_512
from tugan.core.images import RgbArray
from tugan.dragging.live import LiveDrag
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.step import DragStep
from tugan.session.desk import Desk
from tugan.session.document import AskedPoint, Document, DragRecord, PointPair, PointXy
from tugan.session.drag_job import head_of, preview_of
from tugan.session.drag_run import cpu
from tugan.session.engine import Job, Turn
from tugan.session.errors import SessionError
from tugan.session.events import HELD_ID, FinishedShown, StepShown
from tugan.session.hand_rest import REST_S, REST_WHILE_STEPPING_S, HandRest
from tugan.session.history import History
from tugan.session.model_store import LoadedModel
from tugan.session.pictures import adapted_head, picture_of
from tugan.session.trail_recorder import Pace, TrailRecorder

HELD_PX_AT_512 = 6.0
"""A point this near to where the picture is grabbed is the one that is held."""
NEIGHBOUR_PX_AT_512 = 24.0
"""Points this near to the held one go along: one place cannot both move and hold still."""
STEPS_AFTER_RELEASE = 12
"""The picture may be a few steps behind the finger when it is lifted."""


@dataclass(frozen=True, kw_only=True)
class Finger:
    """Where it is."""

    goal_xy: PointXy | None
    """None if it has not moved since this was last asked."""
    lifted: bool
    stopped: bool


@final
class LiveControl:
    """What callers tell a live drag; the newest goal wins."""

    def __init__(self, at_xy: PointXy) -> None:
        """Pressed here."""
        self.at_xy = at_xy
        self._lock = threading.Lock()
        self._goal: PointXy | None = None
        self._lifted = self._stopped = False

    def move(self, to_xy: PointXy) -> None:
        """The finger is here now."""
        with self._lock:
            if not self._lifted:
                self._goal = to_xy

    def release(self) -> None:
        """The finger is lifted: go on to where it was, and end."""
        with self._lock:
            self._lifted = True

    def stop(self) -> None:
        """End after the step in progress."""
        with self._lock:
            self._lifted = self._stopped = True

    @property
    def has_news(self) -> bool:
        """Has anything happened since :meth:`take`?"""
        with self._lock:
            return self._goal is not None or self._lifted

    def take(self) -> Finger:
        """What has happened since this was last asked."""
        with self._lock:
            goal, self._goal = self._goal, None
            return Finger(goal_xy=goal, lifted=self._lifted, stopped=self._stopped)


@final
class _Living:
    """A live drag under way."""

    def __init__(self, desk: Desk, control: LiveControl) -> None:
        self._desk, self._at_xy = desk, control.at_xy
        self._document, self._model = desk.document(), desk.model()
        self._held = _held_point(self._document, control.at_xy, self._model)
        self._pinned = tuple(one for one in self._document.points if one is not self._held)
        if len(self._pinned) >= desk.limits.max_points:
            raise too_many_to_hold(desk.limits.max_points)
        self._settings = _live_settings(self._document, self._model)
        self._head = head_of(desk, self._document, self._model)
        self._handles_xy = torch.tensor(
            [control.at_xy, *(one.handle_xy for one in self._pinned)], dtype=torch.float32
        )
        near = scale_from_512(NEIGHBOUR_PX_AT_512, self._model.info.size_hw)
        away = (self._handles_xy - self._handles_xy[0]).norm(dim=1, keepdim=True)
        self._goes_along = (away <= near).float()
        self._live = self._grabbed()
        self._recorder = TrailRecorder(self._document.ws, rows=self._settings.rows)
        self._last: DragStep | None = None
        self._goal_xy: PointXy = control.at_xy
        self._pace = Pace()
        self.previews = True
        """Steps are shown; without, only finished pictures are."""
        self._finished: int | None = None

    def step(self, goal_xy: PointXy | None) -> bool:
        """One step, shown; False if there was nothing to do."""
        if goal_xy is not None:
            self._goal_xy = goal_xy
            self._live.move(self._goals_xy(goal_xy))
        step = self._live.step()
        if step is None:
            self._pace = Pace()
            return False
        self._last = step
        self._recorder.add(step, shown=step.index)
        self._show(step)
        step.frame.release()
        return True

    @property
    def unfinished(self) -> bool:
        """Is a step there whose finished picture has not been shown?"""
        return self._last is not None and self._last.index != self._finished

    def finish(self) -> None:
        """The whole picture of the newest step in place of its preview; and where its handles are,
        by a look that did not steer it."""
        step = self._last
        if step is None:
            return
        found = self._live.look_again()
        if found is not None:
            step = self._last = replace(step, handles_xy=found.handles_xy, lost=found.lost)
            self._tell(step, preview=None)
        document = self._during(step)
        pixels = picture_of(self._desk.pictures, self._model, document, document.ws)
        self._finished = step.index
        # what follows is nearer to this picture than to the one where the hand pressed
        self._head = adapted_head(self._model, document, pixels) or self._head
        self._desk.emit(FinishedShown(step=step.index, pixels=pixels))

    def end(self) -> None:
        """Keep what there is as one entry."""
        step = self._last
        if step is None:
            return
        after = replace(
            self._during(step), record=self._record(), trail=self._recorder.trail(until=step.index)
        )

        def add(history: History) -> History:
            return history.added(after, text="Live drag", has_picture=True)

        self._desk.change(add)

    def _grabbed(self) -> LiveDrag:
        start, mask = self._document.start, self._document.packed_mask
        live = LiveDrag(
            self._model.generator,
            self._document.ws,
            settings=self._settings,
            mask=None if mask is None else mask.tensor(),
            noise=start.noise,
            noise_seed=start.noise_seed,
        )
        live.grab(self._handles_xy)
        return live

    def _goals_xy(self, goal_xy: PointXy) -> Float[Tensor, "n 2"]:
        goals = self._handles_xy + self._goes_along * (torch.tensor(goal_xy) - self._handles_xy[0])
        height, width = self._model.info.size_hw
        return torch.minimum(goals.clamp(min=0), goals.new_tensor([width - 1, height - 1]))

    def _show(self, step: DragStep) -> None:
        self._pace = self._pace.after(time.monotonic())
        self._tell(
            step,
            preview=preview_of(step, self._head, tone=self._model.tone) if self.previews else None,
        )

    def _tell(self, step: DragStep, *, preview: RgbArray | None) -> None:
        document = self._during(step)
        self._desk.show(document)
        held = (HELD_ID, _places(step)[0], bool(step.lost[0]))
        self._desk.emit(
            StepShown(
                step=step.index,
                farthest_px=step.farthest_px,
                steps_per_s=self._pace.steps_per_s,
                points=(held, *((one.id, one.handle_xy, one.lost) for one in document.points)),
                preview=preview,
            )
        )

    def _during(self, step: DragStep) -> Document:
        ids = [None if self._held is None else self._held.id, *(one.id for one in self._pinned)]
        seen = dict(zip(ids, zip(_places(step), step.lost.tolist(), strict=True), strict=True))
        points = tuple(
            replace(one, handle_xy=seen[one.id][0], lost=seen[one.id][1])
            for one in self._document.points
        )
        return replace(
            self._document,
            ws=cpu(step.ws),
            points=points,
            record=None,
            run=None,
            trail=None,
            outcome=None,
            steps=step.index,
        )

    def _record(self) -> DragRecord:
        """As the drag that would lead here in one go: of what was held, to where it was let go."""
        goal = self._goals_xy(self._goal_xy)
        asked = (HELD_ID, *(one.id for one in self._pinned))
        return DragRecord(
            start_ws=self._document.ws,
            points=tuple(
                AskedPoint(id=id_, handle_xy=_pair(handle), goal_xy=_pair(target))
                for id_, handle, target in zip(asked, self._handles_xy, goal, strict=True)
            ),
            packed_mask=self._document.packed_mask,
            solver="newton",
            settings=self._settings,
        )


def live_job(desk: Desk, control: LiveControl) -> Job:
    """Follow the finger until it is lifted."""
    living = _Living(desk, control)
    rest = HandRest(lambda: desk.engine.wake(desk.owner))
    yield Turn.STEP
    try:
        left = STEPS_AFTER_RELEASE
        while True:
            finger = control.take()
            if finger.stopped or left == 0:
                break
            left -= finger.lifted
            rest.saw(finger.goal_xy)
            living.previews = rest.seconds < REST_WHILE_STEPPING_S
            stepped = living.step(finger.goal_xy)
            if finger.lifted and not stepped:
                break
            if not finger.lifted and not control.has_news:
                _finish_at_rest(living, rest, stepped=stepped)
            yield Turn.STEP if stepped else Turn.WAIT
    finally:
        rest.close()
        # also where it was closed or failed: what was reached is kept
        living.end()


def _finish_at_rest(living: _Living, rest: HandRest, *, stepped: bool) -> None:
    """A finished picture, if the hand has rested for long enough; else the job is woken then."""
    needed_s = REST_WHILE_STEPPING_S if stepped else REST_S
    if not living.unfinished:
        return
    if rest.seconds >= needed_s:
        living.finish()
    elif not stepped:
        rest.wake_after(needed_s)


def too_many_to_hold(most: int) -> SessionError:
    """What is held counts too, unless it is one of the points."""
    return SessionError(
        "too-many-points",
        f"There are {most} points already, and the place that is held would be one more.",
        "Take hold of one of the points, or remove one.",
    )


def clamped(xy: PointXy, *, image_hw: tuple[int, int]) -> PointXy:
    """At the picture's border, if it is outside."""
    height, width = image_hw
    return min(max(xy[0], 0.0), width - 1.0), min(max(xy[1], 0.0), height - 1.0)


def _held_point(document: Document, at_xy: PointXy, model: LoadedModel) -> PointPair | None:
    reach = scale_from_512(HELD_PX_AT_512, model.info.size_hw)
    near: Mapping[float, PointPair] = {
        ((one.handle_xy[0] - at_xy[0]) ** 2 + (one.handle_xy[1] - at_xy[1]) ** 2) ** 0.5: one
        for one in document.points
    }
    nearest = min(near, default=None)
    return near[nearest] if nearest is not None and nearest <= reach else None


def _live_settings(document: Document, model: LoadedModel) -> NewtonSettings:
    if isinstance(document.settings, NewtonSettings):
        return document.settings
    return replace(NewtonSettings.for_generator(model.info), hold=document.settings.hold)


def _places(step: DragStep) -> list[PointXy]:
    return [_pair(xy) for xy in step.handles_xy]


def _pair(xy: Float[Tensor, "2"]) -> PointXy:
    return float(xy[0]), float(xy[1])
