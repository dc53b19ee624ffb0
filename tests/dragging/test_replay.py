"""``DragSettings.original()`` must do what the original program did, step by step."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, sample_z

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
    steps = list(drag(trace.problem, solver=Adam(settings=trace.settings)))
    assert len(steps) == len(trace.w_after_step) + 1
    moving = trace.w_after_step.shape[1]
    for index, (wanted_w, wanted_xy) in enumerate(
        zip(trace.w_after_step, trace.tracked_xy, strict=True)
    ):
        tolerance = 1e-4 if index < 5 else 5e-3
        after = steps[index + 1].ws[0, :moving]
        torch.testing.assert_close(after, wanted_w, atol=tolerance, rtol=0)
        assert torch.equal(steps[index].handles_xy, wanted_xy)


def test_rows_beyond_the_moving_ones_stay(trace: Trace) -> None:
    first, *_, last = drag(trace.problem, solver=Adam(settings=trace.settings))
    assert not torch.equal(last.ws[:, :6], first.ws[:, :6])
    assert torch.equal(last.ws[:, 6:], first.ws[:, 6:])
