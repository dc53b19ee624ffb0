from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor

from tugan.core.closeness import Closeness
from tugan.core.errors import InvalidDragError
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings, Reading
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.protocol import Solver
from tugan.dragging.step import DragStep
from tugan.dragging.trackers.protocol import Tracking
from tugan.generators.loading import load_generator
from tugan.generators.protocol import (
    GeneratorInfo,
    LatentKind,
    Noise,
    PretrainedGenerator,
    SynthesisState,
    sample_z,
    synthesize,
)
from tugan.generators.toy import ToyGenerator

TOY_SETTINGS = DragSettings(
    latent="w+",
    rows=4,
    feature_px=32,
    learning_rate=2e-2,
    motion_radius_px_at_512=24,
    track_radius_px_at_512=48,
    reduction="mean",
)

REPLAY = replace(DragSettings.original(), latent="w+", rows=4)


def toy_problem(toy: ToyGenerator, *, mask: Tensor | None = None) -> DragProblem:
    """Three points that all ask for the same shift, as the toy can only move as a whole."""
    handles = torch.tensor([[20.0, 30.0], [40.0, 35.0], [30.0, 20.0]])
    return DragProblem(
        generator=toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([9.0, -6.0]),
        mask=mask,
    )


def last_of(steps: Iterator[DragStep]) -> DragStep:
    *_, last = steps
    return last


@pytest.mark.parametrize("latent", ["w", "w+"])
@pytest.mark.parametrize("whitened", [False, True])
@pytest.mark.parametrize("reading", ["native", "resized"])
@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_every_way_reaches_the_known_answer(
    toy: ToyGenerator,
    latent: LatentKind,
    whitened: bool,
    reading: Reading,
    norm: Literal["l1", "l2"],
    reduction: Literal["sum", "mean"],
) -> None:
    settings = replace(
        TOY_SETTINGS,
        latent=latent,
        whitened=whitened,
        reading=reading,
        tracking_norm=norm,
        reduction=reduction,
    )
    last = last_of(drag(toy_problem(toy), solver=Adam(settings=settings)))
    assert last.outcome is not None
    assert last.outcome.reached
    assert last.index > 3
    # within the tolerance, a pixel of rounding and a little more
    error = toy.shift_px(last.ws) - torch.tensor([9.0, -6.0])
    assert error.norm() < 2.0


def test_pictures_without_a_square_shape() -> None:
    toy = ToyGenerator(size_hw=(48, 96))
    problem = DragProblem(
        generator=toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=torch.tensor([[70.0, 20.0]]),
        targets_xy=torch.tensor([[80.0, 26.0]]),
    )
    last = last_of(drag(problem, solver=Adam(settings=replace(TOY_SETTINGS, feature_px=48))))
    assert last.outcome is not None
    assert last.outcome.reached
    assert (toy.shift_px(last.ws) - torch.tensor([10.0, 6.0])).norm() < 2.0
    assert last.image().shape == (1, 3, 48, 96)


def test_the_first_step_is_the_start(toy: ToyGenerator) -> None:
    problem = toy_problem(toy)
    first = next(drag(problem))
    assert first.index == 0
    assert torch.equal(first.ws, problem.ws)
    assert torch.equal(first.handles_xy, problem.handles_xy)
    assert first.outcome is None
    assert first.farthest_px == pytest.approx((81 + 36) ** 0.5)


@pytest.mark.parametrize(("settings", "first_x"), [(TOY_SETTINGS, 20.3), (REPLAY, 20.0)])
def test_only_the_original_program_rounds_the_start(
    toy: ToyGenerator, settings: DragSettings, first_x: float
) -> None:
    problem = DragProblem(
        generator=toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=torch.tensor([[20.3, 30.0]]),
        targets_xy=torch.tensor([[40.0, 30.0]]),
    )
    first = next(drag(problem, solver=Adam(settings=settings)))
    assert float(first.handles_xy[0, 0]) == pytest.approx(first_x)


