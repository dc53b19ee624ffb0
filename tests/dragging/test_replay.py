"""``DragSettings.original()`` must do what the original program did, step by step."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tugan.core.outcome import Ending
from tugan.dragging.features import read_features
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam, AdamState
from tugan.dragging.solvers.protocol import Observation
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, sample_z

# Rounding was seen to make 4e-6 of a step's latent on three sets of a processor's instructions; a
# step moves it by 4e-3, and a mask that counts a twentieth more makes 1e-4.
A_STEP = 5e-5
# Of the length of a feature; places that another norm finds are worse by 7e-4 and more.
AS_NEAR = 1e-4
TRACES = ("one-point", "w-space", "three-points-mask")


@dataclass(frozen=True)
class Trace:
    seed: int
    psi: float
    w0: Tensor
    problem: DragProblem
    settings: DragSettings
    w_after_step: Tensor
    tracked_xy: Tensor


@pytest.fixture(scope="module")
def generator(oracle_dir: Path) -> PretrainedGenerator:
    return load_generator(oracle_dir / "nvidia-stylegan2-256.pkl", device="cpu")


@pytest.fixture(params=TRACES)
def trace(
    request: pytest.FixtureRequest, generator: PretrainedGenerator, oracle_dir: Path
) -> Trace:
    with np.load(oracle_dir / f"drag-trace-{request.param}.npz") as file:
        data = {name: file[name] for name in file.files}
    fixed = data["mask_fixed"]
    w0 = torch.from_numpy(data["w0"])
    problem = DragProblem(
        generator=generator,
        ws=w0.repeat(1, generator.info.num_ws, 1),
        handles_xy=torch.from_numpy(data["handles_yx"]).float().flip(-1),
        targets_xy=torch.from_numpy(data["targets_yx"]).float().flip(-1),
        mask=1 - torch.from_numpy(fixed).float() if fixed.size else None,
    )
    settings = replace(
        DragSettings.original(),
        latent="w+" if data["w_plus"] else "w",
        learning_rate=float(data["lr"]),
        mask_weight=float(data["lambda_mask"]),
        max_steps=len(data["stopped"]),
    )
    return Trace(
        seed=int(data["seed"]),
        psi=float(data["psi"]),
        w0=w0,
        problem=problem,
        settings=settings,
        w_after_step=torch.from_numpy(data["w_after_step"]),
        tracked_xy=torch.from_numpy(data["tracked_yx"]).float().flip(-1),
    )


def test_a_seed_names_the_same_latent(trace: Trace, generator: PretrainedGenerator) -> None:
    ws = generator.map(sample_z(trace.seed, z_dim=512), psi=trace.psi)
    torch.testing.assert_close(ws[0, 0], trace.w0, atol=1e-5, rtol=0)


def test_every_step_is_replayed(trace: Trace) -> None:
    """Each begins where the original program's began: it ran on another processor, and a drag that
    is left to itself goes another way as soon as rounding decides between two pixels."""
    problem, solver = trace.problem, Adam(settings=trace.settings)
    state = solver.init(problem)
    start = problem.ws[0, : trace.w_after_step.shape[1]]
    for wanted_w, wanted_xy in zip(trace.w_after_step, trace.tracked_xy, strict=True):
        seen = solver.observe(problem, state)
        assert solver.terminate(problem, state, seen) is None
        assert_as_near(problem, state, seen, wanted_xy)
        state = solver.update(problem, state, replace(seen, handles_xy=wanted_xy))
        torch.testing.assert_close(start + state.move, wanted_w, atol=A_STEP, rtol=0)
        state = replace(state, move=wanted_w - start)
    outcome = solver.terminate(problem, state, solver.observe(problem, state))
    assert outcome is not None
    assert outcome.ending is Ending.STEP_LIMIT


def assert_as_near(
    problem: DragProblem, state: AdamState, seen: Observation, wanted_xy: Tensor
) -> None:
    """The features at the wanted places are as near to the initial ones as those that were found.

    To a part of their length that is rounding; nearly always these are the same places.
    """
    wanted, found = (
        (
            read_features(seen.synthesis.features, places, image_hw=problem.image_hw)
            - state.reference
        ).norm(dim=1)
        for places in (wanted_xy, seen.handles_xy)
    )
    assert ((wanted - found) / state.reference.norm(dim=1)).abs().max() < AS_NEAR


def test_rows_beyond_the_moving_ones_stay(trace: Trace) -> None:
    first, *_, last = drag(trace.problem, solver=Adam(settings=trace.settings))
    assert not torch.equal(last.ws[:, :6], first.ws[:, :6])
    assert torch.equal(last.ws[:, 6:], first.ws[:, 6:])
