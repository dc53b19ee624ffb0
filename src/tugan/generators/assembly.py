"""From a canonical model to a network: checked architecture, checked tensors, one info."""

from dataclasses import dataclass
from typing import TypeVar

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from tugan.core.errors import CheckpointError
from tugan.generators.model_config import STATISTICS_PREFIX, CanonicalModel
from tugan.generators.protocol import FeatureBlock, GeneratorInfo, PretrainedGenerator, WStatistics

Architecture = TypeVar("Architecture")


@dataclass(frozen=True, kw_only=True)
class LatentShape:
    """The sizes of a generator's latents and labels."""

    num_ws: int
    w_dim: int
    z_dim: int
    label_dim: int


def parse_architecture(model: CanonicalModel, kind: type[Architecture]) -> Architecture:
    """The family's configuration; :class:`CheckpointError` says which entry is wrong."""
    try:
        return TypeAdapter(kind).validate_python(model.config.architecture)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "architecture"
        raise CheckpointError(
            f"the model's config.json is wrong at architecture.{place}: {first['msg']}"
        ) from error


def make_info(
    model: CanonicalModel,
    *,
    size_hw: tuple[int, int],
    latent: LatentShape,
    blocks: tuple[FeatureBlock, ...],
) -> GeneratorInfo:
    """Everything known of the model."""
    config = model.config
    return GeneratorInfo(
        name=config.about.name,
        family=config.family,
        size_hw=size_hw,
        num_ws=latent.num_ws,
        w_dim=latent.w_dim,
        z_dim=latent.z_dim,
        label_dim=latent.label_dim,
        blocks=blocks,
        hints=config.hints,
        w_statistics=_statistics(model.tensors),
        domain=config.about.domain,
        licence=config.about.licence,
        source=config.about.source,
        notes=config.about.notes,
        folder=model.folder,
    )


def load_tensors(network: nn.Module, model: CanonicalModel) -> None:
    """Put the model's tensors into ``network``, which may be on the meta device.

    :class:`CheckpointError` lists what is missing, left over or of another shape.
    """
    expected = network.state_dict()
    given = {k: v for k, v in model.tensors.items() if not k.startswith(STATISTICS_PREFIX)}
    problems = [
        *(f"{name} is missing" for name in sorted(expected.keys() - given.keys())),
        *(f"{name} is not part of the network" for name in sorted(given.keys() - expected.keys())),
        *(
            f"{name} is {tuple(given[name].shape)}, expected {tuple(tensor.shape)}"
            for name, tensor in expected.items()
            if name in given and given[name].shape != tensor.shape
        ),
    ]
    if problems:
        more = f" (and {len(problems) - 4} more)" if len(problems) > 4 else ""
        raise CheckpointError(
            f"the tensors do not fit a {model.config.family}: {'; '.join(problems[:4])}{more}"
        )
    floats = {name: tensor.to(torch.float32).contiguous() for name, tensor in given.items()}
    network.load_state_dict(floats, assign=True)
    network.requires_grad_(False)


def collect_tensors(generator: PretrainedGenerator) -> dict[str, Tensor]:
    """Inverse of :func:`load_tensors`, the statistics of W included."""
    info = generator.info
    tensors = dict(generator.state_dict())
    if info.w_statistics is not None:
        tensors[STATISTICS_PREFIX + "mean"] = info.w_statistics.mean
        tensors[STATISTICS_PREFIX + "covariance_factor"] = info.w_statistics.covariance_factor
    return tensors


def _statistics(tensors: dict[str, Tensor]) -> WStatistics | None:
    mean = tensors.get(STATISTICS_PREFIX + "mean")
    factor = tensors.get(STATISTICS_PREFIX + "covariance_factor")
    if mean is None or factor is None:
        return None
    return WStatistics(mean=mean.float(), covariance_factor=factor.float())
