"""The zip that a project is: written in one go, and read without trusting it."""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tugan.session.project_errors import ProjectFileError

MANIFEST = "manifest.json"
LATENTS = "latents.safetensors"
THUMBNAIL = "thumbnail.png"
_EDIT, _TENSORS, _ORIGINAL = "edit.json", "tensors.safetensors", "original"
FIRST_PHOTO = "photo"
INCOMING = "incoming"
"""Folder of a photograph that was still being brought in."""
PHOTO_EDIT = f"{FIRST_PHOTO}/{_EDIT}"
PHOTO_TENSORS = f"{FIRST_PHOTO}/{_TENSORS}"
PHOTO_ORIGINAL = f"{FIRST_PHOTO}/{_ORIGINAL}"

MEBIBYTE = 1 << 20
MAX_FILE_BYTES = 512 * MEBIBYTE
MAX_MEMBERS = 2048
_LARGEST: Mapping[str, int] = {
    MANIFEST: 32 * MEBIBYTE,
    LATENTS: MAX_FILE_BYTES,
    THUMBNAIL: 4 * MEBIBYTE,
    _EDIT: MEBIBYTE,
    _TENSORS: 256 * MEBIBYTE,
    _ORIGINAL: 256 * MEBIBYTE,
}
"""By the last part of the name."""
_LARGEST_MASK = 16 * MEBIBYTE
_MAX_UNPACKED_BYTES = MAX_FILE_BYTES + 128 * MEBIBYTE
_NAME = re.compile(
    r"manifest\.json|latents\.safetensors|thumbnail\.png|mask-\d{1,4}\.png"
    r"|(photo(-\d{1,3})?|incoming)/(edit\.json|tensors\.safetensors|original)"
)
_PLAIN = {LATENTS: "latents", _TENSORS: "tensors"}
_ENCRYPTED = 0x1
_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True, kw_only=True)
class ArchivedPhoto:
    """The members of a project that are its photograph's."""

    edit: bytes = field(repr=False)
    """JSON."""
    tensors: bytes = field(repr=False)
    """Safetensors."""
    original: bytes | None = field(repr=False)
    """A file of the photograph's picture, without its place; None if only its name was kept."""


