"""Per-pixel noise that a machine draws alike for the same seed, whenever and on any device."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tugan.generators.protocol import Noise

_LAYERS_PER_SEED = 64


@dataclass(frozen=True, kw_only=True)
class NoiseSource:
    """The kind of noise, for random noise the seed, and for windows of the map where they lie."""

    kind: Noise
    seed: int = 0
    cells: Int[Tensor, "n h w"] | None = None
    """The batch holds windows, and these are their cells, counted along the rows of the whole map;
    None if it holds whole maps."""

    def of_layer(self, index: int) -> "NoiseSource":
        """The same for one layer of a network, independent of the others."""
        return replace(self, seed=self.seed * _LAYERS_PER_SEED + index)

    def pattern(
        self, stored: Float[Tensor, "mh mw"], *, like: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, "..."] | None:
        """What a layer adds to ``like``, ready to be broadcast: None, the stored map, or a draw.

        Random noise is standard normal. All windows are of one map, that of a batch of one.
        """
        if self.kind == "none":
            return None
        if self.cells is None:
            return stored if self.kind == "const" else self._draw(len(like), like.shape[2:], like)
        whole = stored if self.kind == "const" else self._draw(1, stored.shape, like)
        return whole.flatten()[self.cells][:, None]

    def _draw(
        self, batch: int, size_hw: torch.Size, like: Float[Tensor, "..."]
    ) -> Float[Tensor, "b 1 h w"]:
        """Drawn on the CPU: the same on every device."""
        rng = torch.Generator().manual_seed(self.seed)
        return torch.randn(batch, 1, *size_hw, generator=rng).to(like)
