"""One way in: a name, a folder or a checkpoint file to a frozen generator."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import torch
from pydantic import ValidationError
from torch import nn

from tugan.core.allocator import keep_freed_memory
from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.core.grad_mode import in_ordinary_mode
from tugan.core.input_file import read_input
from tugan.core.json_size import check_json_size
from tugan.core.text_file import TextFileError, parsed_json
from tugan.generators.catalog import DEFAULT_MODEL, find_model
from tugan.generators.devices import resolve_device
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.detect import read_checkpoint
from tugan.generators.formats.flatten import unread
from tugan.generators.formats.inventory import inventory, way_out
from tugan.generators.formats.safetensors_folder import MAX_CONFIG_BYTES
from tugan.generators.formats.wrapper_names import without_wrappers
from tugan.generators.model_config import CanonicalModel, ModelConfig
from tugan.generators.prefixes import GENERATOR_PARTS, prefix_of_known
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.registry import FAMILIES, Family, families, family_named
from tugan.generators.staged_network import StagedNetwork

Network = TypeVar("Network")
_MAX_CONFIG_PARTS = 20_000

MAX_TOLD = 8
"""A discriminator of foreign layers may have hundreds."""
OWN_NAMES = frozenset({"w_mean", "const", "input.transform"})
"""Tensors that models in our own form have, and foreign ones under other names."""
# what indexing, reshaping and multiplying tensors of unexpected shapes raises
_MISSHAPEN = (ValueError, IndexError, ArithmeticError, RuntimeError)


@in_ordinary_mode
def load_generator(
    model: str | Path = DEFAULT_MODEL,
    *,
    device: str | torch.device = "auto",
    dtype: torch.dtype = torch.float32,
) -> PretrainedGenerator:
    """A frozen generator by catalogue name, or from a folder or checkpoint file.

    Our own folders, NVIDIA's pickles, and state dicts in NVIDIA's or rosinality's names, by
    torch.save or as safetensors, are told apart by content, and no byte of a file is executed.
    Raises :class:`UnknownModelError`, :class:`CheckpointError`, :class:`UnsafeCheckpointError` or
    :class:`DeviceError`.
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
    plain = without_wrappers(raw)
    adopted = _adopt(plain, path, FAMILIES)  # our own form has none of the foreign names
    if adopted is None and raw.config:
        return _own_form(raw, path)
    if adopted is None:
        adopted = _adopt(plain, path, families())
    if adopted is None:
        raise _of_no_family(raw, path)
    _check_whole(plain, path)
    return with_left_out(adopted, raw)


def _of_no_family(raw: RawCheckpoint, path: Path) -> CheckpointError:
    if raw.format == "safetensors" and OWN_NAMES & raw.tensors.keys():
        return CheckpointError(
            f"{path} has tensors in our own names but no config.json beside it, so its"
            " architecture is unknown: put the config.json that it was saved with into the same"
            " folder"
        )
    known = ", ".join(family.name for family in families())
    alone = " with no config.json beside it" if raw.format == "safetensors" else ""
    return CheckpointError(
        f"{path} is a {raw.format} file{alone}, but of no generator family known here ({known});"
        f" {inventory(raw)}. {_told_left_out(raw)}{way_out(raw)}"
    )


def _check_whole(raw: RawCheckpoint, path: Path) -> None:
    """:class:`UnsafeCheckpointError` if what was left out is of the generator that was read."""
    prefix = prefix_of_known(raw.tensors)
    for name, kind in raw.left_out.items():
        inside = prefix is not None and name.startswith(prefix)
        if inside and name.removeprefix(prefix or "").partition(".")[0] in GENERATOR_PARTS:
            raise UnsafeCheckpointError(f"{path}: {unread(name, kind)}")


def _told_left_out(raw: RawCheckpoint) -> str:
    if not raw.left_out:
        return ""
    return (
        f"Objects of classes that are not known here were not read: {_listed(raw)}; if one of them"
        " is the generator, save its state_dict instead. "
    )


def _listed(raw: RawCheckpoint) -> str:
    parts = [f"{name} ({kind})" for name, kind in raw.left_out.items()]
    return ", ".join(parts[:MAX_TOLD]) + (" ..." if len(parts) > MAX_TOLD else "")


def with_left_out(model: CanonicalModel, raw: RawCheckpoint) -> CanonicalModel:
    """The model with a note of what else was in its file and was not read."""
    if not raw.left_out:
        return model
    told = f"Left out unread, being of classes that are not known here: {_listed(raw)}."
    about = model.config.about
    about = about.model_copy(update={"notes": f"{about.notes} {told}".strip()})
    return replace(model, config=model.config.model_copy(update={"about": about}))


def _adopt(raw: RawCheckpoint, path: Path, candidates: Iterable[Family]) -> CanonicalModel | None:
    try:
        for family in candidates:
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
        return ModelConfig.model_validate(parsed_json(content))
    except CheckpointError:
        raise
    except TextFileError as error:
        raise CheckpointError(f"cannot read {path}: {error}") from error
    except ValidationError as error:
        raise _wrong_config(folder, error) from error
    except ValueError as error:
        raise CheckpointError(f"{path} is wrong: {error}") from error


def _own_form(raw: RawCheckpoint, path: Path) -> CanonicalModel:
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
