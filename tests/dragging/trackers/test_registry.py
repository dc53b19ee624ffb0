"""Every tracker by its name, with every solver that takes one."""

from dataclasses import dataclass, replace
from typing import get_args

import pytest
import torch

from tugan.core.errors import InvalidDragError
from tugan.core.outcome import Ending
from tugan.dragging.methods import make_solver
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.freedrag_settings import FreeDragSettings
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.trackers.dis import Dis
from tugan.dragging.trackers.nearest_feature import NearestFeature
from tugan.dragging.trackers.no_tracking import NoTracking
from tugan.dragging.trackers.on_pictures import OnPictures
from tugan.dragging.trackers.patch import Patch
from tugan.dragging.trackers.registry import TRACKERS, TrackerName, make_tracker
from tugan.generators.protocol import GeneratorInfo, Noise, SynthesisState
from tugan.generators.toy import ToyGenerator

SHIFT = torch.tensor([9.0, -6.0])
NEWTON = NewtonSettings(rows=4, blocks_px=(64,), coupling=0.2)
ADAM = DragSettings(rows=4, feature_px=64, learning_rate=2e-2)
FOLLOWS: tuple[TrackerName, ...] = ("nearest_feature", "patch", "dis")


@dataclass(frozen=True)
class Textured:
    """The toy with a picture that can be followed: its own waves run nearly side by side."""

    toy: ToyGenerator

    @property
    def info(self) -> GeneratorInfo:
        return self.toy.info

    @property
    def device(self) -> torch.device:
        return self.toy.device

    def map(
        self, z: torch.Tensor, *, psi: float = 0.7, label: torch.Tensor | None = None
    ) -> torch.Tensor:
        return self.toy.map(z, psi=psi, label=label)

    def begin(
        self, ws: torch.Tensor, *, noise: Noise = "const", noise_seed: int = 0
    ) -> SynthesisState:
        return self.toy.begin(ws, noise=noise, noise_seed=noise_seed)

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        return self.toy.advance(state, until_px=until_px)

    def finish(self, state: SynthesisState) -> torch.Tensor:
        finest = self.toy.advance(self.toy.begin(state.ws), until_px=128).features
        return torch.stack([finest[:, part::3].mean(dim=1) for part in range(3)], dim=1) * 3


def problem_of(toy: ToyGenerator, shift: torch.Tensor = SHIFT) -> DragProblem:
    handles = torch.tensor([[40.0, 60.0], [80.0, 70.0]])
    return DragProblem(
        generator=toy, ws=torch.zeros(1, 4, 8), handles_xy=handles, targets_xy=handles + shift
    )


@pytest.fixture
def large_toy() -> ToyGenerator:
    return ToyGenerator(size_hw=(128, 128))


def test_all_names_are_known() -> None:
    # of what needs no weights
    assert {"nearest_feature", "patch", "none", "dis"} <= set(TRACKERS)
    assert set(TRACKERS) == set(get_args(TrackerName))


@pytest.mark.parametrize("name", FOLLOWS)
@pytest.mark.parametrize("settings", [NEWTON, ADAM], ids=["newton", "adam"])
def test_every_solver_reaches_with_every_tracker_that_looks(
    large_toy: ToyGenerator, name: TrackerName, settings: NewtonSettings | DragSettings
) -> None:
    problem = replace(problem_of(large_toy), generator=Textured(toy=large_toy))
    *_, last = drag(problem, solver=make_solver(settings, tracker=name))
    assert last.outcome is not None
    assert last.outcome.ending is Ending.REACHED
    torch.testing.assert_close(large_toy.shift_px(last.ws)[0], SHIFT, atol=2.6, rtol=0)


def test_without_tracking_newton_believes_its_predictions(large_toy: ToyGenerator) -> None:
    problem, solver = problem_of(large_toy), make_solver(NEWTON, tracker="none")
    assert isinstance(solver, Newton)
    state = solver.init(problem)
    seen = solver.observe(problem, state)
    moved = solver.update(problem, state, seen)
    after = solver.observe(problem, moved)
    assert torch.equal(after.handles_xy, moved.expected_xy)
    *_, last = drag(problem, solver=solver)
    assert last.outcome is not None
    assert last.outcome.ending is Ending.REACHED


def test_without_tracking_adam_goes_a_pixel_a_step_and_stops_at_the_goal(
    large_toy: ToyGenerator,
) -> None:
    problem = problem_of(large_toy, torch.tensor([4.2, 0.0]))
    # so small a rate that the picture stays: what is believed is wrong, as the ablation shows
    settings = replace(ADAM, learning_rate=1e-9)
    steps = list(drag(problem, solver=make_solver(settings, tracker="none")))
    ways = [(step.handles_xy - problem.handles_xy)[0, 0].item() for step in steps]
    assert ways == pytest.approx([0, 1, 2, 3, 4], abs=1e-4)
    assert steps[-1].outcome is not None
    assert steps[-1].outcome.ending is Ending.REACHED
    assert float(large_toy.shift_px(steps[-1].ws).abs().max()) < 1e-3
    closer = replace(settings, tolerance_few_px_at_512=0.0)
    *_, last = drag(problem, solver=make_solver(closer, tracker="none"))
    assert torch.equal(last.handles_xy, problem.targets_xy)


def test_newton_does_not_believe_a_point_that_left_the_picture() -> None:
    toy = ToyGenerator(size_hw=(128, 128))
    handles = torch.tensor([[124.0, 60.0], [40.0, 60.0]])
    problem = DragProblem(
        generator=Textured(toy=toy),
        ws=torch.zeros(1, 4, 8),
        handles_xy=handles,
        targets_xy=torch.tensor([[127.0, 60.0], [60.0, 60.0]]),
    )
    steps = list(drag(problem, solver=make_solver(NEWTON, tracker="dis")))
    assert any(step.lost.tolist() == [True, False] for step in steps)
    # where it is given up the other one arrives
    assert steps[-1].outcome is not None
    assert steps[-1].outcome.ending is Ending.LOST_POINT
    assert float(toy.shift_px(steps[-1].ws)[0, 0]) == pytest.approx(20, abs=3)


def test_the_trackers_that_solvers_have_anyway() -> None:
    assert make_solver(NEWTON) == Newton(settings=NEWTON, tracker=Patch())
    assert make_solver(ADAM) == make_solver(ADAM, tracker="nearest_feature") == Adam(settings=ADAM)
    assert make_solver(NEWTON, tracker="nearest_feature") == Newton(
        settings=NEWTON, tracker=NearestFeature()
    )
    assert make_tracker("none") == NoTracking()
    assert make_tracker("dis") == OnPictures(tracker=Dis())


def test_names_that_mean_nothing() -> None:
    with pytest.raises(InvalidDragError, match=r"no tracker 'dist'; expected one of .*dis"):
        make_tracker("dist")
    with pytest.raises(InvalidDragError, match="freedrag tracks no points"):
        make_solver(FreeDragSettings(), tracker="patch")
