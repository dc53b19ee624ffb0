"""The photograph of a project, between its members in the file and what they stand for."""

import tempfile
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from tugan.inversion.photo_edit import PhotoEdit, PhotoEditParts, edit_of, parts_of
from tugan.inversion.photo_edit_file import load_photo_edit
from tugan.session.project_archive import ArchivedPhoto, is_archive
from tugan.session.project_errors import ProjectFileError

_EDIT_ALONE = "tugan_photo_edit"
"""What ``tugan invert`` writes has this in its header."""
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
        tensors = load(photo.tensors)
        text = photo.edit.decode()
    # what the parser raises on damaged bytes
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
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
    if is_archive(source):
        return None
    # the library reads headers from files alone
    with tempfile.NamedTemporaryFile(suffix=".tugan") as opened:
        opened.write(source)
        opened.flush()
        return photo_alone(Path(opened.name))


def is_photo_alone(path: Path) -> bool:
    """Is this what ``tugan invert`` writes: a photograph, not dragged yet?"""
    try:
        with safe_open(path, framework="pt") as opened:
            return _EDIT_ALONE in (opened.metadata() or {})
    except (SafetensorError, OSError):
        return False
