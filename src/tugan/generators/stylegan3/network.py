"""StyleGAN3's generator (Karras et al. 2021), with synthesis that can stop and go on."""

from dataclasses import replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tugan.generators.mapping import MappingNetwork
from tugan.generators.protocol import FeatureBlock, GeneratorInfo, Noise, SynthesisState, Ws
from tugan.generators.staged_network import StagedNetwork
from tugan.generators.stepping import checked_ws
from tugan.generators.stylegan3.config import StyleGan3Config
from tugan.generators.stylegan3.fourier_input import FourierInput
from tugan.generators.stylegan3.layers import SynthesisLayer, ToRgb
from tugan.generators.stylegan3.resampler import layer_resampler
from tugan.generators.stylegan3.sampling import Signal, last_layers, signals


@final
class StyleGan3(StagedNetwork):
    """A frozen StyleGAN3 generator; see :class:`tugan.generators.protocol.Generator`.

    Its maps reach over the picture on all sides: ``features`` of a state are the cells that the
    picture covers, and ``beyond`` is the map with its margins, from which synthesis goes on.
    """

    def __init__(self, config: StyleGan3Config, info: GeneratorInfo) -> None:
        """Parameters are uninitialised: load them with ``load_state_dict``."""
        super().__init__(info)
        self.config = config
        self.mapping = MappingNetwork(
            z_dim=config.z_dim,
            widths=config.mapping_widths,
            label_dim=config.label_dim,
            embed_dim=config.embed_dim,
        )
        self.w_mean = nn.Buffer(torch.empty(config.w_dim))
        self.signals = signals(config)
        self.input = FourierInput(
            channels=config.channels[0], w_dim=config.w_dim, signal=self.signals[0]
        )
        self.layers = nn.ModuleList(_layer(config, index) for index in range(config.num_layers))
        self.to_rgb = ToRgb(
            fan_in=config.channels[-1],
            w_dim=config.w_dim,
            clamp=config.conv_clamp,
            scale=config.output_scale,
        )
        self.layers_done = tuple(last + 1 for last in last_layers(self.signals))
        self.eval().requires_grad_(False)

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        """The input's waves; there is no noise. ``ValueError`` if ``ws`` has another shape."""
        ws = checked_ws(ws, self._info, like=self.w_mean)
        waves = self.input(ws[:, 0])
        return SynthesisState(
            ws=ws,
            blocks_done=0,
            features=_covered(waves, self.signals[0]),
            beyond=waves,
            noise=noise,
            noise_seed=noise_seed,
        )

    def finish(self, state: SynthesisState) -> Float[Tensor, "b 3 h w"]:
        """Run the remaining layers; the picture."""
        done = self._run(state, len(self.layers_done))
        picture: Tensor = self.to_rgb(done.features, done.ws[:, -1])
        return picture.contiguous()

    def _run(self, state: SynthesisState, until_block: int) -> SynthesisState:
        if until_block == state.blocks_done:
            return state
        assert state.beyond is not None
        x = state.beyond
        done = (0, *self.layers_done)
        for index in range(done[state.blocks_done], done[until_block]):
            x = self.layers[index](x, state.ws[:, 1 + index])
        features = _covered(x, self.signals[done[until_block] - 1])
        return replace(state, blocks_done=until_block, features=features, beyond=x)


def feature_blocks(config: StyleGan3Config) -> tuple[FeatureBlock, ...]:
    """The places where this network's synthesis can stop, one a sampling rate."""
    found = signals(config)
    return tuple(
        FeatureBlock(
            until_px=found[index].rate,
            size_hw=(found[index].rate, found[index].rate),
            channels=config.channels[index],
        )
        for index in last_layers(found)
    )


def _layer(config: StyleGan3Config, index: int) -> SynthesisLayer:
    return SynthesisLayer(
        fan_in=config.channels[max(index - 1, 0)],
        fan_out=config.channels[index],
        w_dim=config.w_dim,
        kernel=config.conv_kernel,
        resampler=layer_resampler(config, index),
    )


def _covered(x: Float[Tensor, "b c h w"], signal: Signal) -> Float[Tensor, "b c rh rw"]:
    """The cells that the picture covers."""
    first, last = signal.margin, signal.margin + signal.rate
    return x[:, :, first:last, first:last]
