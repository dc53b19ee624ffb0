"""What a drag says when it is over. Imports torch: for use in commands."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.cli.attempts import Attempts, told
from tugan.cli.console import say, say_json
from tugan.cli.drag_job import DragJob
from tugan.cli.drag_photo import PhotoDrag
from tugan.cli.drag_photo_plan import STAGES, InversionStopped
from tugan.cli.drag_plan import Plan
from tugan.core.outcome import Outcome
from tugan.dragging.solve import way_of_step
from tugan.dragging.step import DragStep
from tugan.inversion.photo_edit import PhotoEdit
from tugan.inversion.photo_edit_file import save_photo_edit

EXIT_INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A drag that is over."""

    last: DragStep = field(repr=False)
    outcome: Outcome
    seconds: float
    """That solving took."""


def report(job: DragJob, plan: Plan, ended: Ended, cautions: list[str], attempts: Attempts) -> None:
    """To stdout, after everything is written that can be."""
    photo, outcome = plan.photo, _outcome_at_scale(plan, ended)
    if not job.as_json:
        say(outcome.sentence)
        inverted = f" + {photo.invert_s:.1f} s before" if photo and photo.invert_s else ""
        written = "   ".join(str(path) for path in attempts.written)
        say(f"{ended.seconds:.1f} s{inverted}   {written}")
        return
    of_photo = [] if photo is None else photo.warnings
    say_json(
        {
            "outcome": outcome.ending.value,
            "sentence": outcome.sentence,
            "closeness": outcome.closeness,
            "asked_px": _hundredths(outcome.asked_px),
            "left_px": _hundredths(outcome.left_px),
            "steps": ended.last.index,
            "seconds": round(ended.seconds, 3),
            "points": _points(plan, ended.last),
            "model": plan.problem.generator.info.name,
            "device": str(plan.problem.generator.device),
            **attempts.as_json(),
            "warnings": [*of_photo, *cautions, *attempts.remarks],
            **({} if photo is None else _of_photo(photo)),
        }
    )


def say_stopped(job: DragJob, stopped: InversionStopped) -> int:
    """Ctrl+C before there was anything to drag; the exit code."""
    edit, place, attempts = stopped.edit, job.outputs.project, Attempts()

    def save(path: Path) -> None:
        save_photo_edit(path, edit)

    attempts.write(place, save)
    attempts.rescue(job.outputs.picture.stem, save, go_on="tugan invert")
    sentence = f"Stopped by hand while {STAGES.get(edit.stage, 'bringing the photograph in')};"
    if place is None:
        sentence += " nothing is written. With --save-project it could go on."
    elif attempts.failed:
        sentence += " what was done could not be written."
    else:
        sentence += f" tugan invert {place} -o {place} goes on, then drag it with --project."

    def tell() -> None:
        if not job.as_json:
            say(sentence)
            return
        outcome = {"outcome": "cancelled", "sentence": sentence, "stage": edit.stage}
        say_json(outcome | attempts.as_json())

    return told(attempts, tell, otherwise=EXIT_INTERRUPTED)


def _outcome_at_scale(plan: Plan, ended: Ended) -> Outcome:
    """In pixels of the photograph, if it is one: as its points were asked."""
    outcome = ended.outcome
    if plan.photo is None or outcome.steps is None:
        return outcome
    way = way_of_step(plan.problem, plan.solver, ended.last, scale=plan.scale)
    return Outcome.of(outcome.ending, steps=outcome.steps, way=way, kept_step=ended.last.index)


def _hundredths(px: float | None) -> float | None:
    return None if px is None else round(px, 2)


def _points(plan: Plan, last: DragStep) -> list[dict[str, object]]:
    """In pixels of the photograph, if it is one."""
    rows = zip(
        _places(plan, plan.problem.handles_xy),
        _places(plan, plan.problem.targets_xy),
        _places(plan, last.handles_xy),
        last.distances_px.tolist(),
        last.lost.tolist(),
        strict=True,
    )
    return [
        {
            "start": start,
            "goal": goal,
            "final": final,
            "distance": round(plan.scale * distance, 2),
            "lost": lost,
        }
        for start, goal, final, distance, lost in rows
    ]


def _places(plan: Plan, points_xy: Float[Tensor, "n 2"]) -> list[list[float]]:
    if plan.photo is None:
        places: list[list[float]] = points_xy.tolist()
        return places
    # what comes of float32 is not worth saying
    places = torch.from_numpy(plan.photo.place.to_photo(points_xy).round(2)).tolist()
    return places


def _of_photo(photo: PhotoDrag) -> dict[str, object]:
    edit = photo.edit
    return {
        "stage": edit.stage,
        "quality": _quality(edit),
        "invert_seconds": round(photo.invert_s, 2),
        "quad": edit.alignment.quad_xy.round(2).tolist(),
    }


def _quality(edit: PhotoEdit) -> dict[str, object] | None:
    quality = edit.quality
    if quality is None:
        return None
    distance = quality.identity_distance
    return {
        "grade": quality.grade,
        "sentence": quality.sentence,
        "psnr_db": round(quality.psnr_db, 2),
        "face_psnr_db": round(quality.face_psnr_db, 2),
        "identity_distance": None if distance is None else round(distance, 3),
    }