def test_only_the_last_step_has_an_outcome(toy: ToyGenerator) -> None:
    steps = list(drag(toy_problem(toy), solver=Adam(settings=TOY_SETTINGS)))
    assert all(step.outcome is None for step in steps[:-1])
    assert [step.index for step in steps] == list(range(len(steps)))


def test_the_step_limit_is_an_outcome(toy: ToyGenerator) -> None:
    settings = replace(TOY_SETTINGS, max_steps=3)
    last = last_of(drag(toy_problem(toy), solver=Adam(settings=settings)))
    assert last.index == 3
    assert last.outcome is not None
    assert last.outcome.ending is Ending.STEP_LIMIT
    assert last.outcome.steps == 3
    assert last.outcome.asked_px == pytest.approx((81 + 36) ** 0.5)
    assert last.outcome.left_px == pytest.approx(last.farthest_px)
    assert "px left at the limit of 3 steps. Allow more steps" in last.outcome.sentence


def test_a_drag_that_is_stuck_ends_with_its_nearest_state(toy: ToyGenerator) -> None:
    # not all of them can be had: the toy moves as a whole, and follows the two that agree
    handles = torch.tensor([[20.0, 30.0], [24.0, 20.0], [40.0, 40.0]])
    problem = DragProblem(
        generator=toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([[10.0, 0.0], [10.0, 0.0], [-4.0, 0.0]]),
    )
    settings = replace(TOY_SETTINGS, patience_steps=15)
    *before, last = drag(problem, solver=Adam(settings=settings))
    assert last.outcome is not None
    assert last.outcome.ending is Ending.NO_PROGRESS
    assert last.outcome.steps == len(before) > last.index
    said = f"after {len(before)} steps; the nearest picture, after step {last.index}, is kept"
    assert said in last.outcome.sentence
    assert last.outcome.closeness is Closeness.NO_NEARER
    left = [float(step.distances_px.sum()) for step in before]
    assert float(last.distances_px.sum()) == min(left) < left[0]
    assert torch.equal(last.ws, before[last.index].ws)
    assert len(before) >= last.index + 15


def test_no_steps_change_nothing(toy: ToyGenerator) -> None:
    problem = toy_problem(toy)
    last = last_of(drag(problem, solver=Adam(settings=replace(TOY_SETTINGS, max_steps=0))))
    assert torch.equal(last.ws, problem.ws)


