"""StyleGAN3 in NVIDIA's names (PyTorch pickles of the StyleGAN3 program)."""

import math
import re
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.mean_of_w import stored_mean
from tugan.generators.model_config import About, CanonicalModel, ModelConfig, architecture_json
from tugan.generators.prefixes import below, prefix_of
from tugan.generators.stylegan3.config import StyleGan3Config
from tugan.generators.stylegan3.hints import hints_for
from tugan.generators.stylegan3.nvidia_config import ConfigReader
from tugan.generators.stylegan3.nvidia_file import LayerName, NvidiaTensors, lacking, layer_names
from tugan.generators.stylegan3.stated import Stated

MAPPING_LR_MULTIPLIER = 0.01
"""Learning-rate multiplier of mapping layers (Karras et al. 2019, section C)."""

_LAYER = re.compile(r"(.*\.)?(?P<mark>synthesis\.L\d+_\d+_\d+\.weight)")
DEFAULTS_TAKEN = (
    "The file is a bare state dict, which does not state its cutoffs nor whether layers are"
    " clamped: the original program's defaults are taken."
)


def adopt_nvidia(raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
    """The model of a ``G_ema`` or of its state dict, or None if it is not a StyleGAN3.

    :class:`CheckpointError` if it is one of a variant that our network does not compute.
    """
    marks = {found["mark"] for key in raw.tensors if (found := _LAYER.fullmatch(key))}
    prefix = prefix_of(raw.tensors, min(marks)) if marks else None
    layers = () if prefix is None else layer_names(below(raw.tensors, prefix))
    if prefix is None or not layers:
        return None
    pickled = raw.format == "nvidia-pickle"
    tensors = NvidiaTensors(below(raw.tensors, prefix))
    stated = Stated(below(raw.attributes, prefix) if pickled else {})
    config = ConfigReader(tensors=tensors, stated=stated, layers=layers).config()
    reader = _Reader(tensors=tensors, stated=stated, layers=layers, config=config)
    mean = stored_mean(raw.tensors, prefix, w_dim=config.w_dim)
    if mean is None:
        raise lacking("mapping.w_avg")
    notes = ("" if pickled else DEFAULTS_TAKEN, mean.note)
    return CanonicalModel(
        config=ModelConfig(
            family="stylegan3",
            about=About(
                name=name,
                source="NVIDIA PyTorch pickle" if pickled else "state dict in NVIDIA's names",
                notes=" ".join(note for note in notes if note),
            ),
            hints=hints_for(config),
            architecture=architecture_json(config),
        ),
        tensors={**reader.canonical(), "w_mean": mean.vector},
    )


@final
@dataclass(frozen=True, kw_only=True)
class _Reader:
    tensors: NvidiaTensors
    stated: Stated
    layers: tuple[LayerName, ...]
    config: StyleGan3Config

    def canonical(self) -> dict[str, Tensor]:
        """The network's tensors, gains folded in."""
        out = self._mapping() | self._input()
        channels = self.config.channels
        for index, layer in enumerate(self.layers[:-1]):
            out |= self._layer(layer, fan_in=channels[max(index - 1, 0)])
        return out | self._to_rgb(self.layers[-1], fan_in=channels[-1])

    def _mapping(self) -> dict[str, Tensor]:
        config = self.config
        out: dict[str, Tensor] = {}
        if config.label_dim:
            shape = (config.embed_dim, config.label_dim)
            out |= self._linear("mapping.embed", "mapping.embed", shape)
        fan_in = config.z_dim + config.embed_dim
        for index, width in enumerate(config.mapping_widths):
            theirs, ours = f"mapping.fc{index}", f"mapping.layers.{index}"
            out |= self._linear(theirs, ours, (width, fan_in), lr_multiplier=MAPPING_LR_MULTIPLIER)
            fan_in = width
        return out

    def _input(self) -> dict[str, Tensor]:
        take, width, theirs = self.tensors.take, self.config.channels[0], "synthesis.input"
        return {
            **self._linear(f"{theirs}.affine", "input.affine", (4, self.config.w_dim)),
            "input.weight": take(f"{theirs}.weight", width, width) / math.sqrt(width),
            "input.frequencies": take(f"{theirs}.freqs", width, 2),
            "input.phases": take(f"{theirs}.phases", width),
            "input.transform": take(f"{theirs}.transform", 3, 3),
        }

    def _layer(self, layer: LayerName, *, fan_in: int) -> dict[str, Tensor]:
        take, theirs, ours = self.tensors.take, layer.prefix, f"layers.{layer.index}"
        kernel = self.config.conv_kernel
        return {
            **self._linear(f"{theirs}.affine", f"{ours}.affine", (fan_in, self.config.w_dim)),
            f"{ours}.weight": take(f"{theirs}.weight", layer.channels, fan_in, kernel, kernel),
            f"{ours}.bias": take(f"{theirs}.bias", layer.channels),
            f"{ours}.input_gain": self._input_gain(layer),
        }

    def _to_rgb(self, layer: LayerName, *, fan_in: int) -> dict[str, Tensor]:
        take, theirs = self.tensors.take, layer.prefix
        affine = self._linear(f"{theirs}.affine", "to_rgb.affine", (fan_in, self.config.w_dim))
        gain = self._input_gain(layer) / math.sqrt(fan_in)
        return {
            **{name: tensor * gain for name, tensor in affine.items()},
            "to_rgb.weight": take(f"{theirs}.weight", 3, fan_in, 1, 1),
            "to_rgb.bias": take(f"{theirs}.bias", 3),
        }

    def _input_gain(self, layer: LayerName) -> Tensor:
        """What brings a layer's input to about unit mean square (Karras et al. 2021, C.1)."""
        name = f"{layer.prefix}.magnitude_ema"
        magnitude = self.tensors.take(name)
        if not 0 < float(magnitude) < math.inf:
            raise CheckpointError(f"{name} must be positive; got {float(magnitude)}")
        return torch.rsqrt(magnitude)

    def _linear(
        self, theirs: str, ours: str, shape: tuple[int, int], *, lr_multiplier: float = 1.0
    ) -> dict[str, Tensor]:
        """A linear layer with He's constant, which is applied at run time, and gains folded in."""
        weight_gain = self.stated.gain(f"{theirs}.weight_gain", lr_multiplier / math.sqrt(shape[1]))
        bias_gain = self.stated.gain(f"{theirs}.bias_gain", lr_multiplier)
        return {
            f"{ours}.weight": self.tensors.take(f"{theirs}.weight", *shape) * weight_gain,
            f"{ours}.bias": self.tensors.take(f"{theirs}.bias", shape[0]) * bias_gain,
        }
