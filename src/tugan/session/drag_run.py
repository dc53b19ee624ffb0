"""A drag of a document: the problem it poses, how it goes on, and the document it leads to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from tugan.core.outcome import Ending, Outcome
from tugan.dragging.checkpoint import Checkpoint
from tugan.dragging.live import apart
from tugan.dragging.methods import make_solver
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam, AdamState
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_state import NewtonState
from tugan.dragging.solvers.saved_state import restored_state, saved_state
from tugan.dragging.step import DragStep
from tugan.session.document import (
    AskedPoint,
    Document,
    DragRecord,
    PointPair,
    PointXy,
    SavedRun,
    Trail,
)
from tugan.session.errors import SessionError
from tugan.session.model_store import LoadedModel

GOES_ON = (Ending.CANCELLED, Ending.STEP_LIMIT)
"""After these a drag that is started again goes on; after the others it begins anew."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DragRun:
    """A drag that is going on; another one where its goals have moved."""

    problem: DragProblem = field(repr=False)
    record: DragRecord
    solver: Newton | Adam
    resume: Checkpoint | None = field(default=None, repr=False)

    @classmethod
    def of(cls, document: Document, model: LoadedModel) -> "DragRun":
        """From where the document's last drag was stopped if it can go on, else from its picture.

        :class:`SessionError` if no point has a goal; may take a forward pass.
        """
        if document.run is not None and document.record is not None:
            return cls._resumed(document, model, document.record, document.run)
        record = record_of(document)
        return cls(
            problem=problem_of(record, document, model),
            record=record,
            solver=make_solver(document.settings),
        )

    @classmethod
    def _resumed(
        cls, document: Document, model: LoadedModel, record: DragRecord, run: SavedRun
    ) -> "DragRun":
        problem = problem_of(record, document, model)
        device = model.generator.device
        state = restored_state(make_solver(record.settings), problem, run.state)
        nearest = run.nearest
        if nearest is not None:
            nearest = replace(
                nearest,
                ws=nearest.ws.to(device),
                handles_xy=nearest.handles_xy.to(device),
                lost=nearest.lost.to(device),
            )
        limit = record.settings.max_steps
        spent = _spent(state)
        at_limit = limit is not None and spent >= limit
        return cls(
            problem=problem,
            record=record,
            solver=_allowing(record, more_steps=spent if at_limit else 0),
            resume=Checkpoint(state=state, nearest=nearest),
        )

    def steps(self) -> Iterator[DragStep]:
        """The drag's loop."""
        return drag(self.problem, solver=self.solver, resume=self.resume)

    def aimed(self, goals: Mapping[int, PointXy], standing: DragStep) -> "DragRun":
        """The same drag toward other goals, from the step where its loop stands."""
        state = standing.checkpoint().state
        points = tuple(
            replace(one, goal_xy=goals.get(one.id, one.goal_xy)) for one in self.record.points
        )
        record = replace(self.record, points=points)
        targets = record.goals_xy().to(self.problem.handles_xy)
        aimed: NewtonState | AdamState
        if isinstance(self.solver, Newton) and isinstance(state, NewtonState):
            aimed = self.solver.aimed_anew(state)
        else:
            assert isinstance(self.solver, Adam)
            assert isinstance(state, AdamState)
            aimed = self.solver.aimed_anew(state)
        return replace(
            self,
            problem=replace(self.problem, targets_xy=apart(targets, self.problem.handles_xy)),
            record=record,
            solver=_allowing(record, more_steps=_spent(state)),
            resume=Checkpoint(state=aimed),
        )


def record_of(document: Document) -> DragRecord:
    """What the document asks; :class:`SessionError` ``no-goal``."""
    asking = document.asking()
    if not asking:
        raise SessionError(
            "no-goal",
            "No point has a goal.",
            "Press on the picture, pull to where that place should go, and let go.",
        )
    return DragRecord(
        start_ws=document.ws,
        points=tuple(
            AskedPoint(id=one.id, handle_xy=one.handle_xy, goal_xy=one.goal_xy or one.handle_xy)
            for one in asking
        ),
        packed_mask=document.packed_mask,
        solver=document.solver,
        settings=document.settings,
    )


def problem_of(record: DragRecord, document: Document, model: LoadedModel) -> DragProblem:
    """The drag that was asked, from its start."""
    handles = record.handles_xy()
    return DragProblem(
        generator=model.generator,
        ws=record.start_ws,
        handles_xy=handles,
        targets_xy=apart(record.goals_xy(), handles),
        mask=None if record.packed_mask is None else record.packed_mask.tensor(),
        noise=document.start.noise,
        noise_seed=document.start.noise_seed,
        keep_doubles=True,  # steps are taken back to the document's points in their order
    )


def during(document: Document, record: DragRecord, step: DragStep) -> Document:
    """The document as it is at a step."""
    return replace(
        document,
        ws=cpu(step.ws),
        points=moved_points(document.points, record, step),
        steps=step.index,
        outcome=step.outcome,
        run=None,
        trail=None,
    )


def after(
    document: Document,
    record: DragRecord,
    step: DragStep,
    *,
    outcome: Outcome | None,
    trail: Trail,
    checkpoint: Checkpoint | None,
) -> Document:
    """The document as the drag leaves it."""
    goes_on = outcome is not None and outcome.ending in GOES_ON and checkpoint is not None
    return replace(
        during(document, record, step),
        record=record,
        outcome=outcome,
        trail=trail,
        run=_saved_run(checkpoint) if goes_on and checkpoint is not None else None,
    )


def moved_points(
    points: tuple[PointPair, ...], record: DragRecord, step: DragStep
) -> tuple[PointPair, ...]:
    """The points with their handles where the step saw them, and the record's goals."""
    places = {
        asked.id: (asked.goal_xy, (float(xy[0]), float(xy[1])), bool(lost))
        for asked, xy, lost in zip(
            record.points, step.handles_xy.tolist(), step.lost.tolist(), strict=True
        )
    }
    found = []
    for point in points:
        if point.id in places:
            goal, handle, lost = places[point.id]
            point = replace(point, goal_xy=goal, handle_xy=handle, lost=lost)
        found.append(point)
    return tuple(found)


def cpu(tensor: Tensor) -> Tensor:
    """For documents."""
    return tensor.detach().to("cpu", torch.float32)


def _saved_run(checkpoint: Checkpoint) -> SavedRun:
    nearest = checkpoint.nearest
    if nearest is not None:
        nearest = replace(
            nearest,
            ws=cpu(nearest.ws),
            handles_xy=cpu(nearest.handles_xy),
            lost=nearest.lost.cpu(),
        )
    return SavedRun(state=saved_state(checkpoint.state), nearest=nearest)


def _spent(state: NewtonState | AdamState) -> int:
    """Of the step limit: steps that were taken back count too."""
    return state.steps + (state.taken_back if isinstance(state, NewtonState) else 0)


def _allowing(record: DragRecord, *, more_steps: int) -> Newton | Adam:
    """The record's solver; the limit counts from where the drag goes on."""
    settings = record.settings
    if settings.max_steps is not None:
        settings = replace(settings, max_steps=settings.max_steps + more_steps)
    return make_solver(settings)
