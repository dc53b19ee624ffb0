"""Running a drag and writing what came out. Imports torch: for use in commands."""

import time
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.cli.attempts import Attempts, told
from tugan.cli.console import ProgressLine, note
from tugan.cli.drag_job import DragJob
from tugan.cli.drag_photo import PhotoDrag
from tugan.cli.drag_photo_plan import InversionStopped
from tugan.cli.drag_plan import Plan
from tugan.cli.drag_report import Ended, report, say_stopped
from tugan.cli.drag_source import make_plan
from tugan.core.images import RgbArray, to_rgb_array
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.solve import drag, way_of_step
from tugan.dragging.step import DragStep
from tugan.dragging.texture import advice_on_handles
from tugan.inversion.portrait import edited_photo
from tugan.render.image_file import write_image
from tugan.render.overlays import draw_drag
from tugan.render.photo_file import Photo, with_pixels, write_photo
from tugan.render.video import FrameReel, write_video
from tugan.session.project_file import Project, ProjectHeader, save_project

EXIT_CODES = {
    Ending.REACHED: 0,
    Ending.STEP_LIMIT: 0,
    Ending.NO_PROGRESS: 0,
    Ending.LOST_POINT: 0,
    Ending.NOT_FINITE: 1,
    Ending.CANCELLED: 130,
}


@final
@dataclass(kw_only=True)
class Recording:
    """The drag as it went: the last step, the time that solving took, the animation's frames."""

    last: DragStep | None = None
    seconds: float = 0.0
    reel: FrameReel = field(default_factory=FrameReel, repr=False)


def run_drag_job(job: DragJob) -> int:
    """Do it all; the exit code."""
    try:
        plan = make_plan(job)
    except InversionStopped as stopped:
        return say_stopped(job, stopped)
    cautions = [*job.remarks, *cautions_of(plan), *plan.unheld]
    for caution in cautions:
        note(f"warning: {caution}")
    recording = Recording()
    code = None
    try:
        _solve(job, plan, recording)
    except KeyboardInterrupt:
        if recording.last is None:
            raise
        outcome = _stopped(plan, recording.last, Ending.CANCELLED)
    else:
        assert recording.last is not None
        if recording.last.outcome is not None:
            outcome = recording.last.outcome
        else:
            # repeated as far as it went before: nobody stopped it now
            assert plan.until is not None
            outcome, code = _stopped(plan, recording.last, plan.until.ending), 0
    attempts = _write(job, plan, recording, recording.last, outcome)
    ended = Ended(last=recording.last, outcome=outcome, seconds=recording.seconds)
    return told(
        attempts,
        lambda: report(job, plan, ended, cautions, attempts),
        otherwise=EXIT_CODES[outcome.ending] if code is None else code,
    )


def _stopped(plan: Plan, last: DragStep, ending: Ending) -> Outcome:
    way = way_of_step(plan.problem, plan.solver, last)
    return Outcome.of(ending, steps=last.index, way=way)


def cautions_of(plan: Plan) -> list[str]:
    """Sentences about what is allowed but will probably disappoint."""
    poor = [one for one in advice_on_handles(plan.problem) if one.poor]
    said = plan.problem.cautions(hold=0)  # the plan says what is to be said of it
    if plan.photo is None:
        return [*said, *(one.sentence for one in poor)]
    place = plan.photo.place
    points = torch.cat([plan.problem.handles_xy, plan.problem.targets_xy])
    told = [place.in_words(text, points) for text in said]
    return [*told, *(place.advice(one).sentence for one in poor)]


def _solve(job: DragJob, plan: Plan, recording: Recording) -> None:
    steps = drag(plan.problem, solver=plan.solver)
    with ProgressLine(quiet=job.as_json) as progress:
        while True:
            started_s = time.monotonic()
            step = next(steps, None)
            recording.seconds += time.monotonic() - started_s
            if step is None:
                return
            recording.last = step
            progress.show(step=step.index, farthest_px=plan.scale * step.farthest_px)
            if job.outputs.video is not None and recording.reel.wants(step.index):
                recording.reel.add(step.index, _picture(job, plan, step))
            if plan.until is not None and step.index >= plan.until.step:
                return


def _picture(job: DragJob, plan: Plan, step: DragStep) -> RgbArray:
    pixels = to_rgb_array(step.image())
    if plan.photo is not None and plan.photo.tone is not None:
        pixels = plan.photo.tone.of_pixels(pixels)
    if not job.outputs.overlay:
        return pixels
    return draw_drag(
        pixels,
        handles_xy=step.handles_xy,
        targets_xy=step.targets_xy,
        mask=plan.problem.mask,
    )


def _write(
    job: DragJob, plan: Plan, recording: Recording, last: DragStep, outcome: Outcome
) -> Attempts:
    """The project first: all else can be made of it again."""
    attempts, outputs = Attempts(), job.outputs
    finished = cache(lambda: _picture(job, plan, last))

    def project(path: Path) -> None:
        save_project(path, _project(plan, last, outcome))

    def picture(path: Path) -> tuple[str, ...] | None:
        if plan.photo is None:
            write_image(path, finished())
            return None
        return write_photo(path, _pasted(job, plan.photo, last, plan.problem.mask))

    def film(path: Path) -> None:
        # a drag that was stuck ends before its last frames
        recording.reel.end_with(last.index, finished())
        write_video(path, recording.reel.frames)

    attempts.write(outputs.project, project)
    attempts.write(outputs.picture, picture)
    attempts.write(outputs.video, film)
    if outputs.project not in attempts.written:
        attempts.rescue(outputs.picture.stem, project, go_on="tugan drag --project")
    return attempts


def _pasted(
    job: DragJob, photo: PhotoDrag, last: DragStep, mask: Float[Tensor, "s s"] | None
) -> Photo:
    """The whole photograph; what the drag's mask keeps is kept of it, too, and not only nearly."""
    edit = photo.edit if mask is None else replace(photo.edit, mask=mask)
    pasted = edited_photo(edit, photo.own, last.ws, finder=photo.finder)
    if not job.outputs.overlay:
        return pasted
    places = (photo.place.to_photo(points) for points in (last.handles_xy, last.targets_xy))
    handles, targets = (torch.from_numpy(place).float() for place in places)
    marked = draw_drag(pasted.pixels, handles_xy=handles, targets_xy=targets)
    return with_pixels(pasted, marked)


def _project(plan: Plan, last: DragStep, outcome: Outcome) -> Project:
    problem = plan.problem
    solver, settings = plan.method_of_project
    header = ProjectHeader(
        model=plan.model,
        solver=solver,
        settings=settings,
        noise=problem.noise,
        noise_seed=problem.noise_seed,
        outcome=outcome,
    )
    return Project(
        header=header,
        ws=problem.ws,
        handles_xy=problem.handles_xy,
        targets_xy=problem.targets_xy,
        mask=problem.mask,
        result_ws=last.ws,
        result_handles_xy=last.handles_xy,
        photo=None if plan.photo is None else plan.photo.edit,
    )
