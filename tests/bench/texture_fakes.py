"""Toys whose pictures show which way they are shifted, and solvers whose answer is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.bench.conditions import conditions_now
from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Experiment
from tugan.bench.methods import Method
from tugan.bench.run_folder import RunFolder, open_run
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.ended import outcome_of
from tugan.dragging.solvers.protocol import Observation
from tugan.generators.protocol import GeneratorInfo, Noise, SynthesisState, Ws
from tugan.generators.toy import ToyGenerator

SIDE = 256
HEAVY_BYTES = 400 * 2**20


@dataclass(frozen=True)
class CrossedToy:
    """The toy, with waves of three directions as its colours: it shows how far it is shifted."""

    toy: ToyGenerator = field(default_factory=lambda: ToyGenerator(size_hw=(SIDE, SIDE)))

    @property
    def info(self) -> GeneratorInfo:
        return self.toy.info

    @property
    def device(self) -> torch.device:
        return self.toy.device

    def map(
        self,
        z: Float[Tensor, "b z"],
        *,
        psi: float = 0.7,
        label: Float[Tensor, "b c"] | None = None,
    ) -> Ws:
        return self.toy.map(z, psi=psi, label=label)

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        return self.toy.begin(ws, noise=noise, noise_seed=noise_seed)

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        return self.toy.advance(state, until_px=until_px)

    def finish(self, state: SynthesisState) -> Float[Tensor, "b 3 h w"]:
        start = self.toy.begin(state.ws)
        waves = self.toy.advance(start, until_px=SIDE).features
        return waves[:, (1, 9, 17)] * 0.8


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """A solver that moves the toy by ``share`` of the way in a step, and says that it is there."""

    share: float

    def init(self, problem: DragProblem) -> int:
        return 0

    def observe(self, problem: DragProblem, state: int) -> Observation:
        way = problem.targets_xy[0] - problem.handles_xy[0]
        ws = problem.ws.clone()
        # the toy shifts by 12 px for each unit
        ws[:, :, :2] += self.share * state * way / 12
        generator = problem.generator
        synthesis = generator.begin(ws)
        seen = problem.targets_xy if state else problem.handles_xy
        return Observation(
            leaf=ws[0],
            ws=ws,
            handles_xy=seen.clone(),
            lost=torch.zeros(len(seen), dtype=torch.bool),
            synthesis=generator.advance(synthesis, until_px=32),
            finite=True,
        )

    def update(self, problem: DragProblem, state: int, seen: Observation) -> int:
        return state + 1

    def retried(self, problem: DragProblem, state: int, seen: Observation) -> None:
        return None

    def terminate(self, problem: DragProblem, state: int, seen: Observation) -> Outcome | None:
        ending = Ending.REACHED if state else None
        return outcome_of(problem, seen, ending, steps=state, tolerance_px=1.0)

    def tolerance_px(self, problem: DragProblem) -> float:
        return 1.0

    def aimed_anew(self, state: int) -> int:
        return state

    def steps_taken(self, state: int) -> int:
        return state


@dataclass(frozen=True, kw_only=True)
class Broken(Oracle):
    """It raises instead of moving."""

    def update(self, problem: DragProblem, state: int, seen: Observation) -> int:
        raise RuntimeError("out of luck")


@dataclass(frozen=True, kw_only=True)
class Heavy(Oracle):
    """It needs 400 MiB for a moment."""

    def update(self, problem: DragProblem, state: int, seen: Observation) -> int:
        return state + int(torch.ones(HEAVY_BYTES // 4).mean())


@dataclass(frozen=True, kw_only=True)
class Absent(Oracle):
    """It raises where memory is measured."""

    def init(self, problem: DragProblem) -> int:
        raise RuntimeError("not here")


PERFECT = Method(name="perfect", solver=Oracle(share=1.0))
LIAR = Method(name="liar", solver=Oracle(share=0.0))
BROKEN = Method(name="broken", solver=Broken(share=1.0))


def toy_tools(methods: Sequence[Method]) -> Equipment:
    return Equipment(generator=CrossedToy(), methods=tuple(methods))


def opened_for(path: Path, experiment: Experiment, tools: Equipment) -> RunFolder:
    now = conditions_now(
        experiment.task,
        experiment=experiment.name,
        generator=tools.generator,
        fingerprint="0123",
        faces=None,
        methods=tools.methods,
    )
    return open_run(path, now)
