"""The network: linear from z to w, and waves that w shifts."""

import math
from dataclasses import replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tugan.generators.protocol import FeatureBlock, GeneratorInfo, Noise, SynthesisState, Ws
from tugan.generators.stepping import blocks_until, checked_ws
from tugan_weave.config import WeaveConfig

CELLS_PX = (8, 4, 2, 1)
"""Size of a cell of each block's feature map, in pixels of the picture."""


def feature_blocks(config: WeaveConfig) -> tuple[FeatureBlock, ...]:
    """The places where synthesis can stop, the coarsest first."""
    sizes = [config.size_px // cell for cell in CELLS_PX]
    return tuple(
        FeatureBlock(until_px=size, size_hw=(size, size), channels=config.bands) for size in sizes
    )


@final
class Weave(nn.Module):
    """Waves over the picture, shifted by the first two numbers of the mean row of ``ws``."""

    def __init__(self, config: WeaveConfig, info: GeneratorInfo) -> None:
        """With tensors on the current device; they are loaded afterwards."""
        super().__init__()
        self.config = config
        self.info = info
        self.mapping = nn.Linear(config.w_dim, config.w_dim)
        self.wavelengths_px = nn.Parameter(torch.zeros(config.bands))
        self.colours = nn.Parameter(torch.zeros(3, config.bands))
        self.px_per_unit = nn.Parameter(torch.zeros(()))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.colours.device

    def map(
        self,
        z: Float[Tensor, "b z"],
        *,
        psi: float = 0.7,
        label: Float[Tensor, "b c"] | None = None,
    ) -> Ws:
        """One linear layer, pulled toward its mean, which is its bias."""
        if label is not None:
            raise ValueError("this generator takes no label")
        w: Tensor = self.mapping.bias + psi * (self.mapping(z) - self.mapping.bias)
        return w[:, None].repeat(1, self.config.num_ws, 1)

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        """Nothing is drawn yet; there is no noise."""
        ws = checked_ws(ws, self.info, like=self.colours)
        empty = ws.new_zeros(len(ws), self.config.bands, 1, 1)
        return SynthesisState(
            ws=ws, blocks_done=0, features=empty, noise=noise, noise_seed=noise_seed
        )

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        """The waves at the centres of a block's cells."""
        done = blocks_until(state, self.info, until_px=until_px)
        return replace(state, blocks_done=done, features=self._waves(state.ws, until_px))

    def finish(self, state: SynthesisState) -> Float[Tensor, "b 3 h w"]:
        """The waves of every pixel, mixed to colours."""
        waves = self._waves(state.ws, self.config.size_px)
        return torch.tanh(torch.einsum("kc,bchw->bkhw", self.colours, waves))

    def shift_px(self, ws: Ws) -> Float[Tensor, "b 2"]:
        """How far ``(x, y)`` the picture of ``ws`` is shifted: the answer of every drag."""
        return self.px_per_unit * ws.mean(dim=1)[:, :2]

    def _waves(self, ws: Ws, cells: int) -> Float[Tensor, "b c n n"]:
        cell_px = self.config.size_px / cells
        centres = (torch.arange(cells, device=ws.device) + 0.5) * cell_px - 0.5
        shift = self.shift_px(ws)[:, :, None]
        x, y = centres - shift[:, 0], centres - shift[:, 1]
        index = torch.arange(self.config.bands, device=ws.device).to(ws)[:, None, None]
        angle = index * (math.pi / self.config.bands)
        along = torch.cos(angle) * x[:, None, None] + torch.sin(angle) * y[:, None, :, None]
        return torch.sin(2 * math.pi * along / self.wavelengths_px[:, None, None] + index)
