"""Both solvers drag on a StyleGAN3."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from generators.stylegan3_reference import R, Shape, T, random_tensors, stated, write_pickle
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.held_region import HeldRegion
from tugan.dragging.solvers.newton import MASK_EXCESS, Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.loading import load_generator


def held_change(problem: DragProblem, ws: Tensor) -> float:
    """Of what may not change, as a share of what is allowed."""
    assert problem.mask is not None
    generator = problem.generator
    block = generator.info.nearest_block(generator.info.hints.feature_px)
    before, after = (
        generator.advance(generator.begin(one), until_px=block.until_px).features
        for one in (problem.ws, ws)
    )
    return float(HeldRegion.of(before, problem.mask).energy(after))


# a random network moves as a whole more than by parts, which adam does not reconcile with a mask
@pytest.mark.parametrize(
    ("method", "masked"), [("newton", False), ("newton", True), ("adam", False)]
)
@pytest.mark.parametrize("shape", [T, R], ids=["t", "r"])
def test_a_handle_reaches_its_goal(shape: Shape, method: str, masked: bool, tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "a.pkl", random_tensors(shape), stated=stated(shape))
    generator = load_generator(path, device="cpu")
    info = generator.info
    mask = torch.ones(64, 64)
    mask[50:] = 0
    start = generator.map(torch.randn(1, 12, generator=torch.Generator().manual_seed(1)))
    problem = DragProblem(
        generator=generator,
        ws=start,
        handles_xy=torch.tensor([[30.0, 26.0]]),
        targets_xy=torch.tensor([[36.0, 23.0]]),
        mask=mask if masked else None,
    )
    solver: Newton | Adam
    if method == "newton":
        solver = Newton(settings=NewtonSettings.for_generator(info))
    else:
        solver = Adam(settings=DragSettings.for_generator(info))
    *_, last = drag(problem, solver=solver)
    assert last.outcome is not None
    if masked:
        # a random network moves as a whole: what the mask holds leaves no way, which is said
        assert last.outcome.ending in (Ending.REACHED, Ending.NO_PROGRESS)
        assert held_change(problem, last.ws) <= MASK_EXCESS
    else:
        assert last.outcome.ending is Ending.REACHED
    assert last.image().shape == (1, 3, 64, 64)
    assert last.ws.shape == start.shape
