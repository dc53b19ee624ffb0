"""Bringing a photograph in, as jobs of the engine: finding its face, inverting and tuning."""

import threading
import time
from dataclasses import replace
from typing import Literal, final

import torch

from tugan.core.images import to_rgb_array
from tugan.generators.protocol import PretrainedGenerator, synthesize
from tugan.inversion.align import Alignment, box_of, crop, find_faces, manual_crop
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.inversion.portrait import (
    FaceTools,
    PhotoStep,
    begin_photo,
    generator_of,
    invert_photo,
    more_tuning,
    target_of,
    tone_of_photo,
)
from tugan.inversion.quality import quality_of
from tugan.render.photo_file import Photo
from tugan.session.desk import Desk
from tugan.session.document import Document, Start
from tugan.session.document_photo import DocumentPhoto
from tugan.session.engine import Job, Turn
from tugan.session.errors import SessionError
from tugan.session.events import PhotoShown, PhotoStepShown, TargetShown
from tugan.session.face_tools import known_faces
from tugan.session.history import History
from tugan.session.incoming import Incoming
from tugan.session.model_store import LoadedModel, no_photographs
from tugan.session.picture_jobs import resting_job
from tugan.session.pictures import PHOTO_PX, shrunk

TARGET_PX = 512
KEEP_EVERY_S = 15.0
"""So often what is done is saved: more is not lost."""
TUNING_TO_INVERTING = 8.0
"""About how much longer a step of tuning takes, for the time that is left."""
NO_FACE = (
    "No face was found: a model of faces will not look like this. Choose the square by hand, or a"
    " model of what the picture shows."
)
_BY_HAND = "The model draws {domain}: choose the square by hand."

How = Literal["stop", "keep", "choose", "cancel"]


