"""From a photograph to something that can be dragged, and back: all stages in a row."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.grad_mode import each_in_ordinary_mode, in_ordinary_mode
from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.preview import PreviewHead
from tugan.generators.protocol import Generator, PretrainedGenerator, Ws, synthesize
from tugan.generators.saving import fingerprint
from tugan.generators.w_statistics import w_statistics_of
from tugan.inversion.adam_state import AdamState
from tugan.inversion.align import Alignment, crop
from tugan.inversion.delta import DeltaError
from tugan.inversion.edit_mask import edit_mask
from tugan.inversion.hand_mask import soft_inside
from tugan.inversion.invert import InversionStep, invert
from tugan.inversion.monochrome import Tone, grey_of, tone_of
from tugan.inversion.paste import Edit, PasteSettings, paste_back
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource, Stage
from tugan.inversion.quality import quality_of
from tugan.inversion.sample_bank import SampleBank
from tugan.inversion.settings import InversionSettings, TuningSettings
from tugan.inversion.target import InversionTarget, prepare_target
from tugan.inversion.tuning import TuningState, TuningStep, tune
from tugan.perceptual.faces import FaceFinder
from tugan.perceptual.identity import IdentityModel
from tugan.render.photo_file import Photo, with_pixels


@dataclass(frozen=True, kw_only=True)
class FaceTools:
    """What is known of faces; without it, pictures are inverted as any other."""

    finder: FaceFinder
    model: IdentityModel = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PhotoStep:
    """One look at a photograph on its way into the generator."""

    stage: Stage
    """``done`` comes once, at the end."""
    index: int
    """Steps of this stage done."""
    total: int
    """At most so many."""
    picture: Float[Tensor, "1 3 h w"] = field(repr=False)
    """A preview while inverting, the generator's picture while tuning; in the photograph's tone, if
    it has only one."""
    psnr_db: float
    seconds: float
    """Of this stage."""
    edit: PhotoEdit = field(repr=False)
    """To save, and to go on from."""


@in_ordinary_mode
def begin_photo(
    source: PhotoSource,
    alignment: Alignment,
    generator: PretrainedGenerator,
    *,
    inversion: InversionSettings | None = None,
    tuning: TuningSettings | None = None,
) -> PhotoEdit:
    """A photograph of which nothing is done yet; no ``tuning`` leaves that stage out.

    ``alignment`` is a face's of :func:`find_faces`, or :func:`manual_crop`'s.
    """
    mean = w_statistics_of(generator).mean
    return PhotoEdit(
        source=source,
        alignment=alignment,
        model_name=generator.info.name,
        fingerprint=fingerprint(generator),
        ws=mean.expand(1, generator.info.num_ws, -1).clone(),
        inversion=inversion or InversionSettings(),
        tuning=tuning,
        stage="invert",
    )


@each_in_ordinary_mode
def invert_photo(
    edit: PhotoEdit,
    generator: PretrainedGenerator,
    *,
    tools: FaceTools | None = None,
    head: PreviewHead | None = None,
    bank: SampleBank | None = None,
) -> Iterator[PhotoStep]:
    """Steps of all stages that are left, the last one of stage ``done``.

    To stop consuming it is to cancel: each step's ``edit`` can be saved, opened and given here
    again. A step's ``picture`` is ``(1, 3, h, w)`` in [-1, 1]. :class:`DeltaError`, with both
    names, if it was begun with another generator; :class:`PhotoEditError` if the photograph is
    gone, :class:`AlignmentError` if its square lies outside it, :class:`InversionError` for a
    generator that is not square, or a loss that is NaN or infinite. Without ``tools`` the face is
    not looked for: no identity in the loss, and every pixel weighs the same. The method is pivotal
    tuning (Roich et al. 2021) after a search in W+ with a prior (docs/inversion.md).
    """
    check_model(edit, generator)
    target = target_of(edit, generator, tools)
    tone = tone_of_photo(edit)
    if edit.stage == "invert":
        for step in invert(
            target, generator, edit.inversion, head=head, bank=bank, resume=edit.inversion_state
        ):
            edit = _inverting(edit, step)
            yield _of_inversion(edit, step, tone)
        edit = replace(edit, inversion_state=None, stage="done" if edit.tuning is None else "tune")
    if edit.stage == "tune":
        for tuned in tune(target, generator, edit.ws, edit.tuning, resume=edit.tuning_state):
            edit = _tuning(edit, tuned, generator)
            yield _of_tuning(edit, tuned, tone)
        edit = replace(edit, tuning_state=None, stage="done")
    yield _done(edit, generator, target, tools, tone)


@in_ordinary_mode
def more_tuning(edit: PhotoEdit, *, steps: int) -> PhotoEdit:
    """A finished photograph that :func:`invert_photo` will tune further, from where it is.

    :class:`InversionError` unless ``steps`` is at least 1.
    """
    state = None
    if edit.delta is not None:
        changes = {name: change.float() for name, change in edit.delta.changes.items()}
        state = TuningState(adam=AdamState.start(changes))
    tuning = replace(edit.tuning or TuningSettings(), steps=steps, seconds=None)
    return replace(edit, stage="tune", tuning=tuning, tuning_state=state)


def check_model(edit: PhotoEdit, generator: PretrainedGenerator) -> None:
    """:class:`DeltaError`, with both names, unless the edit was made with this generator."""
    found = fingerprint(generator)
    if found != edit.fingerprint:
        raise DeltaError(
            f"this photograph was inverted with the model {edit.model_name} ({edit.fingerprint}),"
            f" but the model is {generator.info.name} ({found}): open it with the model that it"
            " was made with"
        )


@in_ordinary_mode
def target_of(edit: PhotoEdit, generator: Generator, tools: FaceTools | None) -> InversionTarget:
    """The photograph's crop as a target."""
    size_px = generator.info.size_hw[0]
    picture = crop(edit.source.read().pixels, edit.alignment, size_px).to(generator.device)
    if tools is None:
        return prepare_target(picture)
    return prepare_target(picture, finder=tools.finder, model=tools.model)


