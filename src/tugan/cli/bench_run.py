"""Running a bench and saying how it went. Imports torch: for use in commands."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tugan.bench.conditions import conditions_now
from tugan.bench.equipment import Equipment
from tugan.bench.landmark_task import LandmarkTask, MaskKind
from tugan.bench.landmarks import Landmarks
from tugan.bench.methods import check_methods, make_methods
from tugan.bench.plots import check_plotting
from tugan.bench.report import HTML_FILE, Report, write_report
from tugan.bench.run_folder import RunFolder, open_run
from tugan.bench.runner import run_experiment
from tugan.bench.tables import Table, paper_table
from tugan.bench.wording import still_to_do
from tugan.cli.bench_progress import BenchProgress
from tugan.cli.console import note, say, say_json
from tugan.cli.options import OptionError
from tugan.generators.loading import load_generator
from tugan.generators.saving import fingerprint
from tugan.perceptual.dlib_faces import LICENCE_NOTE, DlibFaces, find_dlib_models

EXIT_DONE, EXIT_INTERRUPTED = 0, 130


@dataclass(frozen=True, kw_only=True)
class LandmarkJob:
    """What a ``tugan bench landmarks`` was asked for, lists still in one word."""

    out: Path
    pairs: int
    points: str
    solvers: str
    seed: int
    model: str
    psi: float
    mask: str
    device: str
    as_json: bool


def run_landmark_job(job: LandmarkJob) -> int:
    """Do it all; the exit code."""
    task = _task(job)
    names = _listed(job.solvers)
    check_methods(names)
    check_plotting()
    find_dlib_models()
    generator = load_generator(job.model, device=job.device)
    equipment = Equipment(
        generator=generator, faces=DlibFaces(), methods=make_methods(names, generator.info)
    )
    conditions = conditions_now(
        task,
        generator=generator,
        fingerprint=fingerprint(generator),
        faces=equipment.faces,
        methods=equipment.methods,
    )
    folder = open_run(job.out, conditions)
    if not job.as_json:
        note(LICENCE_NOTE)
    finished = _run(task, equipment, folder, quiet=job.as_json)
    _say(job, write_report(folder))
    return EXIT_DONE if finished else EXIT_INTERRUPTED


def _run(task: LandmarkTask, equipment: Equipment, folder: RunFolder, *, quiet: bool) -> bool:
    """False if Ctrl+C came first."""
    with BenchProgress(quiet=quiet) as line:
        try:
            for progress in run_experiment(Landmarks(task=task), equipment, folder):
                line.show(progress)
        except KeyboardInterrupt:
            return False
    return True


def _task(job: LandmarkJob) -> LandmarkTask:
    try:
        points = tuple(int(word) for word in _listed(job.points))
    except ValueError as error:
        raise OptionError(
            f"--points is {job.points!r}; expected numbers with commas between, such as 1,5,68"
        ) from error
    return LandmarkTask(
        pairs=job.pairs,
        points=points,
        seed=job.seed,
        psi=job.psi,
        # the task checks it
        mask=cast(MaskKind, job.mask),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _say(job: LandmarkJob, report: Report) -> None:
    if job.as_json:
        say_json(report.model_dump(mode="json"))
        return
    methods = tuple(method.name for method in report.conditions.methods)
    say(_text(paper_table(report.summary, methods)))
    if report.summary.unfinished:
        note(f"{still_to_do(report.summary.unfinished)}: the same command goes on")
    say(f"\n{job.out / HTML_FILE}")


def _text(table: Table) -> str:
    """A table for the terminal."""
    rows = [table.header, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.header))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column < table.words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
