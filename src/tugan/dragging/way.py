"""How far the handles of a drag came, as it was asked and as it is seen."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tugan.core.closeness import DragWay
from tugan.dragging.problem import DragProblem


def way_of(
    problem: DragProblem,
    *,
    handles_xy: Float[Tensor, "n 2"],
    lost: Bool[Tensor, " n"],
    tolerance_px: float,
    scale: float = 1.0,
) -> DragWay:
    """With the handles at these places; in pixels of the generator's output, times ``scale``."""
    goals_xy = problem.targets_on_host_xy
    starts_xy, seen_xy = problem.handles_xy.to(goals_xy), handles_xy.to(goals_xy)
    return DragWay.of(
        asked_px=(scale * torch.linalg.vector_norm(goals_xy - starts_xy, dim=1)).tolist(),
        left_px=(scale * torch.linalg.vector_norm(goals_xy - seen_xy, dim=1)).tolist(),
        lost=lost.tolist(),
        tolerance_px=scale * tolerance_px,
        masked=problem.mask is not None,
    )
