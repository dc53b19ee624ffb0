"""Tensors to a safetensors file and from its bytes, with errors that callers know."""

import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from tugan.core.errors import OutputError, TuganError
from tugan.core.json_size import check_json_size

MAX_TENSORS = 20_000
_MAX_HEADER_BYTES = 4 << 20
_PARTS_A_TENSOR = 12
_LENGTH_BYTES = 8


class TensorFileError(TuganError):
    """Bytes that are no safetensors file of a reasonable size."""


def save_tensors(tensors: dict[str, Tensor], path: Path, *, metadata: dict[str, str]) -> None:
    """Write contiguous CPU tensors; :class:`OutputError` if the disk does not take them."""
    try:
        save_file(tensors, path, metadata=metadata)
    except SafetensorError as error:
        raise OutputError(f"cannot write the tensors: {error}; is the disk full?") from error


def load_tensors(content: bytes) -> dict[str, Tensor]:
    """All tensors, on the CPU; :class:`TensorFileError` says what is wrong with the bytes."""
    metadata_of(content)  # its header is of a reasonable size
    try:
        return load(content)
    # what the parser raises on damaged bytes, and what making a tensor of an unknown kind does
    except (SafetensorError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise TensorFileError(f"they are no safetensors file: {error}") from error


def metadata_of(content: bytes) -> dict[str, str]:
    """The header's own strings, which the library reads from files alone.

    Only the beginning of the file is needed, as much as its header takes.
    :class:`TensorFileError` if that is damaged, or larger than there ever was one.
    """
    length = header_bytes(content[:_LENGTH_BYTES])
    header = content[_LENGTH_BYTES:length]
    try:
        if len(header) < length - _LENGTH_BYTES:
            raise ValueError("its header is cut short")
        check_json_size(header, most_parts=_PARTS_A_TENSOR * MAX_TENSORS)
        parsed = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise TensorFileError(f"they are no safetensors file: {error}") from error
    if not isinstance(parsed, dict) or len(parsed) > MAX_TENSORS:
        raise TensorFileError(f"they are no safetensors file of at most {MAX_TENSORS} tensors")
    metadata = parsed.get("__metadata__")
    if not isinstance(metadata, dict):
        return {}
    return {key: value for key, value in metadata.items() if isinstance(value, str)}


def header_bytes(beginning: bytes) -> int:
    """So many bytes at the beginning of the file are its header; its first eight say so."""
    if len(beginning) < _LENGTH_BYTES:
        raise TensorFileError("they are no safetensors file: they are cut short")
    length = int.from_bytes(beginning[:_LENGTH_BYTES], "little")
    if length > _MAX_HEADER_BYTES:
        raise TensorFileError("they are no safetensors file: its header would be far too long")
    return _LENGTH_BYTES + length
