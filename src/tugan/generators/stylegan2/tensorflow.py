"""StyleGAN2 in the names of NVIDIA's TensorFlow programs (configurations e and f, and ADA).

Their variables become tensors in the names of the later PyTorch programs, which are known here.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.checkpoint import JsonScalar, RawCheckpoint
from tugan.generators.model_config import CanonicalModel
from tugan.generators.stylegan2.adoption import MAPPING_LR_MULTIPLIER, TensorSource
from tugan.generators.stylegan2.nvidia import MAX_GAIN, adopt_named

_COMPUTED_HERE: Mapping[str, JsonScalar] = {
    "architecture": "skip",
    "nonlinearity": "lrelu",
    "mapping_nonlinearity": "lrelu",
    "normalize_latents": True,
}
_FILTER = (1, 3, 3, 1)
_SUPPORTED = "StyleGAN2 and 3 are supported: get a network of one of those"
_LABELS_JOINED = "mapping.LabelConcat/weight"
"""The label's part of StyleGAN2's first program, which normalises it together with the latent."""
_LABELS_EMBEDDED = "mapping.LabelEmbed"
"""The label's part since ADA."""


def adopt_tensorflow(raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
    """The model of a TensorFlow ``Gs``, or None if it is no StyleGAN at all.

    :class:`CheckpointError` if it is an older generator or a variant that is not computed here.
    """
    _refuse_older(raw)
    if "synthesis.4x4/Const/const" not in raw.tensors:
        return None
    source = TensorSource({**_scalars(raw), **raw.tensors})
    arguments = _Arguments(raw.attributes)
    arguments.check()
    sizes = _sizes(source.tensors)
    tensors = {
        "mapping.w_avg": source.take("dlatent_avg"),
        **_mapping(source),
        **_synthesis(source, sizes),
    }
    return adopt_named(
        tensors,
        {**_gains(tensors, arguments), **_clamps(sizes, arguments)},
        name=name,
        source="NVIDIA TensorFlow pickle",
        joint_label_norm=_LABELS_JOINED in source.tensors,
    )


def _refuse_older(raw: RawCheckpoint) -> None:
    names = [*raw.tensors, *raw.attributes]
    if any("/StyleMod/" in name for name in names):
        raise CheckpointError(f"this is a StyleGAN (1) generator; {_SUPPORTED}")
    progressive = raw.attributes.get("class_name") == "tfutil.Network"
    if progressive or any(name.startswith("4x4/Dense/") for name in names):
        raise CheckpointError(f"this is a generator of progressive GAN; {_SUPPORTED}")


def _scalars(raw: RawCheckpoint) -> dict[str, Tensor]:
    """Variables without dimensions, which numpy pickles as numbers."""
    return {
        name: torch.tensor(float(value))
        for name, value in raw.attributes.items()
        if isinstance(value, int | float) and "/" in name
    }


def _sizes(tensors: Mapping[str, Tensor]) -> list[int]:
    found = (re.match(r"synthesis\.(\d{1,5})x(\d{1,5})/Conv", name) for name in tensors)
    return sorted({int(match[1]) for match in found if match})


def _mapping(source: TensorSource) -> dict[str, Tensor]:
    made: dict[str, Tensor] = {}
    if _LABELS_JOINED in source.tensors:
        made["mapping.embed.weight"] = source.take(_LABELS_JOINED, ndim=2).T
    elif f"{_LABELS_EMBEDDED}/weight" in source.tensors:
        made |= _dense(source, _LABELS_EMBEDDED, "mapping.embed")
    index = 0
    while f"mapping.Dense{index}/weight" in source.tensors:
        made |= _dense(source, f"mapping.Dense{index}", f"mapping.fc{index}")
        index += 1
    return made


def _synthesis(source: TensorSource, sizes: list[int]) -> dict[str, Tensor]:
    made = {"synthesis.b4.const": source.take("synthesis.4x4/Const/const", ndim=4)[0]}
    for size in sizes:
        theirs, ours, first = f"synthesis.{size}x{size}", f"synthesis.b{size}", size == 4
        last_noise = 0 if first else 2 * round(math.log2(max(size, 1))) - 4
        made |= _conv(source, f"{theirs}/Conv" if first else f"{theirs}/Conv1", f"{ours}.conv1")
        made[f"{ours}.conv1.noise_const"] = _noise(source, last_noise)
        if not first:
            made |= _conv(source, f"{theirs}/Conv0_up", f"{ours}.conv0")
            # TensorFlow's transposed convolution was given its filters mirrored
            made[f"{ours}.conv0.weight"] = made[f"{ours}.conv0.weight"].flip((2, 3))
            made[f"{ours}.conv0.noise_const"] = _noise(source, last_noise - 1)
        made |= _modulated(source, f"{theirs}/ToRGB", f"{ours}.torgb")
    return made


def _noise(source: TensorSource, index: int) -> Tensor:
    return source.take(f"synthesis.noise{index}", ndim=4)[0, 0]


def _conv(source: TensorSource, theirs: str, ours: str) -> dict[str, Tensor]:
    return {
        **_modulated(source, theirs, ours),
        f"{ours}.noise_strength": source.take(f"{theirs}/noise_strength", shape=()),
    }


def _modulated(source: TensorSource, theirs: str, ours: str) -> dict[str, Tensor]:
    """[height, width, in, out] to [out, in, height, width]; their styles were one plus ours."""
    return {
        f"{ours}.weight": source.take(f"{theirs}/weight", ndim=4).permute(3, 2, 0, 1),
        f"{ours}.bias": source.take(f"{theirs}/bias", ndim=1),
        f"{ours}.affine.weight": source.take(f"{theirs}/mod_weight", ndim=2).T,
        f"{ours}.affine.bias": source.take(f"{theirs}/mod_bias", ndim=1) + 1,
    }


def _dense(source: TensorSource, theirs: str, ours: str) -> dict[str, Tensor]:
    return {
        f"{ours}.weight": source.take(f"{theirs}/weight", ndim=2).T,
        f"{ours}.bias": source.take(f"{theirs}/bias", ndim=1),
    }


@final
@dataclass(frozen=True)
class _Arguments:
    """What the network was built with; a component's own arguments come before the whole's."""

    attributes: Mapping[str, JsonScalar]

    def get(self, key: str, default: JsonScalar) -> JsonScalar:
        for owner in ("synthesis.", "mapping.", ""):
            value = self.attributes.get(f"{owner}static_kwargs.{key}")
            if value is not None:
                return value
        return default

    def number(self, key: str) -> float | None:
        value = self.get(key, None)
        if value is None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not 0 < value < MAX_GAIN
        ):
            raise CheckpointError(f"expected {key} to be a positive number, found {value!r}")
        return float(value)

    def check(self) -> None:
        """:class:`CheckpointError` names what our network would compute otherwise."""
        for key, computed in _COMPUTED_HERE.items():
            if self.get(key, computed) != computed:
                raise CheckpointError(
                    f"{key} is {self.get(key, computed)!r}; only {computed!r} is supported"
                )
        taps = tuple(self.get(f"resample_kernel.{tap}", None) for tap in range(len(_FILTER) + 1))
        if taps != (None,) * len(taps) and taps != (*_FILTER, None):
            raise CheckpointError(f"resample_kernel is {taps}; only {_FILTER} is supported")


def _gains(tensors: Mapping[str, Tensor], arguments: _Arguments) -> dict[str, JsonScalar]:
    """The mapping's learning-rate multiplier, and labels that were embedded without any gain."""
    multiplier = arguments.number("mapping_lrmul") or MAPPING_LR_MULTIPLIER
    gains: dict[str, JsonScalar] = {}
    for name, tensor in tensors.items():
        if re.fullmatch(r"mapping\.fc\d+\.weight", name):
            gains[f"{name}_gain"] = multiplier / math.sqrt(tensor.shape[1])
            gains[f"{name.removesuffix('weight')}bias_gain"] = multiplier
    if "mapping.embed.weight" in tensors and "mapping.embed.bias" not in tensors:
        gains["mapping.embed.weight_gain"] = 1.0
    return gains


def _clamps(sizes: list[int], arguments: _Arguments) -> dict[str, JsonScalar]:
    clamp = arguments.number("conv_clamp")
    return {} if clamp is None else {f"synthesis.b{sizes[0]}.conv1.conv_clamp": clamp}
