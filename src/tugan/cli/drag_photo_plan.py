"""A photograph into the generator, ready to be dragged. Imports torch: for use in commands."""

import time
from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from tugan.cli.console import ProgressLine, note
from tugan.cli.drag_job import DragJob, PhotoOptions
from tugan.cli.drag_photo import PhotoDrag, PhotoPlace
from tugan.cli.drag_plan import (
    KeptEnd,
    Plan,
    check_points,
    fresh_settings,
    handles_of,
    joined_masks,
    reference_of,
    refuse_starts,
    settings_again,
    targets_of,
)
from tugan.cli.hold import prepare_hold
from tugan.cli.invert import InvertJob
from tugan.cli.invert_plan import InvertPlan
from tugan.cli.invert_plan import make_plan as make_invert_plan
from tugan.cli.model_inputs import model_inputs, photo_input
from tugan.cli.options import OptionError
from tugan.cli.other_faces import OtherFaces
from tugan.cli.start import latent_from_file
from tugan.core.errors import MissingExtraError, UnknownModelError
from tugan.core.file_identity import check_apart
from tugan.dragging.methods import DEFAULT_SOLVER, SolverName
from tugan.dragging.problem import DragProblem
from tugan.generators.catalog import DEFAULT_MODEL
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator
from tugan.inversion.align import box_of, find_faces
from tugan.inversion.photo_edit import PhotoEdit
from tugan.inversion.portrait import (
    PhotoStep,
    check_model,
    generator_of,
    invert_photo,
    tone_of_photo,
)
from tugan.perceptual.dlib_faces import DlibFaces
from tugan.perceptual.faces import FaceFinder, FaceSearch
from tugan.session.project_file import Project

STAGES = {"invert": "looking for its latent", "tune": "tuning the model to it"}


class InversionStopped(Exception):  # noqa: N818 - nothing went wrong
    """Ctrl+C before there was anything to drag; the photograph as far as it had come."""

    def __init__(self, edit: PhotoEdit) -> None:
        """``edit`` can be saved, and gone on from."""
        super().__init__()
        self.edit = edit


def plan_of_image(job: DragJob, image: PhotoOptions, solver_name: SolverName | None) -> Plan:
    """Everything checked, then the photograph is inverted, which takes its time.

    :class:`InversionStopped` by Ctrl+C on the way.
    """
    refuse_starts(job, "--image, which is the start")
    check_points(job)
    inverting = make_invert_plan(_invert_job(job, image))
    base = inverting.generator
    if job.latent_file is not None:
        inverting = _found_elsewhere(job.latent_file, inverting)
    place = _place_of(inverting.edit, base)
    finder = None if inverting.tools is None else inverting.tools.finder
    instead = " instead of --crop" if image.crop is not None else ""
    way = f"drag it with --face {{face}}{instead}"
    others = _other_faces(inverting.edit, base, finder, way=way)
    early = _problem(job, inverting.edit, base, place, others)  # wrong points are said at once
    for warning in inverting.warnings:
        note(f"warning: {warning}")
    settings = fresh_settings(job, solver_name, base.info)
    # before the work that should not be lost when this is interrupted; copies of the model inherit
    unheld = prepare_hold(base, settings, quiet=job.as_json)
    began_s = time.monotonic()
    edit = _inverted(job, inverting)
    own = generator_of(edit, base)
    poor = _quality_warnings(edit)
    for sentence in poor:
        note(f"warning: {sentence}")
    photo = PhotoDrag(
        edit=edit,
        own=own,
        place=place,
        finder=finder,
        tone=tone_of_photo(edit),
        warnings=(*inverting.warnings, *poor),
        invert_s=time.monotonic() - began_s,
    )
    return Plan(
        problem=replace(early, generator=own, ws=edit.ws),
        settings=settings,
        solver_name=solver_name or DEFAULT_SOLVER,
        model=reference_of(job.model or DEFAULT_MODEL, base),
        photo=photo,
        unheld=unheld,
    )


def plan_of_photo(job: DragJob, edit: PhotoEdit, solver_name: SolverName | None) -> Plan:
    """To drag what ``tugan invert`` wrote."""
    refuse_starts(job, "--project, whose photograph is the start")
    check_points(job)
    _check_complete(edit, job)
    chosen = job.model or edit.model_name
    base = _load(chosen, job)
    settings = fresh_settings(job, solver_name, base.info)
    unheld = prepare_hold(base, settings, quiet=job.as_json)
    photo = _opened(edit, base)
    return Plan(
        problem=_problem(job, edit, photo.own, photo.place, _faces_beside(photo, base)),
        settings=settings,
        solver_name=solver_name or DEFAULT_SOLVER,
        model=reference_of(chosen, base),
        photo=photo,
        unheld=unheld,
    )


def plan_of_photo_project(
    job: DragJob, project: Project, edit: PhotoEdit, solver_name: SolverName | None
) -> Plan:
    """To repeat a drag of a photograph, or to go on from it."""
    refuse_starts(job, "--project, whose photograph is the start")
    _check_complete(edit, job)
    header = project.header
    chosen = job.model or header.model.name_or_path
    base = _load(chosen, job)
    settings = settings_again(job, header, solver_name, base.info)
    unheld = prepare_hold(base, settings, quiet=job.as_json)
    photo = _opened(edit, base)
    mask = _mask(job, photo.place)
    if mask is None and not job.no_mask:
        mask = project.mask
    goes_on = bool(job.pairs)
    pairs = photo.place.pairs_in_crop(job.pairs, others=_faces_beside(photo, base))
    problem = DragProblem(
        generator=photo.own,
        ws=project.result_ws if goes_on else project.ws,
        handles_xy=handles_of(pairs) if goes_on else project.handles_xy,
        targets_xy=targets_of(pairs) if goes_on else project.targets_xy,
        mask=mask,
        noise=header.noise,
        noise_seed=header.noise_seed,
    )
    return Plan(
        problem=problem,
        settings=settings,
        solver_name=solver_name or header.solver,
        model=reference_of(chosen, base),
        photo=photo,
        unheld=unheld,
        until=KeptEnd.of(job, project),
    )


