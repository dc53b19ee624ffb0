"""Projects: a history in one file, and what the command line needs of it, the last drag.

The file is a zip of a JSON manifest, safetensors and PNG masks; reading it runs nothing. Files of
older versions, one drag as safetensors, are read too.
"""

from pathlib import Path

from tugan.core.atomic_write import atomic_path
from tugan.core.images import RgbArray
from tugan.inversion.photo_edit import PhotoEdit, PhotoEditError
from tugan.session.history import History
from tugan.session.legacy_project import read_legacy
from tugan.session.model_reference import ModelReference as ModelReference
from tugan.session.project import Project as Project
from tugan.session.project import ProjectHeader as ProjectHeader
from tugan.session.project import check_model as check_model
from tugan.session.project_archive import MAX_FILE_BYTES, is_archive, read_archive
from tugan.session.project_drag import history_of_project, project_of_history
from tugan.session.project_errors import ProjectFileError as ProjectFileError
from tugan.session.project_photo import photo_of
from tugan.session.project_reader import history_of
from tugan.session.project_writer import archive_of


def save_project(path: Path, project: Project) -> None:
    """Write a drag as a project of two entries, its start and its end, whole or not at all."""
    _write(path, archive_of(history_of_project(project)).to_bytes())


def load_project(path: Path) -> Project:
    """The last drag of a project's current entry; without one, the drag that its points ask for.

    :class:`ProjectFileError` says what is wrong with the file.
    """
    content = _content_of(path)
    if not is_archive(content):
        return read_legacy(content, name=str(path))
    return project_of_history(history_of(read_archive(content, name=str(path)), name=str(path)))


def read_history(source: Path | bytes) -> History:
    """The history in a project, of any version; :class:`ProjectFileError` if it is none."""
    name = str(source) if isinstance(source, Path) else "the file"
    content = _content_of(source) if isinstance(source, Path) else source
    if is_archive(content):
        return history_of(read_archive(content, name=name), name=name)
    return history_of_project(read_legacy(content, name=name))


def read_incoming(source: Path | bytes) -> PhotoEdit | None:
    """The photograph that was still being brought in; :class:`ProjectFileError` if damaged."""
    name = str(source) if isinstance(source, Path) else "the file"
    content = _content_of(source) if isinstance(source, Path) else source
    if not is_archive(content):
        return None
    incoming = read_archive(content, name=name).incoming
    if incoming is None:
        return None
    try:
        return photo_of(incoming, name=name)
    except PhotoEditError as error:
        raise ProjectFileError(f"{name} is damaged: {error}") from error


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


def _content_of(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ProjectFileError(f"there is no project file {path}")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ProjectFileError(
                f"{path} is {size >> 20} MiB; a project has at most {MAX_FILE_BYTES >> 20} MiB"
            )
        return path.read_bytes()
    except OSError as error:
        raise ProjectFileError(f"{path} cannot be read: {error.strerror or error}") from error
