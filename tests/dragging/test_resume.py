"""Stopping and going on is the same as never having stopped."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from tugan.core.errors import InvalidDragError
from tugan.core.outcome import Ending
from tugan.dragging.methods import SOLVERS, Settings, SolverName, make_solver
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.dragging.solvers.saved_state import restored_state, saved_state
from tugan.dragging.step import DragStep
from tugan.generators.protocol import PretrainedGenerator, sample_z
from tugan.generators.toy import ToyGenerator

SOLVER_NAMES: tuple[SolverName, ...] = ("newton", "adam")


def settings_of(name: SolverName, toy: ToyGenerator) -> Settings:
    return SOLVERS[name].presets["auto"](toy.info)


def problem_of(toy: ToyGenerator, *, points: int = 1, masked: bool = False) -> DragProblem:
    torch.manual_seed(points)
    handles = 24 + 16 * torch.rand(points, 2)
    mask = torch.zeros(64, 64)
    mask[:, :44] = 1
    return DragProblem(
        generator=toy,
        ws=0.1 * torch.randn(1, 4, 8),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([7.0, -5.0]),
        mask=mask if masked else None,
    )


def assert_same_steps(found: Iterator[DragStep], expected: Iterator[DragStep]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.index == other.index
        assert torch.equal(one.ws, other.ws)
        assert torch.equal(one.handles_xy, other.handles_xy)
        assert torch.equal(one.lost, other.lost)
        assert one.outcome == other.outcome


@pytest.mark.parametrize("name", SOLVER_NAMES)
@pytest.mark.parametrize("points", [1, 3, 8])
@pytest.mark.parametrize("masked", [False, True])
def test_a_drag_goes_on_to_the_bit_from_what_is_kept(
    toy: ToyGenerator, name: SolverName, points: int, masked: bool
) -> None:
    problem = problem_of(toy, points=points, masked=masked)
    solver = make_solver(replace(settings_of(name, toy), max_steps=12))
    whole = drag(problem, solver=solver)
    for _ in range(3):
        step = next(whole)
    checkpoint = step.checkpoint()
    state = restored_state(solver, problem, saved_state(checkpoint.state))
    resumed = drag(problem, solver=solver, resume=replace(checkpoint, state=state))
    again = next(resumed)
    assert again.index == step.index
    assert torch.equal(again.ws, step.ws)
    assert torch.equal(again.handles_xy, step.handles_xy)
    assert_same_steps(resumed, whole)


@pytest.mark.parametrize("name", SOLVER_NAMES)
def test_the_nearest_step_is_remembered_over_a_stop(toy: ToyGenerator, name: SolverName) -> None:
    # goals that contradict each other, so that the drag is stuck
    problem = replace(
        problem_of(toy),
        handles_xy=torch.tensor([[20.0, 30.0], [44.0, 30.0]]),
        targets_xy=torch.tensor([[30.0, 30.0], [34.0, 30.0]]),
    )
    settings = settings_of(name, toy)
    if name == "adam":
        settings = replace(settings, patience_steps=4)
    solver = make_solver(settings)
    steps = list(drag(problem, solver=solver))
    assert steps[-1].outcome is not None
    assert steps[-1].outcome.ending is Ending.NO_PROGRESS
    whole = drag(problem, solver=solver)
    for _ in range(len(steps) - 2):
        step = next(whole)
    resumed = drag(problem, solver=solver, resume=step.checkpoint())
    next(resumed)
    assert_same_steps(resumed, whole)


def test_a_drag_on_faces_goes_on_to_the_bit(faces: PretrainedGenerator) -> None:
    problem = DragProblem(
        generator=faces,
        ws=faces.map(sample_z(14, z_dim=512)),
        handles_xy=torch.tensor([[608.0, 762.0]]),
        targets_xy=torch.tensor([[636.0, 722.0]]),
    )
    solver = make_solver(SOLVERS["newton"].presets["auto"](faces.info))
    whole = drag(problem, solver=solver)
    next(whole)
    step = next(whole)
    state = restored_state(solver, problem, saved_state(step.checkpoint().state))
    resumed = drag(problem, solver=solver, resume=replace(step.checkpoint(), state=state))
    next(resumed)
    one, other = next(resumed), next(whole)
    assert torch.equal(one.ws, other.ws)
    assert torch.equal(one.image(), other.image())


def test_a_checkpoint_is_let_go_with_its_step(toy: ToyGenerator) -> None:
    steps = drag(problem_of(toy))
    first = next(steps)
    first.checkpoint()
    next(steps)
    with pytest.raises(InvalidDragError, match="before the drag's next step"):
        first.checkpoint()


def test_states_of_another_solver_or_drag_are_refused(toy: ToyGenerator) -> None:
    newton, adam = (make_solver(settings_of(name, toy)) for name in SOLVER_NAMES)
    problem = problem_of(toy)
    saved = saved_state(next(drag(problem, solver=newton)).checkpoint().state)
    with pytest.raises(InvalidDragError, match="another"):
        restored_state(adam, problem, saved)
    with pytest.raises(InvalidDragError, match=r"expected_xy is \(1, 2\), but this drag's is"):
        restored_state(newton, problem_of(toy, points=3), saved)
    with pytest.raises(TypeError, match="newton or adam"):
        saved_state("a state")
