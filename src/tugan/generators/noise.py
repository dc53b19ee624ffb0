"""Per-pixel noise that is the same for the same seed, wherever and whenever it is drawn."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.generators.protocol import Noise

_LAYERS_PER_SEED = 64


@dataclass(frozen=True, kw_only=True)
class NoiseSource:
    """The kind of noise, and for random noise the seed."""

    kind: Noise
    seed: int = 0

    def of_layer(self, index: int) -> "NoiseSource":
        """The same for one layer of a network, independent of the others."""
        return replace(self, seed=self.seed * _LAYERS_PER_SEED + index)

    def draw(self, like: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 h w"]:
        """Standard normal noise for a feature map, drawn on the CPU: the same on every device."""
        batch, _, height, width = like.shape
        rng = torch.Generator().manual_seed(self.seed)
        return torch.randn(batch, 1, height, width, generator=rng).to(like)
