"""What the published method's step gains by ``hold``, and that it is the same without."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from tugan.dragging.hold import MOST_WEIGHT
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.descent import held_step
from tugan.generators.protocol import (
    FeatureRange,
    GeneratorInfo,
    Noise,
    RepaintingSketch,
    SynthesisState,
)
from tugan.generators.toy import ToyGenerator


def sketch() -> RepaintingSketch:
    """The first coordinate of w repaints, whichever row moves."""
    rows = torch.zeros(4, 4, 8)
    rows[range(4), range(4), 0] = 1
    anything = FeatureRange(mean=torch.zeros(24), deviation=torch.ones(24), farthest=1e6)
    return RepaintingSketch(rows=rows, features=anything)


@dataclass(frozen=True)
class Sketched:
    """The toy, with something known of what it repaints."""

    toy: ToyGenerator
    repainting: RepaintingSketch | None

    @property
    def info(self) -> GeneratorInfo:
        return replace(self.toy.info, repainting=self.repainting)

    @property
    def device(self) -> torch.device:
        return self.toy.device

    def map(self, z: Tensor, *, psi: float = 0.7, label: Tensor | None = None) -> Tensor:
        return self.toy.map(z, psi=psi, label=label)

    def begin(self, ws: Tensor, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        return self.toy.begin(ws, noise=noise, noise_seed=noise_seed)

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        return self.toy.advance(state, until_px=until_px)

    def finish(self, state: SynthesisState) -> Tensor:
        return self.toy.finish(state)


def problem_of(toy: ToyGenerator, *, sketched: bool) -> DragProblem:
    handles = torch.tensor([[30.0, 30.0]])
    return DragProblem(
        generator=Sketched(toy, sketch() if sketched else None),
        ws=torch.zeros(1, 4, 8),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([[6.0, 6.0]]),
    )


def settings_of(name: str, *, hold: float = 0.0) -> DragSettings:
    presets = {
        "paper": DragSettings.paper(),
        "original": DragSettings.original(),
        "auto": DragSettings.for_generator(ToyGenerator().info),
    }
    return replace(presets[name], rows=4, feature_px=32, learning_rate=2e-2, max_steps=6, hold=hold)


@pytest.mark.parametrize("name", ["paper", "original", "auto"])
def test_without_hold_steps_are_the_same_to_the_bit(toy: ToyGenerator, name: str) -> None:
    solver = Adam(settings=settings_of(name))
    with_it, without = (
        [step.ws for step in drag(problem_of(toy, sketched=sketched), solver=solver)]
        for sketched in (True, False)
    )
    assert len(with_it) == len(without) > 3
    for one, other in zip(with_it, without, strict=True):
        assert torch.equal(one, other)
    step = torch.randn(4, 8)
    assert held_step(problem_of(toy, sketched=True), settings_of(name), step) is step


def test_where_nothing_is_known_nothing_is_held(toy: ToyGenerator) -> None:
    step = torch.randn(4, 8)
    problem = problem_of(toy, sketched=False)
    assert held_step(problem, settings_of("paper", hold=1.0), step) is step


def test_a_step_is_shorter_where_it_repaints(toy: ToyGenerator) -> None:
    problem, step = problem_of(toy, sketched=True), torch.ones(4, 8)
    lengths = []
    for hold in (0.3, 0.6, 1.0):
        held = held_step(problem, settings_of("paper", hold=hold), step)
        torch.testing.assert_close(held[:, 1:], step[:, 1:])
        lengths.append(float(held[0, 0]))
    assert 1 > lengths[0] > lengths[1] > lengths[2] > 0
    # one of eight coordinates costs all that moves cost on average
    assert lengths[2] == pytest.approx(1 / (1 + 8 * MOST_WEIGHT), rel=1e-4)


def test_a_held_drag_goes_where_it_repaints_less(toy: ToyGenerator) -> None:
    free, held = (
        list(
            drag(
                problem_of(toy, sketched=True), solver=Adam(settings=settings_of("auto", hold=hold))
            )
        )[3].ws
        for hold in (0.0, 1.0)
    )
    shift_free, shift_held = (toy.shift_px(ws)[0] for ws in (free, held))
    # Adam's steps are as long along both
    assert float(shift_free[0]) == pytest.approx(float(shift_free[1]), rel=0.2)
    assert float(shift_held[0]) < 0.3 * float(shift_held[1])
