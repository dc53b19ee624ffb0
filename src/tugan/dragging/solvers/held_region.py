"""What the mask forbids, as part of a Newton step: a limit, kept by the least weight that does.

Features outside the mask may change as much as a small shift of the picture would change them.
Their squared change, as a share of that, is added to the handles' equations, with the least weight
with which its predicted value stays within the limit; the handles stay behind for it. The second
derivative is never formed; its product with a move takes a forward and a backward pass. Products
are kept from step to step, as the handles' Jacobian is: the curvature changes slowly, the gradient
is always a new one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.geometry import scale_from_512
from tugan.core.masks import keep_weight
from tugan.dragging.repainting_charge import MoveMetric
from tugan.dragging.solvers.curvature import Curvature, WeighedStep, learnt, solved, solved_along

ALLOWED_PX_AT_512 = 0.75
"""What may not change changes by no more than a shift of this many pixels would, in the root mean
square of features: about 1.5 of 255 in the picture."""
_FIRST_PRODUCTS = 5
"""Where nothing is known of the curvature."""
_PRODUCTS = 1
"""In each later step: what it leaves, the next one does."""
_LEAST_WEIGHT, _MOST_WEIGHT = -2.0, 4.0
"""Of the region against the handles, as powers of ten."""
_WEIGHTS = 25
_NUDGE = 1e-2
"""Length of the finite difference, in standard deviations of W."""

Synthesise = Callable[[Tensor], Tensor]
"""Features of a move."""
PulledBack = Callable[[Tensor], Tensor]
"""The gradient by the move, of a gradient by the features that are there."""


@final
@dataclass(frozen=True, kw_only=True)
class HeldRegion:
    """The part of a feature map that should stay as it was."""

    initial: Float[Tensor, "1 c h w"] = field(repr=False)
    scale: Float[Tensor, "h w"] = field(repr=False)
    """From a squared feature change of a cell to its share of the :meth:`energy`."""

    @classmethod
    def of(
        cls, initial: Float[Tensor, "1 c h w"], mask: Float[Tensor, "ih iw"], *, weight: float = 1.0
    ) -> "HeldRegion":
        """``mask`` is 1 where the picture may change; a smaller weight allows more elsewhere."""
        features = initial.float()
        rows, columns = features.shape[2:]
        keep = keep_weight(mask, map_hw=(rows, columns)).reshape(rows, columns).to(features)
        cell_px = mask.shape[0] / rows, mask.shape[1] / columns
        slope_y = (features[:, :, 2:] - features[:, :, :-2]) / (2 * cell_px[0])
        slope_x = (features[:, :, :, 2:] - features[:, :, :, :-2]) / (2 * cell_px[1])
        # a shift by one pixel in a direction at random changes a cell's feature by this much
        shift = 0.5 * (slope_x.square().sum(dim=1).mean() + slope_y.square().sum(dim=1).mean())
        cells = keep.sum().clamp(min=1e-6)
        allowed_px = scale_from_512(ALLOWED_PX_AT_512, (mask.shape[0], mask.shape[1])) / weight
        scale = keep / (cells * shift.clamp(min=1e-12) * allowed_px * allowed_px)
        return cls(initial=features, scale=scale)

    @property
    def empty(self) -> bool:
        """Is there nothing to hold?"""
        return not bool((self.scale > 0).any())

    def energy(self, features: Float[Tensor, "1 c h w"]) -> Float[Tensor, ""]:
        """The mean square of what changed, as a share of what is allowed."""
        found: Tensor = (self.scale * (features.float() - self.initial).square()).sum()
        return found

    def refined(
        self,
        change: Float[Tensor, " d"],
        *,
        jacobian: Float[Tensor, "e d"],
        metric: MoveMetric,
        charge: float,
        move: Float[Tensor, " d"],
        features: Float[Tensor, "1 c h w"],
        synthesise: Synthesise,
        pulled_back: PulledBack,
        known: Curvature | None = None,
    ) -> tuple[Float[Tensor, " d"], Curvature | None]:
        """The step with the held region in its equations, from the step without; and what is known
        now of the region's curvature, for the next one.

        The region's weight is the least with which its predicted :meth:`energy` is at most 1.
        ``features`` are those of ``move``. Each round solves all equations with the curvature that
        is known, and learns what it is along the solution.
        """
        if charge <= 0:
            return change, known
        features = features.float()
        handles = jacobian.T @ (jacobian @ change) + charge * metric.charged(change)
        slope = pulled_back(self.scale * (features - self.initial))
        energy = self.energy(features)

        def product(step: Tensor) -> Tensor:
            length = step.norm().clamp(min=1e-12)
            moved = synthesise(move + step * (_NUDGE / length)).float() - features
            back: Tensor = pulled_back(self.scale * moved) * (length / _NUDGE)
            return back

        def along(known: Curvature) -> WeighedStep:
            return solved_along(
                handles,
                slope,
                jacobian=jacobian,
                metric=metric,
                charge=charge,
                energy=energy,
                allowed=1.0,
                weights=torch.logspace(_LEAST_WEIGHT, _MOST_WEIGHT, _WEIGHTS),
                known=known,
            )

        chosen = 1.0
        for _ in range(_FIRST_PRODUCTS if known is None else _PRODUCTS):
            if known is not None:
                chosen = along(known).weight
            found = solved(
                handles - chosen * slope,
                jacobian=jacobian,
                metric=metric,
                charge=charge,
                known=None if known is None else known.times(chosen),
            )
            known = learnt(known, found, product(found))
        if known is None:
            return change, None
        return along(known).change, known
