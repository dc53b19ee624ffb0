"""What commands do to a photograph that is being brought in."""

from collections.abc import Callable
from dataclasses import replace

from tugan.core.errors import MissingExtraError
from tugan.core.file_names import cut_name
from tugan.inversion.align import Alignment
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.render.photo_file import PhotoError, decode_photo
from tugan.session.desk import Action, Desk
from tugan.session.document_photo import read
from tugan.session.engine import Job
from tugan.session.errors import SessionError
from tugan.session.incoming import Incoming
from tugan.session.photo_jobs import (
    How,
    PhotoControl,
    begin_job,
    find_job,
    generator_for_photos,
    incoming_of,
    keep_job,
    more_job,
    reopen_photo_job,
)


def open_photo(desk: Desk, content: bytes, *, name: str) -> None:
    """Decode a photograph, and look for its faces; :class:`SessionError` if it cannot be read."""
    generator_for_photos(desk.untuned_model())
    name = cut_name(name) or "photo"
    try:
        photo = decode_photo(content, name=name)
        source = PhotoSource.of(content, name=name, decoded=photo)
    except (PhotoError, MissingExtraError) as error:
        raise SessionError("bad-photo", f"{error}.", "Choose another file.") from error
    control = PhotoControl()
    _work(desk, lambda: find_job(desk, source, photo, control), control)


def begin(desk: Desk, *, face: int | None, square: Alignment | None) -> None:
    """A face, or a square; :class:`SessionError` if there is none such."""
    incoming = incoming_of(desk)
    chosen = _chosen(incoming, face, square)
    control = PhotoControl()
    _work(desk, lambda: begin_job(desk, chosen, control), control)


def more(desk: Desk) -> None:
    """Further steps; while it goes on there is nothing to do."""
    incoming_of(desk)
    with desk.editing():
        if isinstance(desk.running, PhotoControl):
            return
        control = PhotoControl()
        _work(desk, lambda: more_job(desk, control), control)


def end(desk: Desk, how: How) -> None:
    """Keep it, choose anew, or drop it: after the step in progress, if one is."""
    incoming_of(desk)
    with desk.editing():
        running = desk.running
        if isinstance(running, PhotoControl):
            running.end(how)
        else:
            desk.when_idle(lambda: _end(desk, how))


def reopen(desk: Desk, edit: PhotoEdit, *, then: Action) -> None:
    """A photograph that was saved on its own; ``then`` comes right after."""
    photo = read(edit.source)
    desk.models.check_known(edit.model_name)
    desk.when_idle(lambda: desk.occupy("loading", reopen_photo_job(desk, edit, photo), then=then))


def _work(desk: Desk, job: Callable[[], Job], control: PhotoControl) -> None:
    desk.when_idle(
        lambda: desk.occupy("photo", job(), control, then=lambda: _end(desk, control.how))
    )


def _end(desk: Desk, how: How | None) -> None:
    incoming = desk.incoming
    if incoming is None:
        return
    match how:
        case "cancel":
            desk.set_incoming(None)
        case "choose":
            desk.set_incoming(replace(incoming, stage="choose", edit=None, target=None, shown=None))
        case "keep":
            desk.occupy("loading", keep_job(desk))
        case "stop" | None:
            pass


def _chosen(incoming: Incoming, face: int | None, square: Alignment | None) -> Alignment:
    if square is not None:
        return square
    number = face or 0
    if number < len(incoming.faces):
        return incoming.faces[number]
    raise SessionError(
        "unknown-face",
        f"There is no face {number + 1}: {len(incoming.faces)} were found.",
        "Choose one of them, or a square by hand.",
    )
