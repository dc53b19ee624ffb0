"""Drags do not depend on the caller's mode of torch, and leave it alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch

from generators.quick_sketch import keep_sketch, quick_sketch
from tugan.dragging.live import LiveDrag
from tugan.dragging.methods import ALL_SOLVERS, make_solver
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.dragging.solvers.protocol import Solver
from tugan.dragging.step import DragStep
from tugan.generators.loading import load_generator
from tugan.generators.protocol import Noise, PretrainedGenerator, Ws, sample_z, synthesize
from tugan.generators.toy import ToyGenerator

Mode = Callable[[], AbstractContextManager[Any]]
MODES = pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
HANDLES, TARGETS = torch.tensor([[60.0, 60.0]]), torch.tensor([[66.0, 62.0]])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that another mode may have kept."""
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path))


@pytest.fixture
def path(oracle_dir: Path) -> Path:
    return oracle_dir / "nvidia-stylegan2-128.pkl"


def loaded(path: Path) -> PretrainedGenerator:
    generator = load_generator(path, device="cpu")
    keep_sketch(generator, quick_sketch(generator))
    return generator


def latent(generator: PretrainedGenerator) -> Ws:
    return generator.map(sample_z(3, z_dim=generator.info.z_dim), psi=0.7)


def problem_of(
    generator: PretrainedGenerator, *, masked: bool = False, noise: Noise = "const"
) -> DragProblem:
    mask = torch.zeros(128, 128)
    mask[:, :100] = 1
    return DragProblem(
        generator=generator,
        ws=latent(generator),
        handles_xy=HANDLES.clone(),
        targets_xy=TARGETS.clone(),
        mask=mask if masked else None,
        noise=noise,
    )


def last_of(steps: Iterator[DragStep], *, count: int = 2) -> DragStep:
    last = None
    for step in steps:
        last = step
        if step.index == count:
            break
    assert last is not None
    return last


def solver_named(name: str, generator: PretrainedGenerator) -> Solver[Any]:
    entry = next(one for key, one in ALL_SOLVERS.items() if key == name)
    return make_solver(entry.presets["auto"](generator.info))


@MODES
@pytest.mark.parametrize(
    ("solver", "masked"),
    [("newton", False), ("newton", True), ("adam", False), ("freedrag", False)],
)
def test_a_drag_is_the_same_in_any_mode(path: Path, mode: Mode, solver: str, masked: bool) -> None:
    generator = loaded(path)
    found = last_of(
        drag(problem_of(generator, masked=masked), solver=solver_named(solver, generator))
    )
    with mode():
        other = loaded(path)
        # what is computed of the weights at their first use is computed here
        picture = synthesize(other, latent(other))
        again = last_of(drag(problem_of(other, masked=masked), solver=solver_named(solver, other)))
        assert again.image().shape == picture.shape
    torch.testing.assert_close(again.ws, found.ws)
    assert not again.ws.is_inference()


@MODES
def test_what_was_made_in_a_mode_is_of_use_outside_of_it(path: Path, mode: Mode) -> None:
    with mode():
        generator = loaded(path)
        ws, handles, targets = latent(generator), HANDLES + 0, TARGETS + 0
        mask = torch.ones(128, 128)
        picture = synthesize(generator, ws, noise="random", noise_seed=3)
    assert picture.isfinite().all()
    problem = DragProblem(
        generator=generator,
        ws=ws,
        handles_xy=handles,
        targets_xy=targets,
        mask=mask,
        noise="random",
        noise_seed=3,
    )
    for solver in ("newton", "adam"):
        assert last_of(drag(problem, solver=solver_named(solver, generator))).index > 0


@MODES
def test_the_mode_of_the_caller_is_the_callers_between_steps(mode: Mode) -> None:
    toy = ToyGenerator(size_hw=(128, 128))
    steps = drag(
        DragProblem(generator=toy, ws=torch.zeros(1, 4, 8), handles_xy=HANDLES, targets_xy=TARGETS)
    )
    assert next(steps).index == 0
    assert torch.is_grad_enabled()
    with mode():
        inference = torch.is_inference_mode_enabled()
        assert next(steps).index == 1
        assert not torch.is_grad_enabled()
        assert torch.is_inference_mode_enabled() == inference
    assert next(steps).index == 2
    assert torch.is_grad_enabled()
    steps.close()  # type: ignore[attr-defined]  # it is a generator
    assert torch.is_grad_enabled()


def test_a_drag_goes_on_in_a_thread_of_another_mode(path: Path) -> None:
    generator = loaded(path)
    found: list[DragStep] = []
    steps = drag(problem_of(generator))
    next(steps)

    def go_on() -> None:
        with torch.inference_mode():
            found.append(last_of(steps))

    thread = Thread(target=go_on)
    thread.start()
    thread.join()
    assert found[0].index > 0


@MODES
def test_a_live_drag_goes_on_in_any_mode(path: Path, mode: Mode) -> None:
    with mode():
        generator = loaded(path)
        live = LiveDrag(generator, latent(generator))
        live.grab(HANDLES + 0)
        live.move(TARGETS + 0)
        step = live.step()
        assert step is not None
        assert live.look_again() is not None
    live.move(TARGETS + 1)
    assert live.step() is not None
    with mode():
        live.move(TARGETS + 2)
        assert live.step() is not None
