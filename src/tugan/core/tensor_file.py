"""Tensors to a safetensors file, with errors that callers know."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from tugan.core.errors import OutputError


def save_tensors(tensors: dict[str, Tensor], path: Path, *, metadata: dict[str, str]) -> None:
    """Write contiguous CPU tensors; :class:`OutputError` if the disk does not take them."""
    try:
        save_file(tensors, path, metadata=metadata)
    except SafetensorError as error:
        raise OutputError(f"cannot write the tensors: {error}; is the disk full?") from error
