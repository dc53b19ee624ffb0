"""What a Newton step asks of the device: could a CUDA graph hold it, and how often is it read?"""

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from device_watch import DeviceReads, unrecordable
from generators.stylegan3_reference import T, random_tensors, stated, write_pickle
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.dragging.solvers.device_work import DeviceWork
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.newton_state import NewtonState
from tugan.dragging.trackers.nearest_feature import NearestFeature
from tugan.dragging.trackers.patch import Patch
from tugan.generators.loading import load_generator
from tugan.generators.protocol import (
    Generator,
    GeneratorInfo,
    Noise,
    PretrainedGenerator,
    SynthesisState,
    TracingGenerator,
    Ws,
    sample_z,
)
from tugan.generators.replay import Replays
from tugan.generators.toy import ToyGenerator


def family(name: str, oracle_dir: Path, folder: Path) -> PretrainedGenerator:
    if name == "stylegan3":
        path = write_pickle(folder / "a.pkl", random_tensors(T), stated=stated(T))
        return load_generator(path, device="cpu")
    source = "faces-1024" if name == "faces" else oracle_dir / "nvidia-stylegan2-128.pkl"
    return load_generator(source, device="cpu")


def problem_of(generator: Generator, *, points: int = 3, noise: Noise = "const") -> DragProblem:
    side = generator.info.size_hw[0]
    handles = side * torch.tensor([[0.41, 0.47], [0.3, 0.6], [0.7, 0.5]])[:points]
    return DragProblem(
        generator=generator,
        ws=generator.map(sample_z(4, z_dim=generator.info.z_dim)),
        handles_xy=handles,
        targets_xy=handles + side * torch.tensor([0.05, -0.03]),
        noise=noise,
    )


def solver_of(generator: Generator) -> Newton:
    return Newton(
        settings=NewtonSettings.for_generator(generator.info), tracker=Patch(fixed_shapes=True)
    )


def on_meta(problem: DragProblem) -> DragProblem:
    """The same with shapes and no numbers, which its own checks would want to see."""
    moved, generator = copy.copy(problem), copy.deepcopy(problem.generator)
    assert isinstance(generator, nn.Module)
    object.__setattr__(moved, "generator", generator.to("meta"))
    object.__setattr__(moved, "ws", problem.ws.to("meta"))
    return moved


def work_on_meta(problem: DragProblem, state: NewtonState) -> DeviceWork:
    factor = state.space.factor
    return DeviceWork(
        problem=on_meta(problem),
        space=replace(state.space, factor=None if factor is None else factor.to("meta")),
        until_px=problem.generator.info.nearest_block(
            problem.generator.info.hints.feature_px
        ).until_px,
    )


@pytest.mark.parametrize("name", ["faces", "stylegan2", "stylegan3"])
def test_a_graph_can_hold_the_look(name: str, oracle_dir: Path, tmp_path: Path) -> None:
    problem = problem_of(family(name, oracle_dir, tmp_path))
    state = solver_of(problem.generator).init(problem)
    work = work_on_meta(problem, state)
    move, reference, handles = (
        one.to("meta") for one in (state.move, state.references[0], problem.handles_xy)
    )

    def look() -> None:
        work.look(Patch(), move=move, reference=reference, expected_xy=handles, lost_below=0.3)

    with torch.no_grad():
        look()  # what is made once is made before a recording
        with unrecordable() as found:
            look()
    assert found == []


@pytest.mark.parametrize("name", ["faces", "stylegan2", "stylegan3"])
def test_a_graph_can_hold_the_jacobian(name: str, oracle_dir: Path, tmp_path: Path) -> None:
    problem = problem_of(family(name, oracle_dir, tmp_path))
    state = solver_of(problem.generator).init(problem)
    work = work_on_meta(problem, state)
    move, reference, handles = (
        one.to("meta") for one in (state.move, state.references[0], problem.handles_xy)
    )
    with torch.no_grad():
        seen = work.look(
            Patch(), move=move, reference=reference, expected_xy=handles, lost_below=0.3
        )
        assert (seen.trace is None) == (name == "stylegan3")
        work.jacobian(seen.ws, handles, trace=seen.trace)
        with unrecordable() as found:
            work.jacobian(seen.ws, handles, trace=seen.trace)
    assert found == []


def test_other_trackers_are_noticed(faces: PretrainedGenerator) -> None:
    """So that the two tests above can fail."""
    problem = problem_of(faces, points=1)
    handles, map_ = problem.handles_xy.to("meta"), torch.empty(1, 8, 64, 64, device="meta")
    reference = torch.empty(1, 8, device="meta")
    with unrecordable() as found:
        NearestFeature().track(map_, reference, handles, image_hw=problem.image_hw)
    assert any(one.startswith("dragging/trackers/nearest_feature.py") for one in found)