def test_a_drag_is_the_same_every_time(stylegan2_128: PretrainedGenerator) -> None:
    ws = stylegan2_128.map(sample_z(4, z_dim=512))
    problem = DragProblem(
        generator=stylegan2_128,
        ws=ws,
        handles_xy=torch.tensor([[60.0, 60.0], [30.0, 90.0]]),
        targets_xy=torch.tensor([[80.0, 60.0], [30.0, 70.0]]),
    )
    solver = Adam(settings=replace(DragSettings.paper(), max_steps=5))
    first, second = (list(drag(problem, solver=solver)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.ws, other.ws)
        assert torch.equal(one.handles_xy, other.handles_xy)


def test_a_state_can_be_stepped_from_twice(toy: ToyGenerator) -> None:
    problem, solver = toy_problem(toy), Adam(settings=TOY_SETTINGS)
    state = solver.init(problem)
    for _ in range(3):
        state = solver.update(problem, state, solver.observe(problem, state))
    kept = state.move.clone()
    twins = [solver.update(problem, state, solver.observe(problem, state)) for _ in range(2)]
    assert torch.equal(twins[0].move, twins[1].move)
    assert torch.equal(twins[0].moments.square, twins[1].moments.square)
    assert torch.equal(state.move, kept)
    assert solver.steps_taken(state) == 3


def test_moments_of_an_earlier_drag_can_be_kept(toy: ToyGenerator) -> None:
    problem, solver = toy_problem(toy), Adam(settings=TOY_SETTINGS)
    state = solver.init(problem)
    state = solver.update(problem, state, solver.observe(problem, state))
    going_on = replace(solver, moments=state.moments).init(problem)
    assert going_on.moments.count == 1
    of_another_shape = replace(solver, settings=replace(TOY_SETTINGS, latent="w"))
    assert replace(of_another_shape, moments=state.moments).init(problem).moments.count == 0


def test_a_picture_looked_at_late_is_the_same(faces: PretrainedGenerator) -> None:
    problem = DragProblem(
        generator=faces,
        ws=faces.map(sample_z(0, z_dim=512)),
        handles_xy=torch.tensor([[500.0, 600.0]]),
        targets_xy=torch.tensor([[520.0, 600.0]]),
    )
    steps = drag(problem)
    next(steps)
    second = next(steps)
    fresh = second.image()
    next(steps)  # lets the features of the second step go
    torch.testing.assert_close(second.image(), fresh, atol=1e-5, rtol=0)
    assert torch.equal(second.image(), synthesize(faces, second.ws))


def test_nan_ends_with_the_last_good_state() -> None:
    toy = ToyGenerator(spoiled_beyond=0.3)
    steps = list(drag(toy_problem(toy), solver=Adam(settings=TOY_SETTINGS)))
    last = steps[-1]
    assert last.outcome is not None
    assert last.outcome.ending is Ending.NOT_FINITE
    assert "last good state is kept" in last.outcome.sentence
    assert last.outcome.steps == last.index + 1
    assert last.index == steps[-2].index > 3
    assert torch.equal(last.ws, steps[-2].ws)
    assert torch.isfinite(last.image()).all()


def test_nan_at_the_start_is_an_error() -> None:
    toy = ToyGenerator(spoiled_beyond=-1.0)
    with pytest.raises(InvalidDragError, match="NaN or infinite before the first step"):
        next(drag(toy_problem(toy), solver=Adam(settings=TOY_SETTINGS)))


def test_a_mask_that_holds_everything_holds_it(toy: ToyGenerator) -> None:
    settings = replace(TOY_SETTINGS, max_steps=40)
    free = last_of(drag(toy_problem(toy), solver=Adam(settings=settings)))
    held = last_of(drag(toy_problem(toy, mask=torch.zeros(64, 64)), solver=Adam(settings=settings)))
    assert toy.shift_px(held.ws).norm() < 0.1 * toy.shift_px(free.ws).norm()
    assert held.outcome is not None
    assert held.outcome.ending is Ending.STEP_LIMIT


def test_a_mask_keeps_the_rest_of_a_face(faces: PretrainedGenerator) -> None:
    """The mouth's corner moves up; everything above the nose should change less."""
    mask = torch.zeros(1024, 1024)
    mask[600:, 250:774] = 1
    last = {}
    for name, chosen in (("free", None), ("held", mask)):
        problem = DragProblem(
            generator=faces,
            ws=faces.map(sample_z(14, z_dim=512)),
            handles_xy=torch.tensor([[608.0, 762.0]]),
            targets_xy=torch.tensor([[632.0, 732.0]]),
            mask=chosen,
        )
        start = synthesize(faces, problem.ws)
        settings = replace(DragSettings.for_generator(faces.info), max_steps=15)
        end = last_of(drag(problem, solver=Adam(settings=settings)))
        last[name] = ((end.image() - start).abs()[:, :, :500].mean(), end.farthest_px)
    assert last["held"][0] < 0.7 * last["free"][0]
    assert last["held"][1] < 25


@dataclass(frozen=True)
class CountingGenerator:
    """The toy, counting what it is asked for."""

    toy: ToyGenerator
    asked: list[str]

    @property
    def info(self) -> GeneratorInfo:
        return self.toy.info

    @property
    def device(self) -> torch.device:
        return self.toy.device

    def map(self, z: Tensor, *, psi: float = 0.7, label: Tensor | None = None) -> Tensor:
        return self.toy.map(z, psi=psi, label=label)

    def begin(self, ws: Tensor, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        return self.toy.begin(ws, noise=noise, noise_seed=noise_seed)

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        self.asked.append(f"advance {until_px}")
        return self.toy.advance(state, until_px=until_px)

    def finish(self, state: SynthesisState) -> Tensor:
        self.asked.append("finish")
        return self.toy.finish(state)


def test_a_step_costs_one_synthesis_up_to_the_feature_block(toy: ToyGenerator) -> None:
    asked: list[str] = []
    generator = CountingGenerator(toy, asked)
    settings = replace(TOY_SETTINGS, max_steps=5)
    problem = replace(toy_problem(toy), generator=generator)
    for step in drag(problem, solver=Adam(settings=settings)):
        if step.index == 2:
            step.image()
    # one for the start's features, one a look; the picture only where somebody looked
    assert asked.count("advance 32") == 7
    assert asked.count("finish") == 1
    assert set(asked) == {"advance 32", "finish"}


def test_the_callers_grad_mode_does_not_matter(toy: ToyGenerator) -> None:
    solver = Adam(settings=replace(TOY_SETTINGS, max_steps=3))
    usual = last_of(drag(toy_problem(toy), solver=solver))
    with torch.no_grad():
        quiet = last_of(drag(toy_problem(toy), solver=solver))
    assert torch.equal(quiet.ws, usual.ws)


def test_generators_of_another_precision(oracle_dir: Path) -> None:
    ends = {}
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        generator = load_generator(
            oracle_dir / "nvidia-stylegan2-128.pkl", device="cpu", dtype=dtype
        )
        problem = DragProblem(
            generator=generator,
            ws=generator.map(sample_z(4, z_dim=512)),
            handles_xy=torch.tensor([[60.0, 60.0]]),
            targets_xy=torch.tensor([[80.0, 60.0]]),
            mask=torch.ones(128, 128),
        )
        end = last_of(drag(problem, solver=Adam(settings=replace(DragSettings(), max_steps=3))))
        assert end.ws.dtype == torch.float32
        assert torch.isfinite(end.image()).all()
        ends[dtype] = end.ws
    torch.testing.assert_close(ends[torch.float64], ends[torch.float32], atol=1e-3, rtol=0)


def test_random_noise_stays_the_same_through_a_drag(stylegan2_128: PretrainedGenerator) -> None:
    problem = DragProblem(
        generator=stylegan2_128,
        ws=stylegan2_128.map(sample_z(4, z_dim=512)),
        handles_xy=torch.tensor([[60.0, 60.0]]),
        targets_xy=torch.tensor([[80.0, 60.0]]),
        noise="random",
        noise_seed=5,
    )
    steps = drag(problem)
    first = next(steps)
    shown = first.image()
    next(steps)
    torch.testing.assert_close(first.image(), shown)
    other = next(drag(replace(problem, noise_seed=6))).image()
    assert not torch.allclose(other, shown, atol=1e-2)


def test_another_tracker_can_be_put_in(toy: ToyGenerator) -> None:
    @dataclass(frozen=True)
    class Stubborn:
        """Believes that nothing moves."""

        def reference(
            self, features: Tensor, points_xy: Tensor, *, image_hw: tuple[int, int]
        ) -> Tensor:
            return points_xy

        def track(
            self,
            features: Tensor,
            reference: Tensor,
            points_xy: Tensor,
            *,
            image_hw: tuple[int, int],
        ) -> Tracking:
            return Tracking(points_xy=points_xy, mismatch=points_xy[:, 0] * 0)

    solver = Adam(settings=replace(TOY_SETTINGS, max_steps=4), tracker=Stubborn())
    last = last_of(drag(toy_problem(toy), solver=solver))
    assert torch.equal(last.handles_xy, toy_problem(toy).handles_xy)


def test_the_default_solver_suits_the_generator(toy: ToyGenerator) -> None:
    assert isinstance(Adam(), Solver)
    steps = list(drag(toy_problem(toy)))
    assert steps[-1].outcome is not None
    assert steps[-1].outcome.reached
