"""An edited photograph in a file of its own: safetensors, with the photograph's bytes inside."""

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from tugan.core.atomic_write import atomic_path
from tugan.core.grad_mode import in_ordinary_mode
from tugan.core.tensor_file import save_tensors
from tugan.inversion.photo_edit import (
    PhotoEdit,
    PhotoEditError,
    PhotoEditParts,
    edit_of,
    parts_of,
)

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
    """Inverse of :func:`save_photo_edit`; :class:`PhotoEditError` says what is wrong."""
    if not path.is_file():
        raise PhotoEditError(f"there is no file {path}")
    try:
        with safe_open(path, framework="pt") as opened:
            metadata = opened.metadata() or {}
            # cloned: the library's tensors are windows onto the file, which may be overwritten
            tensors = {name: opened.get_tensor(name).clone() for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise PhotoEditError(f"{path} is not an inverted photograph: {error}") from error
    if _HEADER not in metadata:
        raise PhotoEditError(f"{path} holds tensors but no inverted photograph")
    photo = tensors.pop(_PHOTO, None)
    content = None if photo is None else photo.to(torch.uint8).numpy().tobytes()
    return edit_of(PhotoEditParts(header_json=metadata[_HEADER], tensors=tensors, photo=content))
