"""What an inversion is to do, from what was asked. Imports torch: for use in commands."""

from dataclasses import dataclass, field, replace
from typing import cast

from tugan.cli.invert import PROJECT_SUFFIX, InvertJob
from tugan.cli.latent_option import refuse_latent
from tugan.cli.model_inputs import photo_input
from tugan.cli.options import OptionError
from tugan.core.errors import MissingExtraError
from tugan.core.file_identity import check_apart
from tugan.core.images import RgbArray
from tugan.generators.catalog import DEFAULT_MODEL
from tugan.generators.loading import load_generator
from tugan.generators.protocol import GeneratorInfo, PretrainedGenerator
from tugan.inversion.align import Alignment, AlignmentError, find_faces, manual_crop
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.inversion.photo_edit_file import load_photo_edit
from tugan.inversion.portrait import FaceTools, begin_photo, check_model
from tugan.inversion.settings import InversionSettings, Space, TuningSettings
from tugan.inversion.target import NO_FACE_WARNING, InversionError
from tugan.perceptual.dlib_faces import DlibFaces
from tugan.perceptual.identity import IdentityModel
from tugan.render.photo_file import decode_photo, photo_bytes

SMALL_EYES_PX = 24
"""Eyes nearer to each other than this leave most of a face to be guessed."""
TUNING_SHARE = 0.7
"""Of the seconds that were given."""


@dataclass(frozen=True, kw_only=True)
class InvertPlan:
    """Ready to run."""

    edit: PhotoEdit
    generator: PretrainedGenerator = field(repr=False)
    tools: FaceTools | None = field(repr=False)
    warnings: tuple[str, ...]


def make_plan(job: InvertJob) -> InvertPlan:
    """Everything read and checked."""
    if job.photo.suffix.lower() == PROJECT_SUFFIX:
        return _resumed(job)
    inversion, tuning = _settings(job)  # before anything slow
    refuse_latent(job.photo, "a photograph")
    content = photo_bytes(job.photo)
    photo = decode_photo(content, name=str(job.photo))
    tools, missing = _tools()
    warnings = [*photo.remarks, *missing]
    generator = _generator(job.model or DEFAULT_MODEL, job.device)
    alignment = _place(job, photo.pixels, tools, warnings, info=generator.info)
    edit = begin_photo(
        PhotoSource.of(content, name=str(job.photo), decoded=photo),
        alignment,
        generator,
        inversion=inversion,
        tuning=tuning,
    )
    return InvertPlan(edit=edit, generator=generator, tools=tools, warnings=tuple(warnings))


def _settings(job: InvertJob) -> tuple[InversionSettings, TuningSettings | None]:
    """:class:`OptionError` for a space that there is not."""
    if job.space not in ("w", "w+"):
        raise OptionError(f"--space is {job.space!r}; expected w or w+")
    share = 1 - TUNING_SHARE if job.tune else 1.0
    standard, tuned = InversionSettings(), TuningSettings()
    inversion = replace(
        standard,
        space=cast(Space, job.space),
        steps=job.steps or standard.steps,
        seconds=None if job.seconds is None else share * job.seconds,
    )
    tuning = replace(
        tuned,
        steps=job.steps or tuned.steps,
        seconds=None if job.seconds is None else TUNING_SHARE * job.seconds,
    )
    return inversion, tuning if job.tune else None


def _resumed(job: InvertJob) -> InvertPlan:
    """Where an earlier inversion stopped."""
    given = {"--crop": job.crop, "--face": job.face}
    useless = [name for name, value in given.items() if value is not None]
    if useless:
        raise OptionError(f"{useless[0]} is for photographs; {job.photo} has its place already")
    edit = load_photo_edit(job.photo)
    check_apart({"--out": job.out, "--picture": job.picture}, photo_input(edit.source))
    generator = _generator(job.model or edit.model_name, job.device)
    check_model(edit, generator)
    tools, missing = _tools()
    return InvertPlan(edit=edit, generator=generator, tools=tools, warnings=tuple(missing))


def _tools() -> tuple[FaceTools | None, list[str]]:
    """None, with the reason, without the extra ``faces``."""
    try:
        return FaceTools(finder=DlibFaces(), model=IdentityModel()), []
    except MissingExtraError as error:
        return None, [str(error)]


def _place(
    job: InvertJob,
    pixels: RgbArray,
    tools: FaceTools | None,
    warnings: list[str],
    *,
    info: GeneratorInfo,
) -> Alignment:
    """The square to cut: by hand, or that of a face."""
    if job.crop is not None:
        x, y, side_px, *angle = job.crop
        return manual_crop((x, y), side_px=side_px, angle_deg=angle[0] if angle else 0.0)
    if info.draws_faces is False:
        raise AlignmentError(
            f"{info.name} draws {info.domain}, so no face is looked for: say where to cut, with"
            " --crop x,y,side"
        )
    if tools is None:
        raise AlignmentError(
            "faces cannot be looked for here (see the warning): say where to cut, with"
            " --crop x,y,side"
        )
    found = find_faces(pixels, DlibFaces())
    if not found:
        raise AlignmentError(
            f"{NO_FACE_WARNING} To cut it all the same, say where: --crop x,y,side"
        )
    number = job.face or 1
    if number > len(found):
        faces = "1 face" if len(found) == 1 else f"{len(found)} faces"
        raise OptionError(f"--face is {number}, but {faces} were found: choose 1 to {len(found)}")
    if job.face is None and len(found) > 1:
        places = ", ".join(
            f"{i} at ({one.alignment.centre_xy[0]:.0f}, {one.alignment.centre_xy[1]:.0f})"
            for i, one in enumerate(found, start=1)
        )
        warnings.append(f"{len(found)} faces were found, the largest is taken; --face: {places}")
    chosen = found[number - 1]
    if chosen.eyes_px < SMALL_EYES_PX:
        warnings.append(
            f"the face is small (its eyes are {chosen.eyes_px:.0f} px apart): most of it will be"
            " guessed"
        )
    return chosen.alignment


def _generator(model: str, device: str) -> PretrainedGenerator:
    """:class:`InversionError` for models that are not square."""
    generator = load_generator(model, device=device)
    height, width = generator.info.size_hw
    if height != width:
        raise InversionError(
            f"{generator.info.name} draws {width} x {height} px; only square models can be"
            " inverted so far"
        )
    return generator
