"""Adam's gradient, taken on windows around the handles, must be that of the whole map."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam, AdamState
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, WindowedGenerator, sample_z

# of the picture's side: inside, near each other, in a corner and on a border
PLACES = ((0.4, 0.55), (0.45, 0.5), (0.02, 0.03), (0.99, 0.6), (0.7, 0.3))
GRADIENT = "the first step's moments hold nothing but the gradient"


def problem_of(
    generator: PretrainedGenerator, count: int, *, mask: Tensor | None = None
) -> DragProblem:
    height, width = generator.info.size_hw
    handles_xy = (torch.tensor(PLACES[:count]) * torch.tensor([width, height])).round()
    return DragProblem(
        generator=generator,
        ws=generator.map(sample_z(4, z_dim=512)),
        handles_xy=handles_xy,
        targets_xy=(handles_xy * 0.8 + 0.1 * width).round(),
        mask=mask,
    )


def first_gradient(problem: DragProblem, settings: DragSettings) -> tuple[Tensor, bool]:
    """And was it taken on windows?"""
    solver = Adam(settings=settings)
    state = solver.init(problem)
    seen = solver.observe(problem, state)
    after: AdamState = solver.update(problem, state, seen)
    assert state.moments.mean.abs().max() == 0, GRADIENT
    return after.moments.mean, seen.trunk is not None


def gradient_of_whole_map(problem: DragProblem, settings: DragSettings) -> Tensor:
    """With a generator that says that windows never pay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(problem.generator), "trunk_px", lambda *_, **__: None)
        gradient, was_on_windows = first_gradient(problem, settings)
    assert not was_on_windows
    return gradient


ORIGINAL = DragSettings.original()
PAPER = DragSettings.paper()


@pytest.fixture(params=["faces", "stylegan2_128"])
def generator(request: pytest.FixtureRequest) -> PretrainedGenerator:
    loaded: PretrainedGenerator = request.getfixturevalue(request.param)
    return loaded


@pytest.mark.parametrize("settings", [ORIGINAL, PAPER], ids=["original", "paper"])
@pytest.mark.parametrize("count", [1, 3])
def test_the_gradient_is_the_whole_maps(
    generator: PretrainedGenerator, settings: DragSettings, count: int
) -> None:
    settings = replace(settings, feature_px=64)
    problem = problem_of(generator, count)
    on_windows, was_on_windows = first_gradient(problem, settings)
    on_map = gradient_of_whole_map(problem, settings)
    assert was_on_windows
    # float32: where a preactivation is next to zero, the leaky ReLU's slope may differ
    error = (on_windows - on_map).norm() / on_map.norm()
    assert error < 5e-3, float(error)


def test_with_weights_in_double_precision_it_is_so_to_rounding(oracle_dir: Path) -> None:
    generator = load_generator(
        oracle_dir / "nvidia-stylegan2-128.pkl", device="cpu", dtype=torch.float64
    )
    settings = replace(PAPER, feature_px=64)
    problem = problem_of(generator, 3)
    on_windows, _ = first_gradient(problem, settings)
    on_map = gradient_of_whole_map(problem, settings)
    assert (on_windows - on_map).norm() < 1e-6 * on_map.norm()


def test_masks_many_points_and_wide_discs_are_taken_on_the_map(
    stylegan2_128: PretrainedGenerator,
) -> None:
    assert isinstance(stylegan2_128, WindowedGenerator)
    assert stylegan2_128.trunk_px(1, until_px=64) == 16
    assert stylegan2_128.trunk_px(60, until_px=64) is None
    free = torch.ones(stylegan2_128.info.size_hw)
    assert not first_gradient(problem_of(stylegan2_128, 1, mask=free), PAPER)[1]
    wide = replace(PAPER, feature_px=64, motion_radius_px_at_512=30.0)
    assert not first_gradient(problem_of(stylegan2_128, 1), wide)[1]


def test_handles_at_their_goals_give_no_gradient(stylegan2_128: PretrainedGenerator) -> None:
    there = problem_of(stylegan2_128, 1)
    there = replace(there, targets_xy=there.handles_xy + 0.4)
    gradient, was_on_windows = first_gradient(there, replace(PAPER, feature_px=64))
    assert was_on_windows
    assert not gradient.any()
