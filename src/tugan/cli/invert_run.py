"""Running an inversion and writing what came out. Imports torch: for use in commands."""

import time
from pathlib import Path
from typing import final

from tugan.cli.attempts import Attempts, told
from tugan.cli.console import ProgressLine, note, say, say_json
from tugan.cli.invert import InvertJob
from tugan.cli.invert_plan import InvertPlan, make_plan
from tugan.core.images import to_rgb_array
from tugan.inversion.photo_edit import PhotoEdit
from tugan.inversion.photo_edit_file import save_photo_edit
from tugan.inversion.portrait import PhotoStep, invert_photo
from tugan.render.image_file import write_image

EXIT_INTERRUPTED = 130
_STAGES = {"invert": "looking for its latent", "tune": "tuning the model to it"}


@final
class _Record:
    """The inversion as it went."""

    def __init__(self) -> None:
        self.last: PhotoStep | None = None
        self.stage_s: dict[str, float] = {}


def run_invert_job(job: InvertJob) -> int:
    """Do it all; the exit code."""
    plan = make_plan(job)
    for warning in plan.warnings:
        note(f"warning: {warning}")
    record = _Record()
    started_s = time.monotonic()
    try:
        _run(job, plan, record)
        code = 0
    except KeyboardInterrupt:
        if record.last is None:
            raise
        code = EXIT_INTERRUPTED
    assert record.last is not None
    attempts, seconds = _write(job, record.last), time.monotonic() - started_s
    return told(
        attempts,
        lambda: _report(job, plan, record, attempts, seconds=seconds),
        otherwise=code,
    )


def _run(job: InvertJob, plan: InvertPlan, record: _Record) -> None:
    with ProgressLine(quiet=job.as_json) as progress:
        for step in invert_photo(plan.edit, plan.generator, tools=plan.tools):
            record.last = step
            if step.stage in _STAGES:
                record.stage_s[step.stage] = step.seconds
                progress.tell(
                    f"{_STAGES[step.stage]}: step {step.index} of {step.total}  "
                    f" {step.psnr_db:.1f} dB   {step.seconds:.0f} s"
                )


def _write(job: InvertJob, last: PhotoStep) -> Attempts:
    attempts = Attempts()

    def save(path: Path) -> None:
        save_photo_edit(path, last.edit)

    attempts.write(job.out, save)
    attempts.rescue(job.out.stem, save, go_on=f"tugan {_next_command(last.edit)}")
    attempts.write(job.picture, lambda path: write_image(path, to_rgb_array(last.picture)))
    return attempts


def _next_command(edit: PhotoEdit) -> str:
    return "drag --project" if edit.stage == "done" else "invert"


def _report(
    job: InvertJob, plan: InvertPlan, record: _Record, attempts: Attempts, *, seconds: float
) -> None:
    assert record.last is not None
    edit = record.last.edit
    if not job.as_json:
        say(_sentence(edit))
        say(f"{seconds:.1f} s   " + "   ".join(str(path) for path in attempts.written))
        return
    quality = edit.quality
    say_json(
        {
            "stage": edit.stage,
            "grade": None if quality is None else quality.grade,
            "sentence": _sentence(edit),
            "psnr_db": None if quality is None else round(quality.psnr_db, 2),
            "face_psnr_db": None if quality is None else round(quality.face_psnr_db, 2),
            "identity_distance": None
            if quality is None or quality.identity_distance is None
            else round(quality.identity_distance, 3),
            "seconds": round(seconds, 2),
            "stage_seconds": {name: round(value, 2) for name, value in record.stage_s.items()},
            "model": plan.generator.info.name,
            "quad": edit.alignment.quad_xy.round(2).tolist(),
            **attempts.as_json(),
            "warnings": [*plan.warnings, *attempts.remarks],
        }
    )


def _sentence(edit: PhotoEdit) -> str:
    if edit.quality is None or edit.stage != "done":
        return "Stopped on the way; give the project to tugan invert again to go on."
    return edit.quality.sentence
