"""The photograph that an edit is of, and what of its file is kept."""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath

from tugan.core.errors import OutputError, TuganError
from tugan.core.input_file import read_input
from tugan.render.photo_file import (
    MAX_PHOTO_BYTES,
    Photo,
    PhotoError,
    PhotoTooLargeError,
    decode_photo,
)
from tugan.render.photo_without_place import without_place


class PhotoEditError(TuganError):
    """Parts that do not make up an edited photograph, or a photograph that is gone."""


@dataclass(frozen=True, kw_only=True)
class PhotoSource:
    """A photograph, and how to know it again."""

    name: str
    """For people. It may come from a stranger's file, and is never opened."""
    sha256: str
    """Of the file as it was given."""
    content: bytes | None = field(default=None, repr=False)
    """None if only the name is kept."""
    kept_sha256: str | None = None
    """Of ``content``, where that is not the file as it was given."""
    place: Path | None = None
    """Where the file is looked for if its bytes were not kept; None is nowhere."""

    @classmethod
    def of(
        cls, content: bytes, *, name: str, keep: bool = True, decoded: Photo | None = None
    ) -> "PhotoSource":
        """``keep`` makes it independent of the file; its picture is kept, and no place or texts.

        ``decoded`` spares the reading, if it was read already. :class:`PhotoError` if it cannot be.
        """
        if not keep:
            return cls(name=name, sha256=_digest(content), place=Path(name).resolve())
        given = cls(name=name, sha256=_digest(content), content=content)
        return given._stripped(decoded)

    def beside(self, project: Path) -> "PhotoSource":
        """To be looked for in the folder of its project, whatever folder its name speaks of."""
        name = PureWindowsPath(PurePosixPath(self.name).name).name
        if self.content is not None or name in ("", ".", ".."):
            return self
        return replace(self, place=project.absolute().parent / name)

    @cached_property
    def for_files(self) -> "PhotoSource":
        """As it may leave the program: one of a hand or of an older file may have a place.

        What is damaged, or another by now, is left out: it could not be read again.
        :class:`OutputError` if what is left would be too large.
        """
        if self.content is None:
            return self
        if not self._is_whole(self.content):
            return replace(self, content=None, kept_sha256=None)
        try:
            return self._stripped(None)
        except PhotoTooLargeError as error:
            raise OutputError(f"cannot write the photograph {self.name}: {error}") from error
        except PhotoError:
            return replace(self, content=None, kept_sha256=None)

    def read(self) -> Photo:
        """The photograph; :class:`PhotoEditError` if it is gone or another by now."""
        if self.content is not None:
            if not self._is_whole(self.content):
                raise PhotoEditError(
                    f"the photograph {self.name} is not the one that was inverted: its content"
                    " changed"
                )
            return decode_photo(self.content, name=self.name)
        content = self._content_of_place()
        # before anything is decoded, or told of what is in it
        if _digest(content) != self.sha256:
            raise PhotoEditError(
                f"the photograph {self.name} is not the one that was inverted: its content changed"
            )
        return decode_photo(content, name=self.name)

    def _content_of_place(self) -> bytes:
        try:
            if self.place is None:
                raise PhotoEditError(f"there is no photograph {self.name}")
            return read_input(
                self.place,
                what="photograph",
                most_bytes=MAX_PHOTO_BYTES,
                error=PhotoEditError,
                links=False,
            )
        except PhotoEditError as error:
            raise PhotoEditError(
                f"{error}, and only its name is in the project: the face cannot be pasted back; put"
                " the photograph's file beside the project, or give it with --image"
            ) from error

    def _is_whole(self, content: bytes) -> bool:
        return _digest(content) == (self.kept_sha256 or self.sha256)

    def _stripped(self, decoded: Photo | None) -> "PhotoSource":
        assert self.content is not None
        name = own_name(self.name)
        kept = without_place(self.content, decoded=decoded)
        if kept == self.content:
            return self if name == self.name else replace(self, name=name)
        return replace(self, name=name, content=kept, kept_sha256=_digest(kept))


def own_name(path: str) -> str:
    """A file's name, without the folders of whatever machine it was on."""
    return PureWindowsPath(path).name or "photo"  # which knows both kinds of slashes


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
