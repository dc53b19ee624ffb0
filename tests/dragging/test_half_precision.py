"""Weights and features in half precision, latents and solutions in single."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.step import DragStep
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, SynthesisState, sample_z

HALVES = (torch.bfloat16, torch.float16)


@pytest.fixture(params=HALVES, ids=str)
def half(request: pytest.FixtureRequest, oracle_dir: Path) -> PretrainedGenerator:
    path = oracle_dir / "nvidia-stylegan2-128.pkl"
    return load_generator(path, device="cpu", dtype=request.param)


def problem_of(generator: PretrainedGenerator) -> DragProblem:
    handles = torch.tensor([[60.0, 60.0]])
    return DragProblem(
        generator=generator,
        ws=generator.map(sample_z(4, z_dim=512)),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([[4.0, 1.0]]),
    )


def steps_of(generator: PretrainedGenerator, method: str) -> list[DragStep]:
    solver: Newton | Adam
    if method == "newton":
        solver = Newton(settings=NewtonSettings.for_generator(generator.info))
    else:
        solver = Adam(settings=DragSettings.for_generator(generator.info))
    return list(drag(problem_of(generator), solver=solver))


@pytest.mark.parametrize("method", ["newton", "adam"])
def test_a_drag_goes_on_in_single_precision(half: PretrainedGenerator, method: str) -> None:
    steps = steps_of(half, method)
    last = steps[-1]
    assert last.farthest_px < 0.75 * steps[0].farthest_px
    # in single precision adam, whose places are whole pixels, is stuck on this one too
    assert last.outcome is not None
    assert last.outcome.reached or method == "adam"
    assert {step.ws.dtype for step in steps} == {torch.float32}
    assert {step.handles_xy.dtype for step in steps} == {torch.float32}
    assert last.image().isfinite().all()


def test_features_stay_in_half_and_what_is_solved_does_not(half: PretrainedGenerator) -> None:
    problem = problem_of(half)
    solver = Newton(settings=NewtonSettings.for_generator(half.info))
    state = solver.init(problem)
    seen = solver.observe(problem, state)
    weights = next(iter(half.state_dict().values()))
    assert _tensors(seen.synthesis) == {weights.dtype}
    moved = solver.update(problem, state, seen)
    assert moved.jacobian is not None
    assert moved.last_change is not None
    assert {moved.jacobian.dtype, moved.last_change.dtype, moved.move.dtype} == {torch.float32}


def test_it_goes_where_single_precision_goes(
    half: PretrainedGenerator, stylegan2_128: PretrainedGenerator
) -> None:
    # one step from the same latent, before small differences add up
    start = problem_of(half)
    whole = DragProblem(
        generator=stylegan2_128,
        ws=start.ws,
        handles_xy=start.handles_xy,
        targets_xy=start.targets_xy,
    )
    moves: list[Tensor] = []
    for problem in (start, whole):
        solver = Newton(settings=NewtonSettings.for_generator(problem.generator.info))
        state = solver.init(problem)
        moves.append(solver.update(problem, state, solver.observe(problem, state)).move.flatten())
    assert torch.cosine_similarity(moves[0], moves[1], dim=0) > 0.98
    torch.testing.assert_close(moves[0].norm(), moves[1].norm(), rtol=0.1, atol=0)


def _tensors(synthesis: SynthesisState) -> set[torch.dtype]:
    maps = (synthesis.ws, synthesis.features, synthesis.image)
    return {one.dtype for one in maps if one is not None}
