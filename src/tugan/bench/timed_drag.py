"""A drag with a stopwatch on the solver alone."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tugan.core.errors import TuganError
from tugan.core.geometry import REFERENCE_SIDE_PX
from tugan.core.outcome import Outcome
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.dragging.solvers.protocol import Solver
from tugan.dragging.step import DragStep

MAX_HISTORY = 100
"""Entries that a history is thinned to."""


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One look at a drag on its way."""

    step: int
    """Updates of the latent so far."""
    seconds: float
    """Spent in the solver so far."""
    left_px_at_512: float
    """Mean distance of the handles, as the solver tracks them, to their goals."""


@dataclass(frozen=True, kw_only=True)
class TimedDrag:
    """A drag that has ended, and what it took."""

    last: DragStep
    """What is kept."""
    outcome: Outcome
    steps: int
    """Updates computed; those after the kept step included."""
    seconds: float
    """Spent in the solver: no picture is finished in this time."""
    first_motion_s: float | None
    """Until the first picture that is not the start could be shown; None if none was."""
    history: tuple[HistoryEntry, ...] = field(repr=False)
    """Thinned; the last entry is what is kept."""


class TimeLimitError(TuganError):
    """A drag took longer than it may."""


def run_timed(
    problem: DragProblem, solver: Solver[Any], *, limit_s: float | None = None
) -> TimedDrag:
    """Drag to the end; :class:`TimeLimitError` at the first step after ``limit_s`` seconds."""
    history: list[HistoryEntry] = []
    last = first_motion_s = None
    scale = REFERENCE_SIDE_PX / max(problem.image_hw)
    for last, seconds in _timed_steps(problem, solver):
        left_px = float(last.distances_px.mean()) * scale
        # not the step's own index: a drag that was stuck ends by showing an earlier one again
        entry = HistoryEntry(step=len(history), seconds=seconds, left_px_at_512=left_px)
        history.append(entry)
        if limit_s is not None and seconds > limit_s and last.outcome is None:
            raise TimeLimitError(
                f"the drag was not over after {seconds:.0f} s and {entry.step} steps; {limit_s:g} s"
                " are allowed"
            )
        if first_motion_s is None and last.index > 0:
            first_motion_s = seconds
    assert last is not None
    assert last.outcome is not None
    return TimedDrag(
        last=last,
        outcome=last.outcome,
        steps=history[-1].step,
        seconds=history[-1].seconds,
        first_motion_s=first_motion_s,
        history=thinned(history),
    )


def warm_up(problem: DragProblem, solver: Solver[Any]) -> None:
    """One step that nobody times: libraries choose their kernels in it."""
    steps = drag(problem, solver=solver)
    for _ in range(2):
        next(steps, None)


def thinned(history: list[HistoryEntry]) -> tuple[HistoryEntry, ...]:
    """At most :data:`MAX_HISTORY` entries, evenly spread, with the first and the last."""
    if len(history) <= MAX_HISTORY:
        return tuple(history)
    chosen = np.linspace(0, len(history) - 1, MAX_HISTORY).round().astype(int)
    return tuple(history[index] for index in chosen)


def _timed_steps(problem: DragProblem, solver: Solver[Any]) -> Iterator[tuple[DragStep, float]]:
    """Each step, and the seconds spent in the solver up to it."""
    steps = drag(problem, solver=solver)
    seconds = 0.0
    while True:
        started_s = time.perf_counter()
        step = next(steps, None)
        seconds += time.perf_counter() - started_s
        if step is None:
            return
        yield step, seconds
