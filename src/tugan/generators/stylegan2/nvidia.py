"""StyleGAN2 in NVIDIA's names (PyTorch pickles of the ADA and StyleGAN3 programs)."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.checkpoint import JsonScalar, RawCheckpoint
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

MAX_GAIN = 1e6


FIRST_BLOCK = re.compile(r"(?P<prefix>(.*\.)?)(?P<mark>synthesis\.b\d+\.const)")
NO_CLAMP_KNOWN = (
    "The file is a bare state dict, which does not say whether layers are clamped: they are not."
)


def adopt_nvidia(raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
    """The model of a ``G_ema`` or of its state dict, or None if it is not a StyleGAN2.

    :class:`CheckpointError` if it is one of a variant that our network does not compute.
    """
    marks = {found["mark"] for key in raw.tensors if (found := FIRST_BLOCK.fullmatch(key))}
    prefix = prefix_of(raw.tensors, min(marks)) if marks else None
    if prefix is None:
        return None
    pickled = raw.format == "nvidia-pickle"
    return adopt_named(
        raw.tensors,
        below(raw.attributes, prefix) if pickled else {},
        prefix=prefix,
        name=name,
        source="NVIDIA PyTorch pickle" if pickled else "state dict in NVIDIA's names",
        notes="" if pickled else NO_CLAMP_KNOWN,
    )


def adopt_named(
    tensors: Mapping[str, Tensor],
    attributes: Mapping[str, JsonScalar],
    *,
    name: str,
    source: str,
    prefix: str = "",
    notes: str = "",
    joint_label_norm: bool = False,
) -> CanonicalModel:
    """The model of tensors in NVIDIA's names behind ``prefix``.

    ``attributes``, without the prefix, say what tensors cannot. :class:`CheckpointError` if a
    tensor lacks, or the variant is not one that is computed here.
    """
    own = below(tensors, prefix)
    reader = _Reader(
        source=TensorSource(own),
        attributes=attributes,
        sizes=_block_sizes(own),
        joint_label_norm=joint_label_norm,
    )
    config = reader.config()
    out = reader.tensors(config)
    mean = mean_of(tensors, prefix, out, config)
    return canonical(
        config,
        {**out, "w_mean": mean.vector},
        name=name,
        source=source,
        notes=joined(notes, mean.note, DRAWN_NOISE if reader.lacks_noise() else ""),
    )


def _block_sizes(tensors: Mapping[str, Tensor]) -> tuple[int, ...]:
    """The blocks' sizes in their names, each twice the one before."""
    found = (re.match(r"synthesis\.b(\d{1,5})\.", key) for key in tensors)
    sizes = sorted({int(match[1]) for match in found if match})
    if any(larger != 2 * size for size, larger in itertools.pairwise(sizes)):
        raise CheckpointError(
            f"expected every block to double the size of the one before, found {sizes}: the file "
            "may be truncated or of a variant that is not supported"
        )
    return tuple(sizes)