@pytest.mark.parametrize(("points", "most"), [(1, 2), (3, 3)])
def test_a_step_reads_the_device_twice(
    stylegan2_128: PretrainedGenerator, points: int, most: int
) -> None:
    problem, solver = problem_of(stylegan2_128, points=points), solver_of(stylegan2_128)
    assert isinstance(stylegan2_128, nn.Module)
    weights = [*stylegan2_128.parameters(), *stylegan2_128.buffers()]
    with DeviceReads(*weights, problem.ws, problem.handles_xy, problem.targets_xy) as reads:
        state = solver.init(problem)
        counts = []
        for _ in range(4):
            reads.found.clear()
            seen = solver.observe(problem, state)
            assert solver.retried(problem, state, seen) is None
            solver.terminate(problem, state, seen)
            state = solver.update(problem, state, seen)
            # no number is looked at on the device; a third reading says how good a prediction was
            assert Counter(reads.found).keys() == {"cpu"}
            counts.append(len(reads.found))
    assert counts[0] == 2
    assert max(counts) == most


@dataclass(frozen=True)
class Rehearsed:
    """A generator whose work goes through the buffers of recordings."""

    inner: Generator
    replays: Replays = field(default_factory=lambda: Replays(rehearse=True))

    @property
    def info(self) -> GeneratorInfo:
        return self.inner.info

    @property
    def device(self) -> torch.device:
        return self.inner.device

    def map(self, z: Tensor, *, psi: float = 0.7, label: Tensor | None = None) -> Ws:
        return self.inner.map(z, psi=psi, label=label)

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        return self.inner.begin(ws, noise=noise, noise_seed=noise_seed)

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        return self.inner.advance(state, until_px=until_px)

    def finish(self, state: SynthesisState) -> Tensor:
        return self.inner.finish(state)


@dataclass(frozen=True)
class Direct(Rehearsed):
    """The same without recordings: nothing of either can run on windows."""

    replays: Replays = field(default_factory=Replays)


def both(inner: Generator, run: Callable[[Generator], list[Tensor]]) -> None:
    """The same numbers with recordings and without, and not one of them overwritten later."""
    direct, rehearsed = Direct(inner), Rehearsed(inner)
    expected, found = run(direct), run(rehearsed)
    assert len(rehearsed.replays) > 0
    assert len(direct.replays) == 0
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)


def test_recordings_change_no_number(stylegan2_128: PretrainedGenerator) -> None:
    def run(generator: Generator) -> list[Tensor]:
        solver = Newton(settings=NewtonSettings.for_generator(generator.info))
        steps = list(drag(problem_of(generator), solver=solver))
        return [one for step in steps for one in (step.ws, step.handles_xy, step.lost)]

    both(stylegan2_128, run)


def test_recordings_change_no_derivative_by_a_trace(
    stylegan2_128: PretrainedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The maps go from one recording into the other."""
    assert isinstance(stylegan2_128, TracingGenerator)

    def run() -> list[Tensor]:
        solver = Newton(settings=NewtonSettings.for_generator(stylegan2_128.info))
        steps = list(drag(problem_of(stylegan2_128), solver=solver))
        return [one for step in steps for one in (step.ws, step.handles_xy, step.lost)]

    expected = run()
    rehearsed = Replays(rehearse=True)
    monkeypatch.setattr(stylegan2_128, "_replays", rehearsed)
    found = run()
    assert len(rehearsed) > 1
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)


def test_two_drags_in_turns_do_not_meet_in_the_buffers() -> None:
    def run(generator: Generator) -> list[Tensor]:
        solver = Newton(settings=NewtonSettings(rows=4, blocks_px=(64,)))
        handles = torch.tensor([[40.0, 60.0], [80.0, 70.0]])
        problems = [
            DragProblem(
                generator=generator,
                ws=torch.full((1, 4, 8), start),
                handles_xy=handles,
                targets_xy=handles + torch.tensor([12.0, way]),
            )
            for start, way in ((0.0, 8.0), (0.1, -9.0))
        ]
        states, found = [solver.init(problem) for problem in problems], []
        for _ in range(4):
            # both looks are taken before either is used
            seen = [solver.observe(p, state) for p, state in zip(problems, states, strict=True)]
            states = [
                solver.update(p, state, one)
                for p, state, one in zip(problems, states, seen, strict=True)
            ]
            found += [one.synthesis.features for one in seen] + [one.ws for one in seen]
        return found

    both(ToyGenerator(size_hw=(128, 128)), run)


def test_random_noise_is_not_recorded(stylegan2_128: PretrainedGenerator) -> None:
    generator = Rehearsed(stylegan2_128)
    problem = problem_of(generator, points=1, noise="random")
    next(drag(problem, solver=solver_of(generator)))
    assert len(generator.replays) == 0
    next(drag(replace(problem, noise="none"), solver=solver_of(generator)))
    assert len(generator.replays) == 1
