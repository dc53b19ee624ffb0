"""MobileStyleGAN's generator (Belousov 2021), with synthesis that can stop and go on."""

from dataclasses import replace
from itertools import pairwise
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.generators.mapping import MappingNetwork
from tugan.generators.mobilestylegan.config import MobileStyleGanConfig
from tugan.generators.mobilestylegan.layers import DenseConv, DoublingBlock, doubled_inverse_haar
from tugan.generators.noise import NoiseSource
from tugan.generators.protocol import (
    FeatureBlock,
    GeneratorInfo,
    Noise,
    SynthesisState,
    Ws,
)
from tugan.generators.stepping import checked_ws
from tugan.generators.window_gradients import Down
from tugan.generators.windowed_network import WindowedNetwork
from tugan.generators.windows import window_side

# the inverse Haar transform sees nothing beside its cell, the two 3x3 convolutions see 1 each
WINDOW_SIDE = window_side(reach_before_doubling=0, reach_after_doubling=2)


@final
class MobileStyleGan(WindowedNetwork):
    """A frozen MobileStyleGAN; see :class:`tugan.generators.protocol.Generator`."""

    window_side = WINDOW_SIDE

    def __init__(self, config: MobileStyleGanConfig, info: GeneratorInfo) -> None:
        """Parameters are uninitialised: load them with ``load_state_dict``."""
        super().__init__(info)
        self.config = config
        channels, w_dim = config.channels, config.w_dim
        self.mapping = MappingNetwork(
            z_dim=config.z_dim,
            widths=config.mapping_widths,
            label_dim=0,
            embed_dim=0,
        )
        self.w_mean = nn.Buffer(torch.empty(w_dim))
        self.const = nn.Parameter(torch.empty(channels[0], 4, 4))
        self.first = DenseConv(channels=channels[0], w_dim=w_dim, side_px=4)
        self.blocks = nn.ModuleList(
            DoublingBlock(fan_in=fan_in, fan_out=fan_out, w_dim=w_dim, side_px=8 << index)
            for index, (fan_in, fan_out) in enumerate(pairwise(channels))
        )
        self.rgb_affine = nn.Linear(w_dim, channels[-1])
        self.rgb_weight = nn.Parameter(torch.empty(12, channels[-1], 1, 1))
        self.rgb_bias = nn.Parameter(torch.empty(12))
        self.eval().requires_grad_(False)

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        """Synthesis before the first block; ``ValueError`` if ``ws`` has another shape."""
        ws = checked_ws(ws, self._info, like=self.const)
        const = self.const.expand(ws.shape[0], -1, -1, -1)
        return SynthesisState(
            ws=ws,
            blocks_done=0,
            features=const.contiguous(memory_format=torch.channels_last),
            noise=noise,
            noise_seed=noise_seed,
        )

    def finish(self, state: SynthesisState) -> Float[Tensor, "b 3 h w"]:
        """Run the remaining blocks and the RGB head; the picture."""
        done = self._run(state, len(self._info.blocks))
        style = self.rgb_affine(done.ws[:, self.config.used_rows - 1])
        x = F.conv2d(
            done.features * (0.5 * style)[:, :, None, None], self.rgb_weight, 0.5 * self.rgb_bias
        )
        return doubled_inverse_haar(x).contiguous()

    def _run(self, state: SynthesisState, until_block: int) -> SynthesisState:
        x, ws = state.features, state.ws
        noise = NoiseSource(kind=state.noise, seed=state.noise_seed)
        for index in range(state.blocks_done, until_block):
            x = self._block(index, x, ws, noise)
        return replace(state, blocks_done=until_block, features=x)

    def _traced_block(
        self,
        index: int,
        x: Float[Tensor, "b i h w"],
        image: Tensor | None,
        ws: Ws,
        noise: NoiseSource,
    ) -> tuple[tuple[Float[Tensor, "b c oh ow"], ...], Tensor | None]:
        if index == 0:
            return (self.first(x, ws[:, 0], noise.of_layer(0)),), image
        block = self.blocks[index - 1]
        assert isinstance(block, DoublingBlock)
        rows = ws[:, 2 * index - 1], ws[:, 2 * index]
        return block.layers(x, *rows, noise.of_layer(2 * index)), image

    def _block_pulled_back(
        self,
        index: int,
        upstream: Down,
        x: Float[Tensor, "m i h w"] | None,
        maps: tuple[Float[Tensor, "m c oh ow"], ...],
        ws: Ws,
        noise: NoiseSource,
    ) -> tuple[Down | None, dict[int, Float[Tensor, "k n d"]]]:
        if x is None:
            return None, {0: self.first.pulled_back(upstream, self.const, maps[0], ws[:, 0])}
        block = self.blocks[index - 1]
        assert isinstance(block, DoublingBlock)
        rows = 2 * index - 1, 2 * index
        lower, *by_rows = block.pulled_back(upstream, x, maps, *(ws[:, row] for row in rows))
        return lower, dict(zip(rows, by_rows, strict=True))

    def _block(
        self, index: int, x: Float[Tensor, "b i h w"], ws: Ws, noise: NoiseSource
    ) -> Float[Tensor, "b o oh ow"]:
        if index == 0:
            x = self.first(x, ws[:, 0], noise.of_layer(0))
        else:
            block = self.blocks[index - 1]
            x = block(x, ws[:, 2 * index - 1], ws[:, 2 * index], noise.of_layer(2 * index))
        return x


def feature_blocks(config: MobileStyleGanConfig) -> tuple[FeatureBlock, ...]:
    """The places where this network's synthesis can stop."""
    return tuple(
        FeatureBlock(until_px=4 << index, size_hw=(4 << index, 4 << index), channels=channels)
        for index, channels in enumerate(config.channels)
    )
