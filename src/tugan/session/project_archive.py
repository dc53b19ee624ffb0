"""The zip that a project is: written in one go, and read without trusting it."""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from tugan.session.project_errors import ProjectFileError
from tugan.session.project_members import Rules, Source, read_members

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
    MANIFEST: 12 * MEBIBYTE,
    LATENTS: 64 * MEBIBYTE,
    THUMBNAIL: 4 * MEBIBYTE,
    _EDIT: MEBIBYTE // 16,
    _TENSORS: 256 * MEBIBYTE,
    _ORIGINAL: 256 * MEBIBYTE,
}
"""By the last part of the name."""
_LARGEST_MASK = 16 * MEBIBYTE
_NAME = re.compile(
    r"manifest\.json|latents\.safetensors|thumbnail\.png|mask-[0-9]{1,4}\.png"
    r"|(photo(-[0-9]{1,3})?|incoming)/(edit\.json|tensors\.safetensors|original)"
)
_PACKED = (MANIFEST, _EDIT)
_RULES = Rules(
    most_members=MAX_MEMBERS,
    most_packed_bytes=24 * MEBIBYTE,
    known=lambda name: _NAME.fullmatch(name) is not None,
    largest=lambda name: _LARGEST.get(_last(name), _LARGEST_MASK),
    packed=lambda name: _last(name) in _PACKED,
)
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


def read_archive(source: Source, *, name: str) -> ProjectArchive:
    """The members; :class:`ProjectFileError` for anything that no project has."""
    members = read_members(source, name=name, rules=_RULES)
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


def read_manifest(source: Source, *, name: str) -> bytes:
    """Only the manifest; :class:`ProjectFileError` if it cannot be read."""
    members = read_members(source, name=name, rules=_RULES, wanted=MANIFEST)
    return _required(members, MANIFEST, name=name)


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


def _last(name: str) -> str:
    return name.rsplit("/", maxsplit=1)[-1]


def _required(members: Mapping[str, bytes], member: str, *, name: str) -> bytes:
    if member not in members:
        raise ProjectFileError(f"{name} is not a tugan project: it lacks {member}")
    return members[member]
