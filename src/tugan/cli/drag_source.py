"""What is dragged: a seed's picture, a project's, or a photograph. Imports torch."""

from dataclasses import replace

from tugan.cli.drag_job import DragJob, PhotoOptions
from tugan.cli.drag_photo_plan import plan_of_image, plan_of_photo, plan_of_photo_project
from tugan.cli.drag_plan import (
    Plan,
    check_method,
    plan_of_project,
    plan_of_seed,
    solver_of_photo,
)
from tugan.cli.latent_option import refuse_latent
from tugan.cli.options import OptionError
from tugan.inversion.photo_edit import PhotoEdit
from tugan.inversion.photo_edit_file import load_photo_edit
from tugan.session.project_file import load_project
from tugan.session.project_photo import is_photo_alone


def make_plan(job: DragJob) -> Plan:
    """Check every option, load the model; errors are of :mod:`tugan.core.errors`.

    A photograph given as such is inverted, which takes its time.
    """
    solver_name = check_method(job)
    if job.project is None:
        if job.image is None:
            return plan_of_seed(job, solver_name)
        return plan_of_image(job, job.image, solver_of_photo(solver_name))
    refuse_latent(job.project, "a project of tugan's")
    if is_photo_alone(job.project):
        edit = _with_image(job, load_photo_edit(job.project))
        return plan_of_photo(job, edit, solver_of_photo(solver_name))
    project = load_project(job.project)
    if project.photo is None:
        _refuse_image(job.image)
        return plan_of_project(job, project, solver_name)
    edit = _with_image(job, project.photo)
    return plan_of_photo_project(job, project, edit, solver_of_photo(solver_name))


def _with_image(job: DragJob, edit: PhotoEdit) -> PhotoEdit:
    """Of a project that has only the photograph's name, with its file as ``--image`` gives it.

    Whether it is that photograph is seen when it is read.
    """
    if job.image is None:
        return edit
    if edit.source.content is not None or job.image.face is not None or job.image.crop is not None:
        _refuse_image(job.image)
    return replace(edit, source=replace(edit.source, place=job.image.path.resolve()))


def _refuse_image(image: PhotoOptions | None) -> None:
    if image is not None:
        raise OptionError(
            "--project cannot be used with --image: give one of them (a project that has only its"
            " photograph's name takes the photograph's file, without --face or --crop)"
        )
