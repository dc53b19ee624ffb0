import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from bench.fakes import TOY_SETTINGS
from tugan.bench.timed_drag import MAX_HISTORY, HistoryEntry, run_timed, thinned, warm_up
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.adam import Adam, AdamState
from tugan.dragging.solvers.protocol import Observation
from tugan.generators.toy import ToyGenerator


@pytest.fixture
def problem(toy: ToyGenerator) -> DragProblem:
    return DragProblem(
        generator=toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=torch.tensor([[30.0, 30.0]]),
        targets_xy=torch.tensor([[36.0, 30.0]]),
    )


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock comes a second after the one before."""
    seconds: Iterator[float] = iter(range(10_000))
    monkeypatch.setattr(time, "perf_counter", lambda: next(seconds))


def adam(
    max_steps: int | None = 200, patience_steps: int | None = None, rate: float = 2e-2
) -> Adam:
    return Adam(
        settings=replace(
            TOY_SETTINGS, learning_rate=rate, max_steps=max_steps, patience_steps=patience_steps
        )
    )


def test_a_drag_at_its_limit_took_that_many_steps(problem: DragProblem) -> None:
    drag = run_timed(problem, adam(max_steps=3))
    assert drag.outcome.ending is Ending.STEP_LIMIT
    assert (drag.steps, drag.last.index) == (3, 3)
    assert [entry.step for entry in drag.history] == [0, 1, 2, 3]
    # a second for each of the four looks, and the second is the first that shows a change
    assert drag.seconds == 4
    assert drag.first_motion_s == 2
    # 6 px of 64 are 48 at 512
    assert drag.history[0].left_px_at_512 == pytest.approx(48)


def test_a_drag_that_arrives_says_so(problem: DragProblem) -> None:
    drag = run_timed(problem, adam())
    assert drag.outcome.reached
    assert drag.steps == drag.last.index > 1
    assert drag.history[-1].left_px_at_512 <= 8 + 1e-3


def test_the_steps_after_the_one_that_is_kept_count(problem: DragProblem) -> None:
    # so large a rate only leads away
    drag = run_timed(problem, adam(patience_steps=3, rate=5.0))
    assert drag.outcome.ending is Ending.NO_PROGRESS
    assert drag.steps >= drag.last.index + 3
    assert drag.outcome.steps == drag.steps
    left = float(drag.last.distances_px.mean()) * 8
    assert drag.history[-1].left_px_at_512 == pytest.approx(left)


def test_no_motion_was_no_first_motion(problem: DragProblem) -> None:
    drag = run_timed(problem, adam(max_steps=0))
    assert drag.steps == 0
    assert drag.first_motion_s is None


def test_a_long_history_keeps_its_ends_and_its_shape() -> None:
    history = [HistoryEntry(step=n, seconds=n / 2, left_px_at_512=300.0 - n) for n in range(301)]
    kept = thinned(history)
    assert len(kept) == MAX_HISTORY
    assert (kept[0], kept[-1]) == (history[0], history[-1])
    gaps = [after.step - before.step for before, after in pairwise(kept)]
    assert set(gaps) == {3, 4}
    assert thinned(history[:5]) == tuple(history[:5])


def test_warming_up_takes_one_step(problem: DragProblem, monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[AdamState] = []
    honest = Adam.update

    def update(
        solver: Adam, problem: DragProblem, state: AdamState, seen: Observation
    ) -> AdamState:
        states.append(state)
        return honest(solver, problem, state, seen)

    monkeypatch.setattr(Adam, "update", update)
    warm_up(problem, adam())
    assert [state.steps for state in states] == [0]
