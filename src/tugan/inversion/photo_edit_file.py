"""An edited photograph in a file of its own: safetensors, with the photograph's bytes inside."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tugan.core.atomic_write import atomic_path
from tugan.core.errors import TuganError
from tugan.core.grad_mode import in_ordinary_mode
from tugan.core.input_file import check_input, opened_input
from tugan.core.tensor_file import (
    TensorFileError,
    header_bytes,
    load_tensors,
    metadata_of,
    save_tensors,
)
from tugan.inversion.photo_edit import (
    PhotoEdit,
    PhotoEditError,
    PhotoEditParts,
    edit_of,
    parts_of,
)

MAX_BYTES = 1 << 30
"""A photograph of 256 MB, and what a stopped tuning of a large model keeps."""
_HEADER, _PHOTO = "tugan_photo_edit", "photo"


def save_photo_edit(path: Path, edit: PhotoEdit) -> None:
    """Write whole or not at all; :class:`OutputError` if it cannot be."""
    parts = parts_of(edit)
    tensors = dict(parts.tensors)
    if parts.photo is not None:
        tensors[_PHOTO] = torch.from_numpy(np.frombuffer(parts.photo, dtype=np.uint8).copy())
    with atomic_path(path, synced=True) as temporary:
        save_tensors(tensors, temporary, metadata={_HEADER: parts.header_json})


@in_ordinary_mode
def load_photo_edit(path: Path) -> PhotoEdit:
    """Inverse of :func:`save_photo_edit`; :class:`PhotoEditError` says what is wrong.

    A photograph of which only the name was kept is looked for beside the file, and nowhere else.
    """
    check_input(path, what="file", most_bytes=MAX_BYTES, error=PhotoEditError)
    try:
        metadata = _metadata_in(path)  # its header is of a reasonable size
        with safe_open(path, framework="pt") as opened:
            # cloned: the library's tensors are windows onto the file, which may be overwritten
            tensors = {name: opened.get_tensor(name).clone() for name in opened.keys()}  # noqa: SIM118
    # what the library raises on damaged files, and on tensors of a kind that it does not know
    except (
        TensorFileError,
        SafetensorError,
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
        TypeError,
    ) as error:
        raise PhotoEditError(f"{path} is not an inverted photograph: {error}") from error
    edit = _assembled(metadata, tensors, name=str(path))
    return replace(edit, source=edit.source.beside(path))


def photo_edit_of(content: bytes, *, name: str) -> PhotoEdit:
    """Of what is in such a file; :class:`PhotoEditError` says what is wrong with it."""
    try:
        return _assembled(metadata_of(content), load_tensors(content), name=name)
    except TensorFileError as error:
        raise PhotoEditError(f"{name} is not an inverted photograph: {error}") from error


def is_photo_edit(path: Path) -> bool:
    """Is this a file that :func:`save_photo_edit` wrote?"""
    try:
        return _HEADER in _metadata_in(path)
    except TuganError:
        return False


def holds_photo_edit(content: bytes) -> bool:
    """Is this the content of such a file?"""
    try:
        return _HEADER in metadata_of(content)
    except TensorFileError:
        return False


def _metadata_in(path: Path) -> dict[str, str]:
    with opened_input(path, what="file", most_bytes=MAX_BYTES, error=PhotoEditError) as opened:
        beginning = opened.read(8)
        return metadata_of(beginning + opened.read(header_bytes(beginning) - len(beginning)))


def _assembled(metadata: dict[str, str], tensors: dict[str, Tensor], *, name: str) -> PhotoEdit:
    if _HEADER not in metadata:
        raise PhotoEditError(f"{name} holds tensors but no inverted photograph")
    photo = tensors.pop(_PHOTO, None)
    if photo is not None and photo.dtype != torch.uint8:
        raise PhotoEditError(f"{name} is damaged: its photograph is not of bytes")
    content = None if photo is None else photo.numpy().tobytes()
    return edit_of(PhotoEditParts(header_json=metadata[_HEADER], tensors=tensors, photo=content))
