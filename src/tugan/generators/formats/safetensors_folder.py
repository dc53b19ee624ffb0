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
MAX_CONFIG_BYTES = 1 << 20
HEAD_BYTES = 9


def looks_like_safetensors(head: bytes, size: int) -> bool:
    """Whether a file starts with the length of a JSON header and that header's brace."""
    return len(head) >= 9 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] <= size - 8


def read_folder(folder: Path) -> RawCheckpoint:
    """Read a folder with both files; CheckpointError, which lists what is there, if one lacks."""
    missing = [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        found = ", ".join(sorted(item.name for item in folder.iterdir())[:10]) or "nothing"
        raise CheckpointError(
            f"expected a folder with {CONFIG} and {WEIGHTS}, but {' and '.join(missing)} "
            f"is missing; it holds {found}. Name the file itself if the checkpoint is one file"
        )
    return read_weights(folder / WEIGHTS)


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