@final
class PhotoControl:
    """What callers tell an inversion that is going on."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._lock = threading.Lock()
        self._how: How | None = None

    def stop(self) -> None:
        """End after the step in progress, unless it was told how already."""
        self.end("stop")

    def end(self, how: How) -> None:
        """End after the step in progress; a mere stop does not take back another end."""
        with self._lock:
            if self._how is None or how != "stop":
                self._how = how

    @property
    def how(self) -> How | None:
        """It should end, if it should."""
        with self._lock:
            return self._how


def generator_for_photos(model: LoadedModel) -> PretrainedGenerator:
    """:class:`SessionError` for a model that photographs cannot be brought into."""
    generator = model.generator
    height, width = model.info.size_hw
    if not isinstance(generator, PretrainedGenerator) or height != width:
        raise no_photographs(model.name)
    return generator


def find_job(desk: Desk, source: PhotoSource, photo: Photo, control: PhotoControl) -> Job:
    """Look for faces; if there is just one, it is brought in at once."""
    small = shrunk(photo.pixels, side_px=PHOTO_PX)
    incoming = Incoming(
        source=source,
        size_hw=photo.size_hw,
        stage="finding",
        remarks=photo.remarks,
        photo=small,
    )
    desk.set_incoming(incoming)
    desk.emit(PhotoShown(pixels=small))
    yield Turn.STEP
    model = desk.untuned_model()
    known = known_faces()
    faces: tuple[Alignment, ...] = ()
    warning = ""
    if model.info.draws_faces is False:
        warning = _BY_HAND.format(domain=model.info.domain)
    elif known.search is None:
        warning = known.missing
    else:
        faces = tuple(one.alignment for one in find_faces(photo.pixels, known.search))
        warning = "" if faces else NO_FACE
    suggested = faces[0] if faces else _middle_of(photo)
    desk.set_incoming(
        replace(incoming, stage="choose", faces=faces, chosen=suggested, warning=warning)
    )
    yield Turn.STEP
    if len(faces) == 1 and control.how is None:
        yield from begin_job(desk, faces[0], control)


def begin_job(desk: Desk, square: Alignment, control: PhotoControl) -> Job:
    """Bring this square in, from the start."""
    incoming = incoming_of(desk)
    generator = generator_for_photos(desk.untuned_model())
    photo = incoming.source.read()
    box_of(square, photo.pixels)
    target = shrunk(
        to_rgb_array(crop(photo.pixels, square, generator.info.size_hw[0])), side_px=TARGET_PX
    )
    edit = begin_photo(
        incoming.source,
        square,
        generator,
        inversion=desk.photos.inversion,
        tuning=desk.photos.tuning,
    )
    edit = replace(edit, model_name=desk.untuned_model().name)
    desk.set_incoming(
        replace(incoming, stage="invert", chosen=square, target=target, edit=edit, shown=None)
    )
    desk.emit(TargetShown(pixels=target))
    yield Turn.STEP
    yield from _bring_in(desk, edit, control)


def more_job(desk: Desk, control: PhotoControl) -> Job:
    """Go on where it was stopped; if nothing is left to do, tune further."""
    incoming = incoming_of(desk)
    edit = incoming.edit
    if edit is None:
        raise _nothing_begun()
    before = edit if edit.stage == "done" else None
    if edit.stage == "done":
        edit = more_tuning(edit, steps=desk.photos.more_steps)
    desk.set_incoming(replace(incoming, stage=_stage(edit), edit=edit))
    yield Turn.STEP
    yield from _bring_in(desk, edit, control, before=before)


def reopen_photo_job(desk: Desk, edit: PhotoEdit, photo: Photo) -> Job:
    """What ``tugan invert`` saved, finished or not: ready to be kept, or for more."""
    model = desk.models.get(edit.model_name)
    desk.use_model(model)
    yield Turn.STEP
    generator = generator_for_photos(model)
    size_px = model.info.size_hw[0]
    target = to_rgb_array(crop(photo.pixels, edit.alignment, size_px))
    small = shrunk(photo.pixels, side_px=PHOTO_PX)
    incoming = Incoming(
        source=edit.source,
        size_hw=photo.size_hw,
        stage="ready",
        chosen=edit.alignment,
        edit=edit,
        photo=small,
        target=shrunk(target, side_px=TARGET_PX),
    )
    judged, shown = _judged(edit, generator, known_faces().tools, like=None)
    desk.set_incoming(replace(incoming, edit=judged, shown=shown))
    incoming_pictures(desk)
    yield Turn.STEP


def keep_job(desk: Desk) -> Job:
    """The photograph becomes an entry of the history."""
    incoming = incoming_of(desk)
    edit = incoming.edit
    if edit is None:
        raise _nothing_begun()
    kept = replace(edit, stage="done", inversion_state=None, tuning_state=None)
    model = desk.models.get(edit.model_name)
    photo = DocumentPhoto(edit=kept)
    ws = kept.ws.detach().to("cpu", torch.float32)
    document = Document(
        model=model.reference,
        start=Start(psi=1.0),
        origin_ws=ws,
        ws=ws,
        solver="newton",
        settings=model.presets["newton"],
        photo=photo,
    )
    desk.use_model(desk.model_of(document))
    yield Turn.STEP
    text = f"Photo {incoming.source.name}"
    if desk.has_history():

        def add(history: History) -> History:
            before = history.document
            now = document
            if before.model == document.model:
                now = replace(document, solver=before.solver, settings=before.settings)
            return history.added(now, text=text, has_picture=True)

        desk.change(add)
    else:
        desk.begin(History.begun(document, text=text))
    desk.set_incoming(None)
    yield Turn.STEP
    yield from resting_job(desk, with_original=True)


def incoming_pictures(desk: Desk) -> None:
    """Tell what there is of it anew."""
    incoming = desk.incoming
    if incoming is None:
        return
    desk.emit(PhotoShown(pixels=incoming.photo))
    if incoming.target is not None:
        desk.emit(TargetShown(pixels=incoming.target))
    if incoming.shown is not None:
        desk.emit(incoming.shown)


def _is_worse(edit: PhotoEdit, than: PhotoEdit) -> bool:
    return (
        edit.quality is not None
        and than.quality is not None
        and edit.quality.face_psnr_db < than.quality.face_psnr_db
    )


def _bring_in(
    desk: Desk, edit: PhotoEdit, control: PhotoControl, *, before: PhotoEdit | None = None
) -> Job:
    generator = generator_for_photos(desk.models.get(edit.model_name))
    tools = known_faces().tools
    pace = _Pace(edit)
    shown: PhotoStepShown | None = None
    kept_s = time.monotonic()
    try:
        head = desk.models.get(edit.model_name).head
        for step in invert_photo(edit, generator, tools=tools, head=head):
            stage, edit = edit.stage, step.edit
            if step.stage != "done":
                shown = _shown(step, left_s=pace.left_s(step))
                desk.emit(shown)
            is_due = time.monotonic() - kept_s >= KEEP_EVERY_S
            if step.stage == "done" or edit.stage != stage or is_due:
                kept_s = time.monotonic()
                desk.set_incoming(
                    replace(incoming_of(desk), stage=_stage(edit), edit=edit, shown=shown)
                )
            if control.how is not None:
                break
            yield Turn.STEP
    except BaseException:
        # what was reached before it failed, or was closed, can be gone on from
        desk.set_incoming(replace(incoming_of(desk), stage="ready", edit=edit, shown=shown))
        raise
    if control.how in ("choose", "cancel"):
        return
    judged, last = _judged(edit, generator, tools, like=shown)
    if before is not None and _is_worse(judged, before):
        # the first steps of more tuning lose a little of what was there
        judged, last = _judged(before, generator, tools, like=shown)
    desk.set_incoming(replace(incoming_of(desk), stage="ready", edit=judged, shown=last))
    desk.emit(last)


def _judged(
    edit: PhotoEdit,
    generator: PretrainedGenerator,
    tools: FaceTools | None,
    *,
    like: PhotoStepShown | None,
) -> tuple[PhotoEdit, PhotoStepShown]:
    """The edit with its quality, also half way, and what the model draws."""
    own = generator_of(edit, generator)
    picture = torch.clamp(synthesize(own, edit.ws.to(own.device)), -1, 1)
    tone = tone_of_photo(edit)
    quality = edit.quality if edit.stage == "done" else None
    if quality is None:
        target = target_of(edit, generator, tools)
        quality = quality_of(picture, target, finder=None if tools is None else tools.finder)
    shown = PhotoStepShown(
        stage="tune" if like is None else like.stage,
        step=0 if like is None else like.step,
        total=0 if like is None else like.total,
        psnr_db=quality.psnr_db,
        left_s=0.0,
        preview=shrunk(
            to_rgb_array(picture if tone is None else tone.of_picture(picture)), side_px=TARGET_PX
        ),
    )
    return replace(edit, quality=quality), shown


@final
class _Pace:
    """How long it will take, from how long it took."""

    def __init__(self, edit: PhotoEdit) -> None:
        self._tuning = 0 if edit.tuning is None else edit.tuning.steps
        self._stage: str | None = None
        self._began: tuple[float, int] = (0.0, 0)

    def left_s(self, step: PhotoStep) -> float | None:
        now = time.monotonic()
        if step.stage != self._stage:
            self._stage, self._began = step.stage, (now, step.index)
            return None
        began_s, first = self._began
        if step.index <= first:
            return None
        each_s = (now - began_s) / (step.index - first)
        steps = float(step.total - step.index)
        if step.stage == "invert":
            steps += TUNING_TO_INVERTING * self._tuning
        return each_s * steps


def _shown(step: PhotoStep, *, left_s: float | None) -> PhotoStepShown:
    assert step.stage != "done"
    return PhotoStepShown(
        stage=step.stage,
        step=step.index,
        total=step.total,
        psnr_db=step.psnr_db,
        left_s=left_s,
        preview=shrunk(to_rgb_array(step.picture.clamp(-1, 1)), side_px=TARGET_PX),
    )


def _stage(edit: PhotoEdit) -> Literal["invert", "tune", "ready"]:
    return "ready" if edit.stage == "done" else edit.stage


def _middle_of(photo: Photo) -> Alignment:
    height, width = photo.size_hw
    centre = (width - 1) / 2, (height - 1) / 2
    return manual_crop(centre, side_px=float(min(height, width)))


def incoming_of(desk: Desk) -> Incoming:
    incoming = desk.incoming
    if incoming is None:
        raise SessionError(
            "no-photo", "No photograph is being brought in.", "Drop a photograph on the page."
        )
    return incoming


def _nothing_begun() -> SessionError:
    return SessionError(
        "nothing-begun",
        "Nothing of the photograph has been brought in yet.",
        "Choose a face or a square first.",
    )
