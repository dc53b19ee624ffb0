"""The photograph of a project, between its members in the file and what they stand for."""

from pathlib import Path

import torch
from safetensors.torch import save

from tugan.core.tensor_file import TensorFileError, load_tensors
from tugan.inversion.photo_edit import PhotoEdit, PhotoEditParts, edit_of, parts_of
from tugan.inversion.photo_edit_file import (
    holds_photo_edit,
    is_photo_edit,
    load_photo_edit,
    photo_edit_of,
)
from tugan.session.project_archive import ArchivedPhoto, is_archive
from tugan.session.project_errors import ProjectFileError

_FLOATS = (torch.float16, torch.bfloat16, torch.float32)


def archived_photo(edit: PhotoEdit) -> ArchivedPhoto:
    """For the file."""
    parts = parts_of(edit)
    return ArchivedPhoto(
        edit=parts.header_json.encode(), tensors=save(parts.tensors), original=parts.photo
    )


def photo_of(photo: ArchivedPhoto, *, name: str) -> PhotoEdit:
    """Inverse of :func:`archived_photo`; ``TuganError`` says what is wrong with it."""
    try:
        tensors = load_tensors(photo.tensors)
        text = photo.edit.decode()
    except (TensorFileError, UnicodeDecodeError) as error:
        raise ProjectFileError(f"{name} has a photograph that cannot be read: {error}") from error
    floats = {key: one for key, one in tensors.items() if one.dtype in _FLOATS}
    if len(floats) < len(tensors):
        wrong = min(tensors.keys() - floats.keys())
        raise ProjectFileError(f"{name} is damaged: {wrong} of its photograph is not of floats")
    return edit_of(PhotoEditParts(header_json=text, tensors=floats, photo=photo.original))


def photo_alone(source: Path | bytes) -> PhotoEdit | None:
    """What ``tugan invert`` wrote; None if it is another file.

    :class:`PhotoEditError` if it is one that is damaged.
    """
    if isinstance(source, Path):
        return load_photo_edit(source) if is_photo_alone(source) else None
    if is_archive(source) or not holds_photo_edit(source):
        return None
    return photo_edit_of(source, name="the file")


def is_photo_alone(path: Path) -> bool:
    """Is this what ``tugan invert`` writes: a photograph, not dragged yet?"""
    return is_photo_edit(path)
