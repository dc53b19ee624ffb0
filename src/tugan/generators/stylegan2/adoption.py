"""What adopting any foreign StyleGAN2 checkpoint shares: names, gains, defaults."""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.mapping import MappingNetwork
from tugan.generators.mean_of_w import MeanOfW, stored_mean
from tugan.generators.model_config import About, CanonicalModel, ModelConfig, architecture_json
from tugan.generators.prefixes import below
from tugan.generators.protocol import DragHints
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.stylegan2.layers import doubling_filter

MAPPING_LR_MULTIPLIER = 0.01
"""Learning-rate multiplier of mapping layers (Karras et al. 2019, section C)."""

MEAN_SAMPLES = 10_000
ESTIMATED_MEAN = (
    f"The file had no mean of W: it is that of {MEAN_SAMPLES} latents mapped when it was adopted."
)
DRAWN_NOISE = (
    "The file had no noise maps: they were drawn when it was adopted, so that fine detail falls"
    " elsewhere than in its author's pictures."
)


@dataclass(frozen=True)
class TensorSource:
    """Tensors of a file, taken by name or refused by name."""

    tensors: Mapping[str, Tensor]

    def take(
        self, name: str, *, ndim: int | None = None, shape: tuple[int, ...] | None = None
    ) -> Tensor:
        """The tensor in float32; :class:`CheckpointError` if it is not there or misshapen."""
        if name not in self.tensors:
            raise CheckpointError(
                f"this looks like a StyleGAN2 checkpoint, but its tensor {name} is missing:"
                " the file may be truncated or of a variant that is not supported"
            )
        tensor = self.tensors[name]
        if ndim is not None and (tensor.ndim != ndim or tensor.numel() == 0):
            raise CheckpointError(
                f"the tensor {name} is {tuple(tensor.shape)}, expected {ndim} dimensions, none"
                " of them empty"
            )
        if shape is not None and tensor.shape != shape:
            raise CheckpointError(f"the tensor {name} is {tuple(tensor.shape)}, expected {shape}")
        return tensor.to(torch.float32)

    def take_or(self, name: str, default: Tensor) -> Tensor:
        """The tensor in float32, or the default if it is not there."""
        return self.take(name) if name in self.tensors else default


def equalised_gain(weight: Tensor, lr_multiplier: float = 1.0) -> float:
    """He's constant that an equalised learning rate applies at run time (Karras et al. 2018)."""
    return lr_multiplier / math.sqrt(weight[0].numel())


def check_resample_filter(kernel: Tensor, *, sum_to: float, name: str) -> None:
    """:class:`CheckpointError` unless the file resamples with [1, 3, 3, 1]."""
    expected = sum_to / 4 * doubling_filter(torch.empty(()))
    if kernel.shape != expected.shape or not torch.allclose(kernel.cpu(), expected, atol=1e-4):
        raise CheckpointError(f"{name} is not the [1, 3, 3, 1] filter: not supported")


def check_rgb(weight: Tensor, name: str) -> None:
    """:class:`CheckpointError` unless the generator draws three channels."""
    if weight.shape[0] != 3:
        raise CheckpointError(
            f"{name} gives {weight.shape[0]} colour channels; only RGB generators are supported"
        )


def drawn_noise(layer: str, size_hw: tuple[int, int]) -> Tensor:
    """A noise map for a layer whose own is not in the file; the same for the same name."""
    rng = torch.Generator().manual_seed(zlib.crc32(layer.encode()))
    return torch.randn(size_hw, generator=rng)


def joined(*notes: str) -> str:
    """Sentences of a model's notes, without the empty ones."""
    return " ".join(note for note in notes if note)


def mean_of(
    tensors: Mapping[str, Tensor],
    prefix: str,
    adopted: Mapping[str, Tensor],
    config: StyleGan2Config,
) -> MeanOfW:
    """The file's mean of W for the generator behind ``prefix``, or one that is estimated."""
    stored = stored_mean(tensors, prefix, w_dim=config.w_dim)
    if stored is not None:
        return stored
    return MeanOfW(vector=_mapping_mean(adopted, config), note=ESTIMATED_MEAN)


def _mapping_mean(tensors: Mapping[str, Tensor], config: StyleGan2Config) -> Tensor:
    """Mean of W over mapped samples, for files that do not carry it."""
    if config.label_dim:
        raise CheckpointError("the file has no mean of W, and its generator is conditional")
    network = MappingNetwork(
        z_dim=config.z_dim,
        widths=config.mapping_widths,
        label_dim=0,
        embed_dim=0,
    )
    network.load_state_dict(below(tensors, "mapping."))
    z = torch.randn(MEAN_SAMPLES, config.z_dim, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        mean: Tensor = network(z, None).mean(dim=0)
    return mean


def canonical(
    config: StyleGan2Config, tensors: dict[str, Tensor], *, name: str, source: str, notes: str = ""
) -> CanonicalModel:
    """Our form of an adopted model, with the paper's defaults as hints (Pan et al. 2023)."""
    longest = max(config.size_hw(len(config.channels) - 1))
    hints = DragHints(
        feature_px=min(128 * max(config.const_hw) // 4, longest),
        latent="w+",
        rows=6,
        whitened=False,
        learning_rate=1e-3,
    )
    model_config = ModelConfig(
        family="stylegan2",
        about=About(name=name, source=source, notes=notes),
        hints=hints,
        architecture=architecture_json(config),
    )
    return CanonicalModel(config=model_config, tensors=tensors)