def tone_of_photo(edit: PhotoEdit) -> Tone | None:
    """What pictures of the photograph's face are to be shown in; None where it has colours.

    :class:`PhotoEditError` if the photograph is gone.
    """
    return tone_of(edit.source.read().pixels, edit.alignment)


@in_ordinary_mode
def generator_of(edit: PhotoEdit, generator: PretrainedGenerator) -> PretrainedGenerator:
    """The generator that draws this photograph: a tuned copy, or the generator itself.

    Drags start at ``edit.ws`` of it. :class:`DeltaError` if it was made with another generator.
    """
    check_model(edit, generator)
    return generator if edit.delta is None else edit.delta.tuned_copy(generator)


def paste_edit(
    edit: PhotoEdit,
    before: Float[Tensor, "1 3 s s"],
    after: Float[Tensor, "1 3 s s"],
    *,
    photo: Photo | None = None,
    finder: FaceFinder | None = None,
    settings: PasteSettings | None = None,
) -> RgbArray:
    """The photograph's pixels with the edit in them; the rest is the photograph's to the bit.

    ``before`` and ``after`` are the generator's pictures of the pivot and of the dragged latent.
    With ``edit.mask`` nothing outside it is touched; its edge is soft, inward. A photograph of one
    tone, such as black and white, stays of it.
    """
    photo = photo or edit.source.read()
    faces = [] if finder is None else [finder.find(to_rgb_array(x)) for x in (before, after)]
    tone = tone_of(photo.pixels, edit.alignment)
    if tone is not None:
        before, after = grey_of(before), grey_of(after)
    landmarks = tuple(face.landmarks_xy for face in faces if face is not None)
    mask = edit_mask(before, after, landmarks_xy=landmarks)
    if edit.mask is not None:
        mask = mask * soft_inside(edit.mask.to(mask), edit.alignment)
    change = Edit(after=after, before=before, mask=mask)
    return paste_back(photo.pixels, change, edit.alignment, settings, tone=tone)


@in_ordinary_mode
def edited_photo(
    edit: PhotoEdit,
    own: PretrainedGenerator,
    ws: Ws,
    *,
    finder: FaceFinder | None = None,
    settings: PasteSettings | None = None,
) -> Photo:
    """The photograph after a drag to ``ws``, at its own resolution, to be written.

    ``own`` is what :func:`generator_of` gave: the generator that the drag was done on; ``ws`` is
    ``(1, num_ws, w_dim)``. With a ``finder`` only heads are pasted. :class:`PhotoEditError` if the
    photograph is gone.
    """
    photo = edit.source.read()
    before, after = (synthesize(own, one.to(own.device)) for one in (edit.ws, ws))
    pixels = paste_edit(edit, before, after, photo=photo, finder=finder, settings=settings)
    return with_pixels(photo, pixels)


def _inverting(edit: PhotoEdit, step: InversionStep) -> PhotoEdit:
    return replace(edit, ws=step.ws, inversion_state=step.state)


def _tuning(edit: PhotoEdit, step: TuningStep, generator: PretrainedGenerator) -> PhotoEdit:
    return replace(edit, delta=step.delta(generator), tuning_state=step.state)


def _of_inversion(edit: PhotoEdit, step: InversionStep, tone: Tone | None) -> PhotoStep:
    return PhotoStep(
        stage="invert",
        index=step.index,
        total=step.total,
        picture=_toned(step.preview, tone),
        psnr_db=step.psnr_db,
        seconds=step.seconds,
        edit=edit,
    )


def _of_tuning(edit: PhotoEdit, step: TuningStep, tone: Tone | None) -> PhotoStep:
    return PhotoStep(
        stage="tune",
        index=step.index,
        total=step.total,
        picture=_toned(step.picture, tone),
        psnr_db=step.psnr_db,
        seconds=step.seconds,
        edit=edit,
    )


def _done(
    edit: PhotoEdit,
    generator: PretrainedGenerator,
    target: InversionTarget,
    tools: FaceTools | None,
    tone: Tone | None,
) -> PhotoStep:
    picture = synthesize(generator_of(edit, generator), edit.ws.to(generator.device))
    quality = quality_of(picture, target, finder=None if tools is None else tools.finder)
    return PhotoStep(
        stage="done",
        index=0,
        total=0,
        picture=_toned(torch.clamp(picture, -1, 1), tone),
        psnr_db=quality.psnr_db,
        seconds=0.0,
        edit=replace(edit, quality=quality),
    )


def _toned(picture: Float[Tensor, "1 3 h w"], tone: Tone | None) -> Float[Tensor, "1 3 h w"]:
    return picture if tone is None else tone.of_picture(picture)
