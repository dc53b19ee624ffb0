"""The shape of a StyleGAN3 from NVIDIA's pickle: of its tensors, and else of what it states."""

from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.stylegan3.config import StyleGan3Config
from tugan.generators.stylegan3.nvidia_file import LayerName, NvidiaTensors
from tugan.generators.stylegan3.resampler import layer_resampler
from tugan.generators.stylegan3.sampling import layer_resampling, signals
from tugan.generators.stylegan3.stated import Stated

FILTER_TOLERANCE = 1e-4
"""A tap of a file's filter may be this far from ours."""


@final
@dataclass(frozen=True, kw_only=True)
class ConfigReader:
    """Deduces a configuration, and holds the file against it."""

    tensors: NvidiaTensors
    stated: Stated
    layers: tuple[LayerName, ...]

    def config(self) -> StyleGan3Config:
        """The configuration; :class:`CheckpointError` if layers or filters do not fit it."""
        config = self._with_filter_size(self._with_margin(self._without_margin()))
        self._check_sizes(config)
        for index in range(config.num_layers):
            self._check_filters(config, index)
        return config

    def _without_margin(self) -> StyleGan3Config:
        stated, take, first = self.stated, self.tensors.take, self.layers[0].prefix
        if self.layers[-1].channels != 3:
            raise CheckpointError(
                f"{self.layers[-1].prefix} gives {self.layers[-1].channels} colour channels; only"
                " RGB generators are supported"
            )
        embed = self.tensors.get("mapping.embed.weight")
        embed_dim, label_dim = (0, 0) if embed is None else (embed.shape[0], embed.shape[1])
        return StyleGan3Config(
            size_px=self.layers[-1].size,
            channels=tuple(layer.channels for layer in self.layers[:-1]),
            num_critical=stated.whole("num_critical", 2),
            first_cutoff=stated.number("first_cutoff", 2.0),
            first_stopband=stated.number("first_stopband", 2**2.1),
            last_stopband_rel=stated.number("last_stopband_rel", 2**0.3),
            margin_size=0,
            conv_kernel=take(f"{first}.weight", None, None, None, None).shape[-1],
            lrelu_upsampling=stated.whole("lrelu_upsampling", 2),
            radial_filters=any(
                filter_ is not None and filter_.ndim == 2
                for filter_ in (self._filter(index, "down") for index in range(len(self.layers)))
            ),
            conv_clamp=stated.number_or_none("conv_clamp", 256.0),
            output_scale=stated.number("output_scale", 0.25),
            z_dim=take("mapping.fc0.weight", None, None).shape[1] - embed_dim,
            w_dim=take(f"{first}.affine.weight", None, None).shape[1],
            mapping_widths=self._mapping_widths(),
            label_dim=label_dim,
            embed_dim=embed_dim,
        )

    def _mapping_widths(self) -> tuple[int, ...]:
        widths: list[int] = []
        while (weight := self.tensors.get(f"mapping.fc{len(widths)}.weight")) is not None:
            widths.append(weight.shape[0])
        return tuple(widths)

    def _with_margin(self, config: StyleGan3Config) -> StyleGan3Config:
        beyond = self.layers[0].size - signals(config)[0].rate
        if beyond % 2 or beyond < 0:
            raise CheckpointError(
                f"{self.layers[0].prefix} gives {self.layers[0].size} cells; expected"
                f" {signals(config)[0].rate} and the same margin on both sides"
            )
        return replace(config, margin_size=beyond // 2)

    def _with_filter_size(self, config: StyleGan3Config) -> StyleGan3Config:
        for index in range(config.num_layers):
            found = self._filter(index, "up")
            if found is not None:
                return replace(
                    config, filter_size=found.shape[0] // layer_resampling(config, index).up
                )
        return config

    def _check_sizes(self, config: StyleGan3Config) -> None:
        for layer, signal in zip(self.layers, signals(config), strict=True):
            if layer.size != signal.size:
                raise CheckpointError(
                    f"{layer.prefix} gives {layer.size} cells, expected {signal.size} for cutoffs"
                    f" and stopbands from {config.first_cutoff:.4g} and"
                    f" {config.first_stopband:.4g}: the file is of a variant that is not supported"
                )

    def _check_filters(self, config: StyleGan3Config, index: int) -> None:
        ours = layer_resampler(config, index)
        for kind, wanted in (("up", ours.up_filter), ("down", ours.down_filter)):
            found = self._filter(index, kind)
            if not _agree(found, wanted):
                raise CheckpointError(
                    f"{self.layers[index].prefix}.{kind}_filter is {_shape(found)} and not the"
                    f" filter, {_shape(wanted)}, that the paper's design gives for what the file"
                    " states of cutoffs and stopbands: not supported"
                )

    def _filter(self, index: int, kind: str) -> Tensor | None:
        return self.tensors.get(f"{self.layers[index].prefix}.{kind}_filter")


def _agree(found: Tensor | None, wanted: Tensor | None) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return found.shape == wanted.shape and torch.allclose(
        found, wanted, atol=FILTER_TOLERANCE, rtol=0
    )


def _shape(filter_: Tensor | None) -> str:
    return "absent" if filter_ is None else f"one of {tuple(filter_.shape)} taps"
