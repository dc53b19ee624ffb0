"""The photograph that a document's picture is a face of."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from tugan.core.errors import TuganError
from tugan.core.images import RgbArray, to_rgb_array
from tugan.inversion.align import crop
from tugan.inversion.monochrome import Tone, tone_of
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.render.photo_file import Photo
from tugan.session.errors import SessionError
from tugan.session.project_archive import ArchivedPhoto
from tugan.session.project_photo import archived_photo


@dataclass(frozen=True, kw_only=True, eq=False)
class DocumentPhoto:
    """A photograph that is in the generator; shared by all documents that drag it."""

    edit: PhotoEdit = field(repr=False)

    @cached_property
    def size_hw(self) -> tuple[int, int]:
        """Of the whole photograph, pixels; (0, 0) if it is not here, or cannot be read."""
        try:
            return read(self.edit.source).size_hw
        except TuganError:
            return 0, 0

    @cached_property
    def tone(self) -> Tone | None:
        """What pictures of the face are shown in; None in colours, or if it is not here."""
        try:
            return tone_of(read(self.edit.source).pixels, self.edit.alignment)
        except TuganError:
            return None

    @cached_property
    def key(self) -> str:
        """Equal for equal photographs, squares and tunings."""
        digest = hashlib.sha1(usedforsecurity=False)
        for part in (self.archived.edit, self.archived.tensors):
            digest.update(part)
        return digest.hexdigest()

    @cached_property
    def archived(self) -> ArchivedPhoto:
        """As projects keep it: made once, since every save of the history needs it."""
        return archived_photo(self.edit)

    @property
    def nbytes(self) -> int:
        """About what it takes in memory."""
        delta = 0 if self.edit.delta is None else self.edit.delta.size_bytes
        kept = self.archived
        return delta + len(kept.tensors) + len(kept.original or b"")

    def square(self, size_px: int) -> RgbArray:
        """The photograph's own square at the generator's size; :class:`SessionError` if gone."""
        return to_rgb_array(crop(read(self.edit.source).pixels, self.edit.alignment, size_px))


def read(source: PhotoSource) -> Photo:
    """The photograph; :class:`SessionError` unless it came with the project.

    A name alone is not followed: a file from somewhere else must not make the studio read others.
    """
    if source.content is None:
        raise SessionError(
            "photo-gone",
            f"The photograph {source.name} is not in this project.",
            "Its face can be dragged here; tugan drag --project on the machine where the photograph"
            " is pastes it back.",
        )
    return source.read()
