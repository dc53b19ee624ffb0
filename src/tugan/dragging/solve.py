"""The one loop of every solver."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from tugan.core.outcome import Ending, Outcome
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.protocol import Observation, Solver
from tugan.dragging.step import DragStep, Frame


def drag(problem: DragProblem, *, solver: Solver[Any] | None = None) -> Iterator[DragStep]:
    """Steps of a drag, the start first; the last one has an ``outcome``.

    To stop consuming it is to cancel. Without a solver: the paper's method with the latent and
    features that suit the generator.

    A drag that becomes NaN or infinite ends with the last good step, one that is stuck with its
    nearest: each is shown once more, with the outcome.
    """
    if solver is None:
        solver = Adam(settings=DragSettings.for_generator(problem.generator.info))
    state = solver.init(problem)
    last: DragStep | None = None
    nearest: DragStep | None = None
    while True:
        seen = solver.observe(problem, state)
        taken = solver.steps_taken(state)
        if not _is_finite(seen):
            yield _last_good(problem, last, seen, steps=taken)
            return
        outcome = solver.terminate(problem, state, seen)
        if last is not None:
            last.frame.release()
        last = _step(problem, seen, index=taken, outcome=outcome)
        if nearest is None or last.farthest_px < nearest.farthest_px:
            nearest = last
        if outcome is not None and outcome.ending is Ending.NO_PROGRESS:
            yield replace(nearest, outcome=outcome)
            return
        yield last
        if outcome is not None:
            return
        state = solver.update(problem, state, seen)


def _is_finite(seen: Observation) -> bool:
    return seen.finite and bool(torch.isfinite(seen.ws).all())


def _step(
    problem: DragProblem, seen: Observation, *, index: int, outcome: Outcome | None
) -> DragStep:
    frame = Frame(problem.generator, seen.ws, noise=problem.noise, synthesis=seen.synthesis)
    return DragStep(
        index=index,
        ws=seen.ws,
        handles_xy=seen.handles_xy,
        targets_xy=problem.targets_xy,
        frame=frame,
        outcome=outcome,
    )


def _last_good(
    problem: DragProblem, last: DragStep | None, seen: Observation, *, steps: int
) -> DragStep:
    outcome = Outcome.not_finite(steps=steps, what="features")
    if last is None:
        return _step(problem, replace(seen, ws=problem.ws), index=0, outcome=outcome)
    return replace(last, outcome=outcome)
