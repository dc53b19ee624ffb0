"""A second look at where handles are, by features that no solver has steered by."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tugan.dragging.problem import DragProblem
from tugan.dragging.trackers.patch import Patch
from tugan.generators.protocol import Ws

FINER = 2
"""The block is so many times as fine as the solver's, where there is one."""
LOST_BELOW = 0.3
"""As :attr:`NewtonSettings.lost_below`: a match of less confidence is not believed."""


@dataclass(frozen=True, kw_only=True)
class FoundPoints:
    """Where the handles were found."""

    handles_xy: Float[Tensor, "n 2"]
    """Where they were expected, if they are lost."""
    lost: Bool[Tensor, " n"]


@dataclass(frozen=True, kw_only=True)
class FinerLook:
    """What the handles looked like at the start, at a finer block than a solver tracks them at."""

    problem: DragProblem = field(repr=False)
    until_px: int
    reference: Float[Tensor, "n k"] = field(repr=False)

    @classmethod
    def of(cls, problem: DragProblem, *, coarse_px: int) -> "FinerLook":
        """Costs a forward pass to a block ``FINER`` times as fine as the solver's coarsest."""
        until_px = problem.generator.info.nearest_block(FINER * coarse_px).until_px
        features = _features(problem, problem.ws, until_px)
        reference = Patch().reference(features, problem.handles_xy, image_hw=problem.image_hw)
        return cls(problem=problem, until_px=until_px, reference=reference)

    def find(self, ws: Ws, expected_xy: Float[Tensor, "n 2"]) -> FoundPoints:
        """Search the picture of ``ws`` around these places; costs a forward pass."""
        features = _features(self.problem, ws, self.until_px)
        found = Patch().track(features, self.reference, expected_xy, image_hw=self.problem.image_hw)
        lost = torch.zeros(len(expected_xy), dtype=torch.bool, device=expected_xy.device)
        if found.confidence is not None:
            lost = found.confidence < LOST_BELOW
        places = torch.where(lost[:, None], expected_xy, found.points_xy)
        return FoundPoints(handles_xy=places, lost=lost)


@torch.no_grad()
def _features(problem: DragProblem, ws: Ws, until_px: int) -> Float[Tensor, "1 c h w"]:
    start = problem.generator.begin(ws, noise=problem.noise, noise_seed=problem.noise_seed)
    return problem.generator.advance(start, until_px=until_px).features
