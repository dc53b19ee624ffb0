"""Adam (Kingma and Ba 2015) as a function of values: moments can be kept and replayed."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

BETA_MEAN, BETA_SQUARE = 0.9, 0.999
EPSILON = 1e-8


@dataclass(frozen=True, kw_only=True)
class AdamMoments:
    """Running moments of the gradient."""

    mean: Float[Tensor, "moved d"] = field(repr=False)
    square: Float[Tensor, "moved d"] = field(repr=False)
    count: int = 0
    """Gradients seen."""

    @classmethod
    def zeros_like(cls, params: Float[Tensor, "moved d"]) -> "AdamMoments":
        """Before the first gradient."""
        return cls(mean=torch.zeros_like(params), square=torch.zeros_like(params))

    def updated(self, gradient: Float[Tensor, "moved d"]) -> "AdamMoments":
        """After one more gradient."""
        return AdamMoments(
            mean=torch.lerp(self.mean, gradient, 1 - BETA_MEAN),
            square=self.square * BETA_SQUARE + gradient.square() * (1 - BETA_SQUARE),
            count=self.count + 1,
        )

    def step(self, learning_rate: float) -> Float[Tensor, "moved d"]:
        """What to add to the parameters (algorithm 1)."""
        mean_bias = 1 - BETA_MEAN**self.count
        square_bias = 1 - BETA_SQUARE**self.count
        scale = self.square.sqrt() / square_bias**0.5 + EPSILON
        step: Tensor = -(learning_rate / mean_bias) * self.mean / scale
        return step
