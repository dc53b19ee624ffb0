"""The one loop of every solver."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from tugan.core.closeness import DragWay
from tugan.core.errors import InvalidDragError
from tugan.core.grad_mode import each_in_ordinary_mode
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.checkpoint import Bookmark, Checkpoint, Nearest
from tugan.dragging.methods import default_solver
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.protocol import Observation, Solver
from tugan.dragging.step import DragStep, Frame
from tugan.dragging.way import way_of


@each_in_ordinary_mode
def drag(
    problem: DragProblem,
    *,
    solver: Solver[Any] | None = None,
    resume: Checkpoint | None = None,
) -> Iterator[DragStep]:
    """Steps of a drag, the start first; the last one has an ``outcome``.

    To stop consuming it is to cancel. Without a solver: ``newton``, with the latent and features
    that suit the generator.

    ``resume`` is a step's checkpoint of the same problem and solver: that step is shown once more,
    and what follows is what would have followed.

    A drag that becomes NaN or infinite ends with the last good step, one that is stuck with its
    nearest: that step is shown once more, with the outcome. :class:`InvalidDragError` if there is
    no good step, because the start is NaN or infinite already.
    """
    if solver is None:
        solver = default_solver(problem.generator.info)
    state = solver.init(problem) if resume is None else resume.state
    nearest = None if resume is None else resume.nearest
    last: DragStep | None = None
    judged = resume is not None
    while True:
        seen = solver.observe(problem, state)
        # a step that was shown before stays, whatever is thought of it by now
        again = None if judged else solver.retried(problem, state, seen)
        judged = False
        if again is not None:
            state = again
            continue
        taken = solver.steps_taken(state)
        if not _is_finite(seen):
            good = _good(last)
            broken = _told_of(good, Ending.NOT_FINITE, problem, solver, steps=taken)
            yield replace(good, outcome=broken)
            return
        outcome = solver.terminate(problem, state, seen)
        if last is not None:
            _release(last)
        last = step_of(problem, seen, index=taken, outcome=outcome)
        if nearest is None or _left_px(last) < nearest.left_px(problem.targets_xy):
            nearest = _as_nearest(last)
        if outcome is not None and outcome.ending is Ending.NO_PROGRESS:
            kept = _shown_again(problem, nearest)
            outcome = _told_of(kept, outcome.ending, problem, solver, steps=taken)
            yield replace(kept, outcome=outcome)
            return
        bookmark = Bookmark(Checkpoint(state=state, nearest=nearest))
        last = replace(last, bookmark=bookmark)
        yield last
        if outcome is not None:
            return
        state = solver.update(problem, state, seen)


def _release(step: DragStep) -> None:
    step.frame.release()
    if step.bookmark is not None:
        step.bookmark.release()


def _as_nearest(step: DragStep) -> Nearest:
    return Nearest(index=step.index, ws=step.ws, handles_xy=step.handles_xy, lost=step.lost)


@torch.no_grad()
def _shown_again(problem: DragProblem, nearest: Nearest) -> DragStep:
    synthesis = problem.generator.begin(
        nearest.ws, noise=problem.noise, noise_seed=problem.noise_seed
    )
    return DragStep(
        index=nearest.index,
        ws=nearest.ws,
        handles_xy=nearest.handles_xy,
        targets_xy=problem.targets_xy,
        lost=nearest.lost,
        frame=Frame(problem.generator, synthesis),
    )


def _told_of(
    kept: DragStep, ending: Ending, problem: DragProblem, solver: Solver[Any], *, steps: int
) -> Outcome:
    """The outcome of a drag whose last picture is not the one that is kept."""
    way = way_of_step(problem, solver, kept)
    return Outcome.of(ending, steps=steps, way=way, kept_step=kept.index)


def way_of_step(
    problem: DragProblem, solver: Solver[Any], step: DragStep, *, scale: float = 1.0
) -> DragWay:
    """How far the handles came until a step; in pixels of the picture, times ``scale``."""
    return way_of(
        problem,
        handles_xy=step.handles_xy,
        lost=step.lost,
        tolerance_px=solver.tolerance_px(problem),
        scale=scale,
    )


def _is_finite(seen: Observation) -> bool:
    return seen.finite and bool(torch.isfinite(seen.ws).all())


def _good(last: DragStep | None) -> DragStep:
    if last is None:
        raise InvalidDragError(
            "the features are NaN or infinite before the first step: the model's weights or the"
            " start are damaged; tugan doctor checks the default model"
        )
    return last


def _left_px(step: DragStep) -> float:
    return float(step.distances_px.sum())


def step_of(
    problem: DragProblem, seen: Observation, *, index: int, outcome: Outcome | None
) -> DragStep:
    """What a look at a state shows."""
    return DragStep(
        index=index,
        ws=seen.ws,
        handles_xy=seen.handles_xy,
        targets_xy=problem.targets_xy,
        lost=seen.lost,
        frame=Frame(problem.generator, seen.synthesis),
        outcome=outcome,
    )
