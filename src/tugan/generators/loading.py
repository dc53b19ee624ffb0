"""One way in: a name, a folder or a checkpoint file to a frozen generator."""

from pathlib import Path
from typing import TypeVar

import torch
from pydantic import ValidationError
from torch import nn

from tugan.core.allocator import keep_freed_memory
from tugan.core.errors import CheckpointError
from tugan.core.input_file import read_input
from tugan.core.json_size import check_json_size
from tugan.generators.catalog import DEFAULT_MODEL, find_model
from tugan.generators.devices import resolve_device
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.detect import read_checkpoint
from tugan.generators.formats.inventory import inventory
from tugan.generators.formats.safetensors_folder import MAX_CONFIG_BYTES
from tugan.generators.model_config import CanonicalModel, ModelConfig
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.registry import families, family_named
from tugan.generators.staged_network import StagedNetwork

Network = TypeVar("Network")
_MAX_CONFIG_PARTS = 20_000

# what indexing, reshaping and multiplying tensors of unexpected shapes raises
_MISSHAPEN = (ValueError, IndexError, ArithmeticError, RuntimeError)


def load_generator(
    model: str | Path = DEFAULT_MODEL,
    *,
    device: str | torch.device = "auto",
    dtype: torch.dtype = torch.float32,
) -> PretrainedGenerator:
    """A frozen generator by catalogue name, or from a folder or checkpoint file.

    Our own folders, NVIDIA's PyTorch pickles and rosinality's ``.pt`` are told apart by content,
    and no byte of a file is executed. Raises :class:`UnknownModelError`,
    :class:`CheckpointError`, :class:`UnsafeCheckpointError` or :class:`DeviceError`.
    """
    keep_freed_memory()
    where = resolve_device(device)
    generator = build(read_model(find_model(model)))
    assert isinstance(generator, nn.Module)
    generator.to(device=where, dtype=dtype)
    if isinstance(generator, StagedNetwork):
        generator.lay_out_weights()
    return generator


def build(model: CanonicalModel) -> PretrainedGenerator:
    """The network of a model, on the CPU in float32."""
    family = family_named(model.config.family)
    try:
        return family.build(model)
    except CheckpointError as error:
        raise type(error)(f"{model.config.about.name}: {error}") from error
    except _MISSHAPEN as error:
        raise _misshapen(model.config.about.name, error) from error


def load_as(
    kind: type[Network], model: str | Path, *, device: str | torch.device, dtype: torch.dtype
) -> Network:
    """:func:`load_generator` for callers who want one family; ``TypeError`` if it is another."""
    generator = load_generator(model, device=device, dtype=dtype)
    if not isinstance(generator, kind):
        raise TypeError(f"{model} is a {generator.info.family}, expected a {kind.__name__}")
    return generator


def read_model(path: Path) -> CanonicalModel:
    """The model in a folder or file, in our own form.

    :class:`CheckpointError` says what was found instead.
    """
    raw = read_checkpoint(path)
    if raw.format == "safetensors":
        return _own_form(raw, path)
    adopted = _adopt(raw, path)
    if adopted is not None:
        return adopted
    known = ", ".join(family.name for family in families())
    raise CheckpointError(
        f"{path} is a {raw.format} file, but of no generator family known here ({known});"
        f" {inventory(raw)}"
    )


def _adopt(raw: RawCheckpoint, path: Path) -> CanonicalModel | None:
    try:
        for family in families():
            adopted = family.adopt(raw, name=path.stem)
            if adopted is not None:
                return adopted
    except CheckpointError as error:
        raise type(error)(f"{path}: {error}") from error
    except _MISSHAPEN as error:
        raise _misshapen(str(path), error) from error
    return None


def _misshapen(name: str, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{name} holds tensors whose shapes or values do not fit together: {error}"
    )


def read_config(folder: Path) -> ModelConfig:
    """The configuration of a model folder, without its tensors."""
    path = folder / "config.json"
    try:
        content = read_input(
            path, what="configuration", most_bytes=MAX_CONFIG_BYTES, error=CheckpointError
        )
        check_json_size(content, most_parts=_MAX_CONFIG_PARTS)
        return ModelConfig.model_validate_json(content)
    except CheckpointError:
        raise
    except ValidationError as error:
        raise _wrong_config(folder, error) from error
    except ValueError as error:
        raise CheckpointError(f"{path} is wrong: {error}") from error


def _own_form(raw: RawCheckpoint, path: Path) -> CanonicalModel:
    if not raw.config:
        raise CheckpointError(
            f"{path} has tensors but no config.json beside it, so its architecture is unknown:"
            " put the config.json that it was saved with into the same folder"
        )
    try:
        config = ModelConfig.model_validate(raw.config)
    except ValidationError as error:
        raise _wrong_config(path, error) from error
    folder = path if path.is_dir() else path.parent
    return CanonicalModel(config=config, tensors=dict(raw.tensors), folder=folder)


def _wrong_config(path: Path, error: ValidationError) -> CheckpointError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return CheckpointError(f"{path}: config.json is wrong at {place}: {first['msg']}")
