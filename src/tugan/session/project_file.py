"""Projects: a history in one file, and what the command line needs of it, the last drag.

The file is a zip of a JSON manifest, safetensors and PNG masks; reading it runs nothing. Files of
older versions, one drag as safetensors, are read too.
"""

import io
from dataclasses import dataclass, replace
from pathlib import Path

from tugan.core.atomic_write import atomic_path
from tugan.core.images import RgbArray
from tugan.core.input_file import opened_input
from tugan.inversion.photo_edit import PhotoEdit, PhotoEditError
from tugan.session.history import History
from tugan.session.legacy_project import MAX_BYTES as MAX_LEGACY_BYTES
from tugan.session.legacy_project import read_legacy
from tugan.session.model_reference import ModelReference as ModelReference
from tugan.session.project import Project as Project
from tugan.session.project import ProjectHeader as ProjectHeader
from tugan.session.project import check_model as check_model
from tugan.session.project_archive import (
    MAX_FILE_BYTES,
    ProjectArchive,
    is_archive,
    read_archive,
)
from tugan.session.project_drag import history_of_project, project_of_history
from tugan.session.project_errors import ProjectFileError as ProjectFileError
from tugan.session.project_photo import photo_of
from tugan.session.project_reader import history_of
from tugan.session.project_writer import archive_of


def save_project(path: Path, project: Project) -> None:
    """Write a drag as a project of two entries, its start and its end, whole or not at all."""
    _write(path, archive_of(history_of_project(project)).to_bytes())


@dataclass(frozen=True, kw_only=True)
class SavedWork:
    """All that a project holds."""

    history: History
    incoming: PhotoEdit | None = None
    """A photograph that was still being brought in."""


def load_project(path: Path) -> Project:
    """The last drag of a project's current entry; without one, the drag that its points ask for.

    A photograph of which only the name was kept is looked for beside the file, and nowhere else.
    :class:`ProjectFileError` says what is wrong with the file.
    """
    found = _contents_of(path)
    if isinstance(found, bytes):
        return read_legacy(found, name=str(path))
    project = project_of_history(history_of(found, name=str(path)))
    if project.photo is None:
        return project
    source = project.photo.source.beside(path)
    return replace(project, photo=replace(project.photo, source=source))


def read_work(source: Path | bytes) -> SavedWork:
    """What is in a project, of any version; :class:`ProjectFileError` if it is none."""
    name = _name_of(source)
    found = _contents_of(source)
    if isinstance(found, bytes):
        return SavedWork(history=history_of_project(read_legacy(found, name=name)))
    history = history_of(found, name=name)
    if found.incoming is None:
        return SavedWork(history=history)
    try:
        return SavedWork(history=history, incoming=photo_of(found.incoming, name=name))
    except PhotoEditError as error:
        raise ProjectFileError(f"{name} is damaged: {error}") from error


def read_history(source: Path | bytes) -> History:
    """The history alone; :class:`ProjectFileError` as :func:`read_work`."""
    return read_work(source).history


def write_history(
    path: Path,
    history: History,
    *,
    lean: bool = False,
    thumbnail: RgbArray | None = None,
    incoming: PhotoEdit | None = None,
    private: bool = False,
) -> None:
    """Write a history, whole or not at all, so that it is there after a loss of power.

    :class:`OutputError` if the disk does not take it. ``lean`` leaves the trails of old entries
    out: animations of them cannot be made afterwards. A ``private`` file is the user's alone.
    """
    content = history_bytes(history, lean=lean, thumbnail=thumbnail, incoming=incoming)
    _write(path, content, private=private)


def history_bytes(
    history: History,
    *,
    lean: bool = False,
    thumbnail: RgbArray | None = None,
    incoming: PhotoEdit | None = None,
) -> bytes:
    """What :func:`write_history` writes."""
    archive = archive_of(history, lean=lean, thumbnail=thumbnail, incoming=incoming)
    return archive.to_bytes()


def _write(path: Path, content: bytes, *, private: bool = False) -> None:
    with atomic_path(path, private=private, synced=True) as temporary:
        temporary.write_bytes(content)


def _name_of(source: Path | bytes) -> str:
    return str(source) if isinstance(source, Path) else "the file"


def _contents_of(source: Path | bytes) -> ProjectArchive | bytes:
    """The members of a project, or the content of one of an older version."""
    name = _name_of(source)
    if isinstance(source, bytes):
        return read_archive(source, name=name) if is_archive(source) else _legacy(source, name)
    try:
        with opened_input(
            source, what="project file", most_bytes=MAX_FILE_BYTES, error=ProjectFileError
        ) as opened:
            return _read(opened, name)
    except OSError as error:
        raise ProjectFileError(f"{name} cannot be read: {error.strerror or error}") from error


def _read(opened: io.BufferedReader, name: str) -> ProjectArchive | bytes:
    head = opened.read(8)
    if is_archive(head):
        return read_archive(opened, name=name)
    return _legacy(head + opened.read(MAX_LEGACY_BYTES), name)


def _legacy(content: bytes, name: str) -> bytes:
    if len(content) > MAX_LEGACY_BYTES:
        raise ProjectFileError(f"{name} is not a tugan project: it is no zip, and far too large")
    return content
