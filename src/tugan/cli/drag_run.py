"""Running a drag and writing what came out. Imports torch: for use in commands."""

import time
from dataclasses import dataclass, field
from typing import final

from tugan.cli.console import ProgressLine, note, say, say_json
from tugan.cli.drag_job import DragJob
from tugan.cli.drag_plan import Plan, make_plan
from tugan.core.images import RgbArray, to_rgb_array
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.solve import drag
from tugan.dragging.step import DragStep
from tugan.dragging.texture import advice_on_handles
from tugan.render.image_file import write_image
from tugan.render.overlays import draw_drag
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
    plan = make_plan(job)
    cautions = cautions_of(plan)
    for caution in cautions:
        note(f"warning: {caution}")
    recording = Recording()
    try:
        _solve(job, plan, recording)
    except KeyboardInterrupt:
        if recording.last is None:
            raise
        farthest = recording.last.farthest_px
        outcome = Outcome.cancelled(steps=recording.last.index, farthest_px=farthest)
    else:
        assert recording.last is not None
        assert recording.last.outcome is not None
        outcome = recording.last.outcome
    _write(job, plan, recording, recording.last, outcome)
    _report(job, plan, recording, recording.last, outcome, cautions)
    return EXIT_CODES[outcome.ending]


def cautions_of(plan: Plan) -> list[str]:
    """Sentences about what is allowed but will probably disappoint."""
    advice = advice_on_handles(plan.problem)
    return [*plan.problem.cautions(), *(one.sentence for one in advice if one.poor)]


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
            progress.show(step=step.index, farthest_px=step.farthest_px)
            if job.outputs.video is not None and recording.reel.wants(step.index):
                recording.reel.add(step.index, _picture(job, plan, step))


def _picture(job: DragJob, plan: Plan, step: DragStep) -> RgbArray:
    pixels = to_rgb_array(step.image())
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
) -> None:
    picture = _picture(job, plan, last)
    write_image(job.outputs.picture, picture)
    if job.outputs.project is not None:
        save_project(job.outputs.project, _project(plan, last, outcome))
    if job.outputs.video is not None:
        # a drag that was stuck ends before its last frames
        recording.reel.end_with(last.index, picture)
        write_video(job.outputs.video, recording.reel.frames)


def _project(plan: Plan, last: DragStep, outcome: Outcome) -> Project:
    problem = plan.problem
    header = ProjectHeader(
        model=plan.model,
        solver=plan.solver_name,
        settings=plan.settings,
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
    )


def _report(
    job: DragJob,
    plan: Plan,
    recording: Recording,
    last: DragStep,
    outcome: Outcome,
    cautions: list[str],
) -> None:
    outputs = job.outputs
    written = [path for path in (outputs.picture, outputs.video, outputs.project) if path]
    if not job.as_json:
        say(outcome.sentence)
        say(f"{recording.seconds:.1f} s   " + "   ".join(str(path) for path in written))
        return
    problem = plan.problem
    rows = zip(
        problem.handles_xy.tolist(),
        problem.targets_xy.tolist(),
        last.handles_xy.tolist(),
        last.distances_px.tolist(),
        last.lost.tolist(),
        strict=True,
    )
    say_json(
        {
            "outcome": outcome.ending.value,
            "sentence": outcome.sentence,
            "steps": last.index,
            "seconds": round(recording.seconds, 3),
            "points": [
                {
                    "start": start,
                    "goal": goal,
                    "final": final,
                    "distance": round(distance, 2),
                    "lost": lost,
                }
                for start, goal, final, distance, lost in rows
            ],
            "model": problem.generator.info.name,
            "device": str(problem.generator.device),
            "written": [str(path) for path in written],
            "warnings": cautions,
        }
    )
