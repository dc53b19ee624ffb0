"""What is dragged: a seed's picture, a project's, or a photograph. Imports torch."""

from tugan.cli.drag_job import DragJob
from tugan.cli.drag_photo_plan import plan_of_image, plan_of_photo, plan_of_photo_project
from tugan.cli.drag_plan import (
    Plan,
    check_method,
    plan_of_project,
    plan_of_seed,
    solver_of_photo,
)
from tugan.cli.latent_option import refuse_latent
from tugan.inversion.photo_edit_file import load_photo_edit
from tugan.session.project_file import load_project
from tugan.session.project_photo import is_photo_alone


def make_plan(job: DragJob) -> Plan:
    """Check every option, load the model; errors are of :mod:`tugan.core.errors`.

    A photograph given as such is inverted, which takes its time.
    """
    solver_name = check_method(job)
    if job.image is not None:
        return plan_of_image(job, job.image, solver_of_photo(solver_name))
    if job.project is None:
        return plan_of_seed(job, solver_name)
    refuse_latent(job.project, "a project of tugan's")
    if is_photo_alone(job.project):
        return plan_of_photo(job, load_photo_edit(job.project), solver_of_photo(solver_name))
    project = load_project(job.project)
    if project.photo is None:
        return plan_of_project(job, project, solver_name)
    return plan_of_photo_project(job, project, project.photo, solver_of_photo(solver_name))