def _invert_job(job: DragJob, image: PhotoOptions) -> InvertJob:
    return InvertJob(
        photo=image.path,
        out=job.outputs.picture,
        picture=None,
        model=job.model,
        face=image.face,
        crop=image.crop,
        space="w+",
        tune=image.tune,
        steps=image.steps,
        seconds=image.seconds,
        device=job.device,
        as_json=job.as_json,
    )


def _found_elsewhere(latent: str, plan: InvertPlan) -> InvertPlan:
    """With the latent of a file, so that nothing is left to be looked for or tuned."""
    ws = latent_from_file(latent, plan.generator)
    return replace(plan, edit=replace(plan.edit, ws=ws, tuning=None, stage="done"))


def _inverted(job: DragJob, plan: InvertPlan) -> PhotoEdit:
    last: PhotoStep | None = None
    try:
        with ProgressLine(quiet=job.as_json) as progress:
            for step in invert_photo(plan.edit, plan.generator, tools=plan.tools):
                last = step
                if step.stage in STAGES:
                    progress.tell(
                        f"{STAGES[step.stage]}: step {step.index} of {step.total}  "
                        f" {step.psnr_db:.1f} dB   {step.seconds:.0f} s"
                    )
    except KeyboardInterrupt as error:
        raise InversionStopped(plan.edit if last is None else last.edit) from error
    assert last is not None
    return last.edit


def _quality_warnings(edit: PhotoEdit) -> tuple[str, ...]:
    if edit.quality is None or edit.quality.grade != "poor":
        return ()
    return (edit.quality.sentence,)


def _check_complete(edit: PhotoEdit, job: DragJob) -> None:
    """:class:`OptionError` if the inversion was stopped half way, and :class:`OutputError` if a
    result would go to the photograph's own file."""
    check_apart(job.outputs.named, photo_input(edit.source))
    path = job.project
    if edit.stage != "done":
        raise OptionError(
            f"{path} was stopped while {STAGES[edit.stage]}: go on with tugan invert {path} -o"
            f" {path}, then drag it"
        )


def _load(chosen: str, job: DragJob) -> PretrainedGenerator:
    """:class:`UnknownModelError` for a model that came from a file, and its name is all we have."""
    check_apart(job.outputs.named, model_inputs(chosen))
    try:
        return load_generator(chosen, device=job.device)
    except UnknownModelError as error:
        raise UnknownModelError(
            f"{job.project} was made with the model {chosen}, which is not found by that name:"
            " give its file with --model"
        ) from error


def _opened(edit: PhotoEdit, base: PretrainedGenerator) -> PhotoDrag:
    """What is told here are the photograph's remarks and warnings."""
    check_model(edit, base)
    finder, missing = _finder()
    place, remarks = _place_and_remarks(edit, base)
    warnings = (*remarks, *missing, *_quality_warnings(edit))
    for warning in warnings:
        note(f"warning: {warning}")
    return PhotoDrag(
        edit=edit,
        own=generator_of(edit, base),
        place=place,
        finder=finder,
        tone=tone_of_photo(edit),
        warnings=warnings,
    )


def _finder() -> tuple[FaceFinder | None, list[str]]:
    try:
        return DlibFaces(), []
    except MissingExtraError as error:
        return None, [str(error)]


def _place_of(edit: PhotoEdit, generator: PretrainedGenerator) -> PhotoPlace:
    return _place_and_remarks(edit, generator)[0]


def _place_and_remarks(
    edit: PhotoEdit, generator: PretrainedGenerator
) -> tuple[PhotoPlace, tuple[str, ...]]:
    """``PhotoEditError`` if the photograph is gone, ``AlignmentError`` if its crop is beside it."""
    photo = edit.source.read()
    box_of(edit.alignment, photo.pixels)
    size_px = generator.info.size_hw[0]
    place = PhotoPlace(alignment=edit.alignment, size_px=size_px, photo_hw=photo.size_hw)
    return place, photo.remarks


def _problem(
    job: DragJob,
    edit: PhotoEdit,
    generator: PretrainedGenerator,
    place: PhotoPlace,
    others: OtherFaces | None,
) -> DragProblem:
    pairs = place.pairs_in_crop(job.pairs, others=others)
    return DragProblem(
        generator=generator,
        ws=edit.ws,
        handles_xy=handles_of(pairs),
        targets_xy=targets_of(pairs),
        mask=_mask(job, place),
    )


def _faces_beside(photo: PhotoDrag, base: PretrainedGenerator) -> OtherFaces | None:
    name = photo.edit.source.name
    way = f"bring it in with tugan invert {name} --face {{face}}, and drag what that writes"
    return _other_faces(photo.edit, base, photo.finder, way=way)


def _other_faces(
    edit: PhotoEdit, generator: PretrainedGenerator, finder: FaceFinder | None, *, way: str
) -> OtherFaces | None:
    """None where faces cannot be looked for, or are not what the model draws."""
    if generator.info.draws_faces is False or not isinstance(finder, FaceSearch):
        return None
    return OtherFaces(
        dragged=edit.alignment, find=lambda: find_faces(edit.source.read().pixels, finder), way=way
    )


def _mask(job: DragJob, place: PhotoPlace) -> Float[Tensor, "s s"] | None:
    mask = joined_masks(job, place.photo_hw)
    return None if mask is None else place.mask_in_crop(mask)
