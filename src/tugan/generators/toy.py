"""An analytic generator whose drags have a known answer, for tests and for trying solvers.

Its features are waves that the latent shifts: a picture of ``ws`` is the picture of zero moved by
``shift_px(ws)``, so a handle must end up exactly that much further on.
"""

import math
from dataclasses import dataclass, field, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.generators.protocol import (
    DragHints,
    FeatureBlock,
    GeneratorInfo,
    Noise,
    SynthesisState,
    Ws,
    WStatistics,
)
from tugan.generators.stepping import blocks_until

NUM_WS, W_DIM = 4, 8
CHANNELS = 24
_PX_PER_UNIT = 12.0
"""How far a unit of the first two coordinates of w shifts the picture."""


def _hints() -> DragHints:
    return DragHints(feature_px=32, latent="w+", rows=NUM_WS, whitened=False, learning_rate=2e-2)


@final
@dataclass(frozen=True)
class ToyGenerator:
    """Waves over a picture of ``size_hw``, shifted by the mean of the rows of ``ws``.

    The first two coordinates of w shift to the right and down; the third makes the waves stronger
    or weaker; the rest do nothing.
    """

    size_hw: tuple[int, int] = (64, 64)
    spoiled_beyond: float = field(default=math.inf)
    """Features become NaN where a coordinate of w grows beyond this: for tests of that."""

    @property
    def info(self) -> GeneratorInfo:
        """Blocks at an eighth, a quarter, a half and all of the picture's size."""
        height, width = self.size_hw
        blocks = tuple(
            FeatureBlock(
                until_px=max(height, width) // cell,
                size_hw=(height // cell, width // cell),
                channels=CHANNELS,
            )
            for cell in (8, 4, 2, 1)
        )
        return GeneratorInfo(
            name="toy",
            family="toy",
            size_hw=self.size_hw,
            num_ws=NUM_WS,
            w_dim=W_DIM,
            z_dim=W_DIM,
            label_dim=0,
            blocks=blocks,
            hints=_hints(),
            w_statistics=WStatistics(mean=torch.zeros(W_DIM), covariance_factor=torch.eye(W_DIM)),
            domain="waves",
            licence="Apache-2.0",
            source="analytic",
        )

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    def map(
        self,
        z: Float[Tensor, "b z"],
        *,
        psi: float = 0.7,
        label: Float[Tensor, "b c"] | None = None,
    ) -> Ws:
        """``psi * z`` on every row; there are no labels."""
        if label is not None:
            raise ValueError("this generator takes no label")
        return (psi * z)[:, None].repeat(1, NUM_WS, 1)

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        """Nothing yet; there is no noise."""
        empty = ws.new_zeros(ws.shape[0], CHANNELS, 1, 1)
        return SynthesisState(
            ws=ws, blocks_done=0, features=empty, noise=noise, noise_seed=noise_seed
        )

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        """The waves at a block's cells."""
        done = blocks_until(state, self.info, until_px=until_px)
        features = self._waves(state.ws, self.info.block(until_px).size_hw)
        return replace(state, blocks_done=done, features=features)

    def finish(self, state: SynthesisState) -> Float[Tensor, "b 3 h w"]:
        """The picture: three of the waves."""
        return self._waves(state.ws, self.size_hw)[:, :3]

    def shift_px(self, ws: Ws) -> Float[Tensor, "b 2"]:
        """How far ``(x, y)`` the picture is shifted: the known answer of every drag."""
        return _PX_PER_UNIT * ws.mean(dim=1)[:, :2]

    def _waves(self, ws: Ws, map_hw: tuple[int, int]) -> Float[Tensor, "b c h w"]:
        height, width = self.size_hw
        rows, columns = map_hw
        y = (torch.arange(rows) + 0.5) * height / rows - 0.5
        x = (torch.arange(columns) + 0.5) * width / columns - 0.5
        shift = self.shift_px(ws)[:, :, None]
        moved_x, moved_y = x - shift[:, 0], y - shift[:, 1]
        index = torch.arange(CHANNELS)[:, None, None]
        # directions around the half circle, wavelengths of 26 to 51 px: no two places look alike
        angle, wavelength_px = index * (math.pi / CHANNELS), 26 + (index * 7 % CHANNELS) * 1.1
        along = (
            torch.cos(angle) * moved_x[:, None, None] + torch.sin(angle) * moved_y[:, None, :, None]
        )
        waves = torch.sin(2 * math.pi * along / wavelength_px + index)
        strength = 1 + 0.1 * torch.tanh(ws.mean(dim=1)[:, 2])
        spoilt = torch.where(ws.abs().amax() > self.spoiled_beyond, torch.nan, 0.0)
        return waves * strength[:, None, None, None] + spoilt