@final
@dataclass(frozen=True, kw_only=True)
class _Reader:
    source: TensorSource
    attributes: Mapping[str, JsonScalar]
    sizes: tuple[int, ...]
    joint_label_norm: bool

    def config(self) -> StyleGan2Config:
        self._check_variant()
        take = self.source.take
        const = take(f"synthesis.b{self.sizes[0]}.const", ndim=3)
        first = take("mapping.fc0.weight", ndim=2)
        embed = self.source.tensors.get("mapping.embed.weight")
        embed_dim = 0 if embed is None else embed.shape[0]
        return StyleGan2Config(
            channels=tuple(
                take(f"synthesis.b{size}.conv1.weight", ndim=4).shape[0] for size in self.sizes
            ),
            const_hw=(const.shape[1], const.shape[2]),
            z_dim=first.shape[1] - embed_dim,
            w_dim=take(f"synthesis.b{self.sizes[0]}.conv1.affine.weight").shape[1],
            mapping_widths=tuple(
                take(f"mapping.fc{index}.weight").shape[0] for index in range(self._mapping_depth())
            ),
            label_dim=0 if embed is None else embed.shape[1],
            embed_dim=embed_dim,
            joint_label_norm=embed is not None and self.joint_label_norm,
            conv_clamp=self._conv_clamp(),
        )

    def tensors(self, config: StyleGan2Config) -> dict[str, Tensor]:
        """The network's tensors, gains folded in, but for the mean of W."""
        take = self.source.take
        out = {"const": take(f"synthesis.b{self.sizes[0]}.const")}
        if config.label_dim:
            out |= self._linear("mapping.embed", "mapping.embed", lr_multiplier=1.0)
        for index in range(len(config.mapping_widths)):
            out |= self._linear(
                f"mapping.fc{index}",
                f"mapping.layers.{index}",
                lr_multiplier=MAPPING_LR_MULTIPLIER,
            )
        for index, size in enumerate(self.sizes):
            names = ("conv1",) if index == 0 else ("conv0", "conv1")
            for position, conv in enumerate(names):
                theirs, ours = f"synthesis.b{size}.{conv}", f"blocks.{index}.convs.{position}"
                out |= self._conv(theirs, ours, config.size_hw(index))
            out |= self._to_rgb(f"synthesis.b{size}.torgb", f"blocks.{index}.to_rgb")
        return out

    def _conv(self, theirs: str, ours: str, size_hw: tuple[int, int]) -> dict[str, Tensor]:
        take, take_or = self.source.take, self.source.take_or
        if self._lacks_noise(theirs):
            noise = drawn_noise(theirs, size_hw)
        else:
            noise = take_or(f"{theirs}.noise_const", torch.zeros(size_hw))
        return {
            **self._linear(f"{theirs}.affine", f"{ours}.affine", lr_multiplier=1.0),
            f"{ours}.weight": take(f"{theirs}.weight"),
            f"{ours}.bias": take(f"{theirs}.bias"),
            f"{ours}.noise_strength": take_or(f"{theirs}.noise_strength", torch.zeros(())),
            f"{ours}.noise": noise,
        }

    def lacks_noise(self) -> bool:
        """Whether a layer adds noise and has no map of it; without strength it adds none."""
        layers = (f"synthesis.b{size}.{conv}" for size in self.sizes for conv in ("conv0", "conv1"))
        return any(self._lacks_noise(layer) for layer in layers)

    def _lacks_noise(self, theirs: str) -> bool:
        strength = self.source.tensors.get(f"{theirs}.noise_strength")
        return (
            f"{theirs}.noise_const" not in self.source.tensors
            and strength is not None
            and bool(strength.any())
        )

    def _to_rgb(self, theirs: str, ours: str) -> dict[str, Tensor]:
        weight = self.source.take(f"{theirs}.weight")
        check_rgb(weight, f"{theirs}.weight")
        gain = self._number(f"{theirs}.weight_gain", equalised_gain(weight))
        affine = self._linear(f"{theirs}.affine", f"{ours}.affine", lr_multiplier=1.0)
        return {
            **{key: value * gain for key, value in affine.items()},
            f"{ours}.weight": weight,
            f"{ours}.bias": self.source.take(f"{theirs}.bias"),
        }

    def _linear(self, theirs: str, ours: str, *, lr_multiplier: float) -> dict[str, Tensor]:
        weight = self.source.take(f"{theirs}.weight")
        weight_gain = self._number(f"{theirs}.weight_gain", equalised_gain(weight, lr_multiplier))
        bias_gain = self._number(f"{theirs}.bias_gain", lr_multiplier)
        bias = self.source.take_or(f"{theirs}.bias", torch.zeros(weight.shape[0]))
        return {f"{ours}.weight": weight * weight_gain, f"{ours}.bias": bias * bias_gain}

    def _mapping_depth(self) -> int:
        depth = 0
        while f"mapping.fc{depth}.weight" in self.source.tensors:
            depth += 1
        return depth

    def _number(self, name: str, default: float) -> float:
        value = self.attributes.get(name)
        if not isinstance(value, int | float):
            return default
        if not abs(value) < MAX_GAIN:
            raise CheckpointError(f"{name} is {value:.3g}: no gain is that large")
        return float(value)

    def _conv_clamp(self) -> float | None:
        pattern = re.compile(r"synthesis\.b\d+\.(conv[01]|torgb)\.conv_clamp")
        clamps = {v for k, v in self.attributes.items() if pattern.fullmatch(k)}
        if len(clamps) > 1:
            raise CheckpointError(f"the layers clamp differently ({clamps}): not supported")
        value = clamps.pop() if clamps else None
        return float(value) if isinstance(value, int | float) else None

    def _check_variant(self) -> None:
        for key, value in self.attributes.items():
            if key.endswith(".architecture") and value != "skip":
                raise CheckpointError(
                    f"{key} is {value!r}; only StyleGAN2's 'skip' architecture is supported"
                )
            if key.endswith(".activation") and value not in ("lrelu", "linear"):
                raise CheckpointError(f"{key} is {value!r}; only 'lrelu' is supported")
        for key, tensor in self.source.tensors.items():
            if key.startswith("synthesis.") and key.endswith(".resample_filter"):
                check_resample_filter(tensor, sum_to=1.0, name=key)
