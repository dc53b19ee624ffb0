"""The whole photograph with the edit in it."""

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from tugan.inversion.portrait import edited_photo
from tugan.render.edit_mark import stamped
from tugan.render.photo_file import Photo, with_pixels, write_photo
from tugan.session.desk import Desk
from tugan.session.document import Document
from tugan.session.document_photo import read
from tugan.session.engine import Job, Turn
from tugan.session.errors import SessionError
from tugan.session.face_tools import known_faces
from tugan.session.photo_jobs import generator_for_photos


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoExport:
    """A photograph to be written."""

    name: str
    """Of the photograph's own file, without its suffix."""
    photo: Photo = field(repr=False)

    def encoded(self, suffix: str, *, mark: bool = False) -> bytes:
        """As a file, marked in its metadata as edited; ``mark`` makes that visible too.

        For any thread; a large photograph takes its time. :class:`SessionError` if this kind of
        file, the disk or the memory does not take it; the session goes on.
        """
        photo = self.photo
        if mark:
            photo = with_pixels(photo, stamped(photo.pixels))
        with tempfile.TemporaryDirectory(prefix="tugan-") as folder:
            path = Path(folder) / f"photo.{suffix}"
            try:
                write_photo(path, photo)
                return path.read_bytes()
            except (ValueError, OSError, MemoryError) as error:
                why = str(error).replace(f"{path}", f"the .{suffix} file") or "too little memory"
                raise SessionError(
                    "not-exported",
                    f"The photograph could not be written: {why}.",
                    "Choose another kind of file, or make room; nothing of the work is lost.",
                ) from error


def photo_export_job(desk: Desk, document: Document, into: list[PhotoExport]) -> Job:
    """The document's picture in its photograph, to the end of a list."""
    photo = document.photo
    if photo is None:
        raise SessionError(
            "no-photo", "This picture is not of a photograph.", "Drop a photograph on the page."
        )
    edit = photo.edit
    read(edit.source)
    if document.packed_mask is not None:
        edit = replace(edit, mask=document.packed_mask.tensor())
    own = generator_for_photos(desk.model_of(document))
    pasted = edited_photo(edit, own, document.ws, finder=known_faces().finder)
    into.append(PhotoExport(name=Path(edit.source.name).stem or "photo", photo=pasted))
    yield Turn.STEP
