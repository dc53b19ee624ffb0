"""How far the handles still are."""

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.protocol import Observation


def distances_px(problem: DragProblem, seen: Observation) -> Float[Tensor, " n"]:
    """Of the handles, as they were seen, to their goals."""
    distances: Tensor = torch.linalg.vector_norm(problem.targets_xy - seen.handles_xy, dim=1)
    return distances
