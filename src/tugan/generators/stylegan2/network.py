"""StyleGAN2's generator (Karras et al. 2020a), with synthesis that can stop and go on."""

from dataclasses import replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tugan.generators.mapping import MappingNetwork
from tugan.generators.noise import NoiseSource
from tugan.generators.protocol import (
    FeatureBlock,
    GeneratorInfo,
    Noise,
    SynthesisState,
    Ws,
)
from tugan.generators.stepping import checked_ws
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.stylegan2.layers import StyledConv, ToRgb, upsample_image
from tugan.generators.window_gradients import Down
from tugan.generators.windowed_network import WindowedNetwork
from tugan.generators.windows import window_side

# the transposed convolution and its filter together see one cell to each side of the lower map,
# and the 3x3 convolution that follows sees 1 of the upper
WINDOW_SIDE = window_side(reach_before_doubling=1, reach_after_doubling=1)


@final
class SynthesisBlock(nn.Module):
    """One resolution: one or two styled convolutions, and the skip to RGB."""

    def __init__(self, config: StyleGan2Config, index: int) -> None:
        """Block 0 works at the constant's size and has one convolution."""
        super().__init__()
        fan_out = config.channels[index]
        fans_in = (fan_out,) if index == 0 else (config.channels[index - 1], fan_out)
        self.convs = nn.ModuleList(
            StyledConv(
                fan_in=fan_in,
                fan_out=fan_out,
                w_dim=config.w_dim,
                size_hw=config.size_hw(index),
                upsample=index > 0 and position == 0,
                clamp=config.conv_clamp,
            )
            for position, fan_in in enumerate(fans_in)
        )
        self.to_rgb = ToRgb(fan_in=fan_out, w_dim=config.w_dim, clamp=config.conv_clamp)
        self.first_row = max(2 * index - 1, 0)

    def forward(
        self,
        x: Float[Tensor, "b i h w"],
        image: Tensor | None,
        ws: Ws,
        noise: NoiseSource,
        *,
        spent: bool = False,
    ) -> tuple[Float[Tensor, "b o oh ow"], Float[Tensor, "b 3 oh ow"]]:
        """Features and picture after this block; ``spent`` as in :class:`StyledConv`."""
        x = self.convolved(x, ws, noise, spent=spent)
        return x, self.drawn(x, image, ws)

    def drawn(
        self, x: Float[Tensor, "b o oh ow"], image: Tensor | None, ws: Ws
    ) -> Float[Tensor, "b 3 oh ow"]:
        """The picture with this block's part, of its features."""
        rgb: Tensor = self.to_rgb(x, ws[:, self.first_row + len(self.convs)])
        return rgb if image is None else upsample_image(image) + rgb

    def convolved(
        self, x: Float[Tensor, "b i h w"], ws: Ws, noise: NoiseSource, *, spent: bool = False
    ) -> Float[Tensor, "b o oh ow"]:
        """Features after this block, without the picture."""
        for row, conv in enumerate(self.convs, start=self.first_row):
            # between the two the map is this block's own
            x = conv(x, ws[:, row], noise.of_layer(row), spent=spent or row > self.first_row)
        return x

    def layers(
        self, x: Float[Tensor, "b i h w"], ws: Ws, noise: NoiseSource
    ) -> tuple[Float[Tensor, "b o oh ow"], ...]:
        """What each convolution gives, the features last."""
        found = []
        for row, conv in enumerate(self.convs, start=self.first_row):
            x = conv(x, ws[:, row], noise.of_layer(row))
            found.append(x)
        return tuple(found)

    def pulled_back(
        self,
        upstream: Down,
        x: Float[Tensor, "m i h w"],
        maps: tuple[Float[Tensor, "m o oh ow"], ...],
        ws: Ws,
        noise: NoiseSource,
    ) -> tuple[Down, dict[int, Float[Tensor, "k n d"]]]:
        """Gradients by the input and by the rows of ``ws``."""
        rows = {}
        inputs = (x, *maps[:-1])
        for position in reversed(range(len(self.convs))):
            conv, row = self.convs[position], self.first_row + position
            assert isinstance(conv, StyledConv)
            upstream, rows[row] = conv.pulled_back(
                upstream, inputs[position], maps[position], ws[:, row], noise.of_layer(row)
            )
        return upstream, rows


