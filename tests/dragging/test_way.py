"""How far handles came, of the picture that is kept."""

import math
from dataclasses import replace

import pytest
import torch

from tugan.core.closeness import Closeness
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solve import drag, way_of_step
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.way import way_of
from tugan.generators.toy import ToyGenerator

SETTINGS = DragSettings(latent="w+", rows=4, feature_px=32, learning_rate=0.03)


@pytest.fixture
def problem() -> DragProblem:
    handles = torch.tensor([[20.0, 30.0], [40.0, 35.0]])
    return DragProblem(
        generator=ToyGenerator(),
        ws=torch.zeros(1, 4, 8),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([[12.0, 16.0], [3.0, 4.0]]),
    )


def test_each_handle_is_measured_from_its_start_and_from_where_it_is(problem: DragProblem) -> None:
    seen = problem.targets_xy + torch.tensor([[0.6, 0.8], [6.0, 8.0]])
    way = way_of(problem, handles_xy=seen, lost=torch.tensor([False, True]), tolerance_px=1.1)
    first, second = way.handles
    assert (first.asked_px, second.asked_px) == (20, 5)
    assert [first.left_px, second.left_px] == pytest.approx([1, 10], abs=1e-4)
    assert (first.closeness, second.closeness) == (Closeness.REACHED, Closeness.LOST)


def test_another_scale_changes_pixels_and_no_class(problem: DragProblem) -> None:
    seen = problem.targets_xy + torch.tensor([[0.3, 0.4], [1.5, 2.0]])
    lost = torch.tensor([False, False])
    one = way_of(problem, handles_xy=seen, lost=lost, tolerance_px=1)
    other = way_of(problem, handles_xy=seen, lost=lost, tolerance_px=1, scale=3)
    for before, after in zip(one.handles, other.handles, strict=True):
        assert math.isclose(after.asked_px, 3 * before.asked_px, rel_tol=1e-6)
        assert math.isclose(after.left_px, 3 * before.left_px, rel_tol=1e-6)
        assert after.closeness is before.closeness


def test_the_solver_says_what_is_near_enough(problem: DragProblem) -> None:
    first = next(drag(problem, solver=Adam(settings=SETTINGS)))
    near = replace(first, handles_xy=problem.targets_xy + torch.tensor([1.5, 0.0]))
    loose = Adam(settings=replace(SETTINGS, tolerance_few_px_at_512=2.0))
    assert way_of_step(problem, Adam(settings=SETTINGS), near).arrived == 0
    assert way_of_step(problem, loose, near).arrived == 2


def test_what_is_said_is_of_the_picture_that_is_kept(problem: DragProblem) -> None:
    # so large a rate only leads away
    settings = replace(SETTINGS, learning_rate=5.0, patience_steps=3)
    *before, last = drag(problem, solver=Adam(settings=settings))
    assert last.outcome is not None
    assert last.outcome.ending is Ending.NO_PROGRESS
    assert last.outcome.steps == len(before) >= last.index + 3
    kept = way_of_step(problem, Adam(settings=settings), last).worst
    assert last.outcome.left_px == pytest.approx(kept.left_px)
    seen_last = way_of_step(problem, Adam(settings=settings), before[-1]).worst
    assert seen_last.left_px > kept.left_px + 1
