"""StyleGAN2 in the names of rosinality's PyTorch port."""

import re
from typing import final

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.model_config import CanonicalModel
from tugan.generators.prefixes import below, prefix_of
from tugan.generators.stylegan2.adoption import (
    DRAWN_NOISE,
    MAPPING_LR_MULTIPLIER,
    TensorSource,
    canonical,
    check_resample_filter,
    check_rgb,
    drawn_noise,
    equalised_gain,
    joined,
    mean_of,
)
from tugan.generators.stylegan2.config import StyleGan2Config


def adopt_rosinality(raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
    """The model of a file's ``g_ema``, or None if it is not a StyleGAN2 in these names.

    Files whose generator is under another name, or is the whole file, are read as well.
    """
    prefix = prefix_of(raw.tensors, "input.input")
    if prefix is None:
        return None
    reader = _Reader(TensorSource(below(raw.tensors, prefix)))
    config = reader.config()
    out = reader.tensors(config)
    mean = mean_of(raw.tensors, prefix, out, config)
    return canonical(
        config,
        {**out, "w_mean": mean.vector},
        name=name,
        source="rosinality checkpoint",
        notes=joined(mean.note, DRAWN_NOISE if reader.lacks_noise() else ""),
    )


@final
class _Reader:
    def __init__(self, source: TensorSource) -> None:
        self.source = source
        self.doublings = self._count(r"to_rgbs\.(\d+)\.conv\.weight")
        # style.0 is the normalisation, which has no tensors
        self.depth = self._count(r"style\.(\d+)\.weight")

    def config(self) -> StyleGan2Config:
        take = self.source.take
        const = take("input.input", ndim=4)
        convs = ["conv1", *(f"convs.{2 * index + 1}" for index in range(self.doublings))]
        widths = tuple(take(f"style.{layer}.weight").shape[0] for layer in self._mapping_layers())
        if not widths:
            raise CheckpointError("the checkpoint has no mapping network (style.N.weight)")
        return StyleGan2Config(
            channels=tuple(take(f"{conv}.conv.weight", ndim=5).shape[1] for conv in convs),
            const_hw=(const.shape[2], const.shape[3]),
            z_dim=take("style.1.weight", ndim=2).shape[1],
            w_dim=take("conv1.conv.modulation.weight", ndim=2).shape[1],
            mapping_widths=widths,
        )

    def tensors(self, config: StyleGan2Config) -> dict[str, Tensor]:
        """The network's tensors, gains folded in, but for the mean of W."""
        out = {"const": self.source.take("input.input")[0]}
        for index, layer in enumerate(self._mapping_layers()):
            weight = self.source.take(f"style.{layer}.weight")
            bias = self.source.take(f"style.{layer}.bias")
            out[f"mapping.layers.{index}.weight"] = weight * equalised_gain(
                weight, MAPPING_LR_MULTIPLIER
            )
            out[f"mapping.layers.{index}.bias"] = bias * MAPPING_LR_MULTIPLIER
        out |= self._conv("conv1", 0, "blocks.0.convs.0", config.size_hw(0))
        out |= self._to_rgb("to_rgb1", "blocks.0.to_rgb")
        for index in range(self.doublings):
            for position in (0, 1):
                layer = 2 * index + position
                ours = f"blocks.{index + 1}.convs.{position}"
                out |= self._conv(f"convs.{layer}", layer + 1, ours, config.size_hw(index + 1))
            self._check_filters(index)
            out |= self._to_rgb(f"to_rgbs.{index}", f"blocks.{index + 1}.to_rgb")
        return out

    def _conv(
        self, theirs: str, noise_index: int, ours: str, size_hw: tuple[int, int]
    ) -> dict[str, Tensor]:
        take = self.source.take
        strength = take(f"{theirs}.noise.weight", ndim=1)[0]
        # the port's noise maps came late: older files have none, and their noise is random
        lacks = f"noises.noise_{noise_index}" not in self.source.tensors
        drawn = drawn_noise(theirs, size_hw) if lacks else torch.empty(0)
        noise = self.source.take_or(f"noises.noise_{noise_index}", drawn[None, None])
        return {
            **self._modulation(f"{theirs}.conv.modulation", f"{ours}.affine"),
            f"{ours}.weight": take(f"{theirs}.conv.weight")[0],
            f"{ours}.bias": take(f"{theirs}.activate.bias"),
            f"{ours}.noise_strength": strength,
            f"{ours}.noise": noise[0, 0],
        }

    def lacks_noise(self) -> bool:
        """Whether the map of a layer is not there."""
        count = 2 * self.doublings + 1
        return any(f"noises.noise_{index}" not in self.source.tensors for index in range(count))

    def _to_rgb(self, theirs: str, ours: str) -> dict[str, Tensor]:
        weight = self.source.take(f"{theirs}.conv.weight")[0]
        check_rgb(weight, f"{theirs}.conv.weight")
        modulation = self._modulation(f"{theirs}.conv.modulation", f"{ours}.affine")
        return {
            **{key: value * equalised_gain(weight) for key, value in modulation.items()},
            f"{ours}.weight": weight,
            f"{ours}.bias": self.source.take(f"{theirs}.bias").flatten(),
        }

    def _modulation(self, theirs: str, ours: str) -> dict[str, Tensor]:
        weight = self.source.take(f"{theirs}.weight")
        return {
            f"{ours}.weight": weight * equalised_gain(weight),
            f"{ours}.bias": self.source.take(f"{theirs}.bias"),
        }

    def _check_filters(self, index: int) -> None:
        for name in (f"convs.{2 * index}.conv.blur.kernel", f"to_rgbs.{index}.upsample.kernel"):
            if name in self.source.tensors:
                check_resample_filter(self.source.take(name), sum_to=4.0, name=name)

    def _mapping_layers(self) -> range:
        return range(1, self.depth + 1)

    def _count(self, pattern: str) -> int:
        return sum(1 for key in self.source.tensors if re.fullmatch(pattern, key))
