"""Adam (Kingma and Ba 2015) as a value: old state in, new state out, so that it can be saved."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

BETAS = (0.9, 0.98)
"""The second is shorter-sighted than usual: runs have about a hundred steps."""
EPSILON = 1e-8


@dataclass(frozen=True, kw_only=True)
class AdamState:
    """Values by name and their moments."""

    values: dict[str, Tensor] = field(repr=False)
    first: dict[str, Tensor] = field(repr=False)
    second: dict[str, Tensor] = field(repr=False)
    steps: int = 0

    @classmethod
    def start(cls, values: dict[str, Tensor]) -> "AdamState":
        """Before the first step."""
        zeros = {name: value.new_zeros(value.shape) for name, value in values.items()}
        return cls(values=values, first=zeros, second=zeros)

    def to(self, device: torch.device) -> "AdamState":
        """The same on another device, in single precision."""
        values, first, second = (
            {name: one.to(device, torch.float32) for name, one in some.items()}
            for some in (self.values, self.first, self.second)
        )
        return AdamState(values=values, first=first, second=second, steps=self.steps)

    def stepped(self, gradients: dict[str, Tensor], rates: dict[str, float]) -> "AdamState":
        """After a step with a learning rate for each name."""
        steps = self.steps + 1
        beta1, beta2 = BETAS
        first, second, values = {}, {}, {}
        for name, gradient in gradients.items():
            first[name] = self.first[name].lerp(gradient, 1 - beta1)
            second[name] = self.second[name].lerp(gradient.square(), 1 - beta2)
            mean = first[name] / (1 - beta1**steps)
            spread = (second[name] / (1 - beta2**steps)).sqrt() + EPSILON
            values[name] = self.values[name] - rates[name] * mean / spread
        return AdamState(values=values, first=first, second=second, steps=steps)


def ramped(share: float, *, warm: float = 0.05, decay: float = 0.4) -> float:
    """Factor of the learning rate after this share of the run: up at first, down at the end."""
    return max(min(1.0, (share + 0.01) / warm, (1 - share) / decay), 0.02)
