"""What the mask forbids, as part of a Newton step.

The features outside the mask should stay: their squared change is charged, in the unit of the
handles' equations, which is squared pixels: a feature that changes as much as a shift by one pixel
would change it counts as one pixel of motion. The charge's second derivative is never formed;
conjugate gradients need its product with a move, a forward and a backward pass each.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.masks import keep_weight

_PRODUCTS = 4
"""Of conjugate gradients a step: what they leave, the next step does."""
_NUDGE = 1e-2
"""Length of the finite difference, in standard deviations of W."""

Synthesise = Callable[[Tensor], Tensor]
"""Features of a move."""


@final
@dataclass(frozen=True, kw_only=True)
class HeldRegion:
    """The part of a feature map that should stay as it was."""

    initial: Float[Tensor, "1 c h w"] = field(repr=False)
    scale: Float[Tensor, "h w"] = field(repr=False)
    """From a squared feature change of a cell to its share of the mean squared motion."""

    @classmethod
    def of(cls, initial: Float[Tensor, "1 c h w"], mask: Float[Tensor, "ih iw"]) -> "HeldRegion":
        """``mask`` is 1 where the picture may change."""
        features = initial.float()
        rows, columns = features.shape[2:]
        keep = keep_weight(mask, map_hw=(rows, columns)).reshape(rows, columns).to(features)
        cell_px = mask.shape[0] / rows, mask.shape[1] / columns
        slope_y = (features[:, :, 2:] - features[:, :, :-2]) / (2 * cell_px[0])
        slope_x = (features[:, :, :, 2:] - features[:, :, :, :-2]) / (2 * cell_px[1])
        # a shift by one pixel in a direction at random changes a cell's feature by this much
        shift = 0.5 * (slope_x.square().sum(dim=1).mean() + slope_y.square().sum(dim=1).mean())
        cells = keep.sum().clamp(min=1e-6)
        return cls(initial=features, scale=keep / (cells * shift.clamp(min=1e-12)))

    @property
    def empty(self) -> bool:
        """Is there nothing to hold?"""
        return not bool((self.scale > 0).any())

    def refined(
        self,
        change: Float[Tensor, " d"],
        *,
        jacobian: Float[Tensor, "e d"],
        charge: float,
        weight: float,
        move: Float[Tensor, " d"],
        synthesise: Synthesise,
    ) -> Float[Tensor, " d"]:
        """The step with the held region in its equations, from the step without.

        Preconditioned by the handles' own equations, which are solved exactly.
        """
        if charge <= 0:
            return change
        leaf = move.detach().clone().requires_grad_()
        with torch.enable_grad():
            features = synthesise(leaf).float()
        scale = weight * self.scale

        def pulled_back(residual: Tensor) -> Tensor:
            gradient: Tensor
            (gradient,) = torch.autograd.grad(features, leaf, scale * residual, retain_graph=True)
            return gradient

        def curvature(step: Tensor) -> Tensor:
            length = step.norm().clamp(min=1e-12)
            nudge = step * (_NUDGE / length)
            with torch.no_grad():
                moved = synthesise(move + nudge).float() - features
            return pulled_back(moved * (length / _NUDGE))

        inverse = torch.linalg.inv(
            jacobian @ jacobian.T + charge * torch.eye(len(jacobian)).to(jacobian)
        )

        def preconditioned(vector: Tensor) -> Tensor:
            ready: Tensor = (vector - jacobian.T @ (inverse @ (jacobian @ vector))) / charge
            return ready

        def product(vector: Tensor) -> Tensor:
            return jacobian.T @ (jacobian @ vector) + charge * vector + curvature(vector)

        found = change
        residual = -pulled_back(features.detach() - self.initial) - curvature(change)
        ready = preconditioned(residual)
        direction, size = ready, residual @ ready
        for _ in range(_PRODUCTS):
            if float(size) <= 0:
                break
            image = product(direction)
            length = size / (direction @ image).clamp(min=1e-20)
            found = found + length * direction
            residual = residual - length * image
            ready = preconditioned(residual)
            size, before = residual @ ready, size
            direction = ready + (size / before) * direction
        return found
