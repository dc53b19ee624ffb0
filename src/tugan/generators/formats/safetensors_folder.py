"""Our own form of a checkpoint: model.safetensors with config.json beside it."""

import os
import struct
from pathlib import Path

from tugan.core.errors import CheckpointError
from tugan.core.text_file import TextFileError, parsed_json
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.safetensors_file import read_safetensors

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
DIFFUSERS = "model_index.json"
SHARDS = ".safetensors.index.json"
_CHECKPOINTS = (".safetensors", ".pkl", ".pt", ".pth", ".ckpt", ".bin")
MAX_CONFIG_BYTES = 1 << 20
HEAD_BYTES = 9


def looks_like_safetensors(head: bytes, size: int) -> bool:
    """Whether a file starts with the length of a JSON header and that header's brace."""
    return len(head) >= 9 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] <= size - 8


def read_folder(folder: Path) -> RawCheckpoint:
    """Read the weights of a folder; CheckpointError, which lists what is there, if they lack.

    Without config.json they may still be known by their names.
    """
    if not (folder / WEIGHTS).is_file():
        raise CheckpointError(_without_weights(folder))
    return read_weights(folder / WEIGHTS)


def _without_weights(folder: Path) -> str:
    names = sorted(item.name for item in folder.iterdir())
    if DIFFUSERS in names:
        return (
            f"this is a folder of diffusers ({DIFFUSERS}), a diffusion model: only generators of"
            " the StyleGAN family are dragged; get one with tugan models list"
        )
    if any(name.endswith(SHARDS) for name in names):
        return "its weights are in several safetensors files: save them again as one"
    missing = [name for name in (CONFIG, WEIGHTS) if name not in names]
    likely = [name for name in names if name.endswith(_CHECKPOINTS)]
    found = ", ".join(names[:10]) or "nothing"
    return (
        f"expected a folder with {CONFIG} and {WEIGHTS}, but {' and '.join(missing)} is missing; "
        f"it holds {found}. Name the file itself if the checkpoint is one file"
        + (f", as {folder / likely[0]}" if likely else "")
    )


def read_weights(path: Path) -> RawCheckpoint:
    """Read a safetensors file; its config is config.json beside it, else its own metadata's."""
    with path.open("rb") as file:
        head, size = file.read(HEAD_BYTES), os.fstat(file.fileno()).st_size
        if not looks_like_safetensors(head, size):
            raise CheckpointError(
                f"expected {path.name} to be a safetensors file; its first bytes are {head!r}: "
                "it is damaged or its download was cut short, fetch it again"
            )
        tensors, own_config = read_safetensors(file, size)
    config = _config_beside(path)
    if config is None:
        config = _parsed(own_config or "{}", "the file's metadata")
    return RawCheckpoint(
        format="safetensors",
        tensors=tensors,
        attributes={},
        config=config,
    )


def _config_beside(path: Path) -> dict[str, object] | None:
    beside = path.parent / CONFIG
    if not beside.is_file():
        return None
    with beside.open("rb") as file:
        data = file.read(MAX_CONFIG_BYTES + 1)
    if len(data) > MAX_CONFIG_BYTES:
        raise CheckpointError(f"expected {CONFIG} to be at most {MAX_CONFIG_BYTES} bytes")
    return _parsed(data, CONFIG)


def _parsed(text: str | bytes, where: str) -> dict[str, object]:
    try:
        config: object = parsed_json(text.encode() if isinstance(text, str) else text)
    except TextFileError as error:
        raise CheckpointError(f"expected {where} to hold JSON: {error}") from error
    if not isinstance(config, dict):
        raise CheckpointError(
            f"expected {where} to hold a JSON object, found {type(config).__name__}"
        )
    return config