@dataclass(frozen=True, kw_only=True)
class ProjectArchive:
    """The members of a project."""

    manifest: bytes = field(repr=False)
    latents: bytes = field(repr=False)
    masks: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """PNG files by their names in the archive."""
    thumbnail: bytes | None = field(default=None, repr=False)
    photos: Mapping[str, ArchivedPhoto] = field(default_factory=dict, repr=False)
    """By their folders in the archive."""
    incoming: ArchivedPhoto | None = field(default=None, repr=False)
    """One that was still being brought in."""

    def to_bytes(self) -> bytes:
        """As a zip; the same members give the same bytes."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            _add(archive, MANIFEST, self.manifest, compress=True)
            _add(archive, LATENTS, self.latents, compress=False)
            for name, content in self.masks.items():
                _add(archive, name, content, compress=False)
            if self.thumbnail is not None:
                _add(archive, THUMBNAIL, self.thumbnail, compress=False)
            for folder, photo in self.photos.items():
                _add_photo(archive, folder, photo)
            if self.incoming is not None:
                _add_photo(archive, INCOMING, self.incoming)
        return target.getvalue()


def mask_name(index: int) -> str:
    """Of the mask number ``index``."""
    return f"mask-{index}.png"


def photo_folder(index: int) -> str:
    """Of the photograph number ``index``."""
    return f"{FIRST_PHOTO}-{index}" if index else FIRST_PHOTO


def is_archive(head: bytes) -> bool:
    """Do these first bytes begin a zip?"""
    return head.startswith(_MAGIC)


def read_archive(content: bytes, *, name: str) -> ProjectArchive:
    """The members; :class:`ProjectFileError` for anything that no project has."""
    members = _read_members(content, name=name, wanted=None)
    masks = {key: value for key, value in members.items() if key.startswith("mask-")}
    photos = _photos_of(members, name=name)
    incoming = photos.pop(INCOMING, None)
    return ProjectArchive(
        manifest=_required(members, MANIFEST, name=name),
        latents=_required(members, LATENTS, name=name),
        masks=masks,
        thumbnail=members.get(THUMBNAIL),
        photos=photos,
        incoming=incoming,
    )


def read_manifest(path: Path) -> bytes:
    """Only the manifest; :class:`ProjectFileError` or ``OSError`` if it cannot be read."""
    with path.open("rb") as opened:
        members = _read_members(opened, name=path.name, wanted=MANIFEST)
    return _required(members, MANIFEST, name=path.name)


def _add(archive: zipfile.ZipFile, name: str, content: bytes, *, compress: bool) -> None:
    member = zipfile.ZipInfo(name)  # of 1980: no clock in the file
    member.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    member.external_attr = 0o644 << 16
    archive.writestr(member, content)


def _add_photo(archive: zipfile.ZipFile, folder: str, photo: ArchivedPhoto) -> None:
    _add(archive, f"{folder}/{_EDIT}", photo.edit, compress=True)
    _add(archive, f"{folder}/{_TENSORS}", photo.tensors, compress=False)
    if photo.original is not None:
        _add(archive, f"{folder}/{_ORIGINAL}", photo.original, compress=False)


def _photos_of(members: Mapping[str, bytes], *, name: str) -> dict[str, ArchivedPhoto]:
    """:class:`ProjectFileError` if there is only some of one."""
    folders = sorted({member.split("/")[0] for member in members if "/" in member})
    return {
        folder: ArchivedPhoto(
            edit=_required(members, f"{folder}/{_EDIT}", name=name),
            tensors=_required(members, f"{folder}/{_TENSORS}", name=name),
            original=members.get(f"{folder}/{_ORIGINAL}"),
        )
        for folder in folders
    }


def _read_members(
    source: bytes | io.BufferedReader, *, name: str, wanted: str | None
) -> dict[str, bytes]:
    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with zipfile.ZipFile(opened) as archive:
            _check_directory(archive.infolist(), name=name)
            return {
                member.filename: archive.read(member)
                for member in archive.infolist()
                if wanted is None or member.filename == wanted
            }
    # what zipfile raises on damaged archives
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        UnicodeDecodeError,
        OverflowError,
    ) as error:
        raise ProjectFileError(f"{name} is not a tugan project: {error}") from error


def _check_directory(members: list[zipfile.ZipInfo], *, name: str) -> None:
    """Before anything is unpacked."""
    if len(members) > MAX_MEMBERS:
        raise ProjectFileError(
            f"{name} holds {len(members)} files; a project has at most {MAX_MEMBERS}"
        )
    seen: set[str] = set()
    for member in members:
        called = member.filename
        if not _NAME.fullmatch(called):
            raise ProjectFileError(f"{name} holds a file {called!r:.100}, which no project has")
        if called in seen:
            raise ProjectFileError(f"{name} holds {called} twice")
        seen.add(called)
        if member.flag_bits & _ENCRYPTED:
            raise ProjectFileError(f"{name} is encrypted: tugan projects are not")
        part = called.split("/")[-1]
        if member.file_size > _LARGEST.get(part, _LARGEST_MASK):
            raise ProjectFileError(
                f"{name} is too large: {called} would unpack to {member.file_size} bytes"
            )
        if part in _PLAIN and member.compress_type != zipfile.ZIP_STORED:
            raise ProjectFileError(
                f"{name} has packed {_PLAIN[part]}; tugan projects store them plainly"
            )
    if sum(member.file_size for member in members) > _MAX_UNPACKED_BYTES:
        raise ProjectFileError(f"{name} is too large: it would unpack to more than 640 MiB")


def _required(members: Mapping[str, bytes], member: str, *, name: str) -> bytes:
    if member not in members:
        raise ProjectFileError(f"{name} is not a tugan project: it lacks {member}")
    return members[member]