@final
class StyleGan2(WindowedNetwork):
    """A frozen StyleGAN2 generator; see :class:`tugan.generators.protocol.Generator`."""

    window_side = WINDOW_SIDE

    def __init__(self, config: StyleGan2Config, info: GeneratorInfo) -> None:
        """Parameters are uninitialised: load them with ``load_state_dict``."""
        super().__init__(info)
        self.config = config
        self.mapping = MappingNetwork(
            z_dim=config.z_dim,
            widths=config.mapping_widths,
            label_dim=config.label_dim,
            embed_dim=config.embed_dim,
            joint_norm=config.joint_label_norm,
        )
        self.w_mean = nn.Buffer(torch.empty(config.w_dim))
        self.const = nn.Parameter(torch.empty(config.channels[0], *config.const_hw))
        self.blocks = nn.ModuleList(
            SynthesisBlock(config, index) for index in range(len(config.channels))
        )
        self.eval().requires_grad_(False)

    def lay_out_weights(self) -> None:
        """Rearrange the weights in memory as synthesis reads them: otherwise each pass does so."""
        super().lay_out_weights()
        for module in self.modules():
            if isinstance(module, StyledConv):
                module.lay_out_weight()

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
        """Run the remaining blocks; the picture."""
        image = self._run(state, len(self.blocks)).image
        assert image is not None
        return image.contiguous()

    def _run(self, state: SynthesisState, until_block: int) -> SynthesisState:
        x, image = state.features, state.image
        noise = NoiseSource(kind=state.noise, seed=state.noise_seed)
        for index in range(state.blocks_done, until_block):
            # what a state holds may be asked for again; maps on the way may not
            spent = index > state.blocks_done
            x, image = self.blocks[index](x, image, state.ws, noise, spent=spent)
        return replace(state, blocks_done=until_block, features=x, image=image)

    def _traced_block(
        self,
        index: int,
        x: Float[Tensor, "b i h w"],
        image: Tensor | None,
        ws: Ws,
        noise: NoiseSource,
    ) -> tuple[tuple[Float[Tensor, "b c oh ow"], ...], Tensor | None]:
        block = self.blocks[index]
        assert isinstance(block, SynthesisBlock)
        maps = block.layers(x, ws, noise)
        return maps, block.drawn(maps[-1], image, ws)

    def _block_pulled_back(
        self,
        index: int,
        upstream: Down,
        x: Float[Tensor, "m i h w"] | None,
        maps: tuple[Float[Tensor, "m c oh ow"], ...],
        ws: Ws,
        noise: NoiseSource,
    ) -> tuple[Down | None, dict[int, Float[Tensor, "k n d"]]]:
        block = self.blocks[index]
        assert isinstance(block, SynthesisBlock)
        start = self.const[None] if x is None else x
        lower, rows = block.pulled_back(upstream, start, maps, ws, noise)
        return None if x is None else lower, rows

    def _block(
        self, index: int, x: Float[Tensor, "b i h w"], ws: Ws, noise: NoiseSource
    ) -> Float[Tensor, "b o oh ow"]:
        block = self.blocks[index]
        assert isinstance(block, SynthesisBlock)
        return block.convolved(x, ws, noise)


def feature_blocks(config: StyleGan2Config) -> tuple[FeatureBlock, ...]:
    """The places where this network's synthesis can stop."""
    return tuple(
        FeatureBlock(
            until_px=max(config.size_hw(index)), size_hw=config.size_hw(index), channels=channels
        )
        for index, channels in enumerate(config.channels)
    )
