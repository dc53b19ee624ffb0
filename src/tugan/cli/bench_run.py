"""Running experiments and saying how they went. Imports torch: for use in commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch

from tugan.bench.bench_error import BenchError
from tugan.bench.conditions import lines_about
from tugan.bench.experiments import KINDS, PRESETS, Asked, Kind, Preset, kind_of, seed_of
from tugan.bench.landmark_task import MaskKind
from tugan.bench.methods import check_methods, near
from tugan.bench.overview import Section, write_overview
from tugan.bench.plots import check_plotting
from tugan.bench.report import HTML_FILE, Report
from tugan.bench.report_page import ReportPage
from tugan.bench.run_folder import RunFolder
from tugan.bench.study import Study
from tugan.bench.tables import Table, paper_table
from tugan.bench.wording import still_to_do
from tugan.cli.bench_progress import BenchProgress
from tugan.cli.console import note, say, say_json
from tugan.cli.options import OptionError
from tugan.cli.start import parse_dtype
from tugan.executors.processes import ProcessExecutor
from tugan.executors.protocol import Executor
from tugan.executors.ray_cluster import RayExecutor
from tugan.executors.serial import SerialExecutor
from tugan.generators.loading import load_generator
from tugan.generators.protocol import GeneratorInfo, PretrainedGenerator
from tugan.perceptual.dlib_faces import LICENCE_NOTE, DlibFaces, find_dlib_models

EXIT_DONE, EXIT_INTERRUPTED = 0, 130
ALL = tuple(KINDS)
EXECUTORS = ("serial", "processes", "ray")


@dataclass(frozen=True, kw_only=True)
class BenchJob:
    """What a ``tugan bench`` was asked for, lists still in one word."""

    experiments: tuple[str, ...]
    out: Path
    pairs: int | None
    points: str | None
    methods: str | None
    preset: str
    seed: int
    split: str
    model: str
    psi: float
    mask: str
    executor: str
    workers: int | None
    ray_address: str | None
    limit_s: float
    threads: int
    device: str
    dtype: str
    as_json: bool
    check_every: int | None = None
    """Of live drags."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    """An experiment of the job, ready to be done."""

    kind: Kind
    study: Study
    folder: RunFolder


def run_bench(job: BenchJob) -> int:
    """Do it all; the exit code."""
    torch.set_num_threads(job.threads)
    kinds = [kind_of(name) for name in job.experiments]
    executor = _executor(job)
    _preset(job)
    asked = [_asked(job, kind) for kind in kinds]
    several = len(kinds) > 1
    names = [_methods(job, kind, several=several) for kind in kinds]
    check_plotting()
    faces = None
    if any(kind.needs_faces for kind in kinds):
        find_dlib_models()
        faces = DlibFaces()
    generator = load_generator(job.model, device=job.device, dtype=parse_dtype(job.dtype))
    faceless = _faceless(kinds, generator.info)
    runs = []
    for kind, one, methods in zip(kinds, asked, names, strict=True):
        if kind.name in faceless:
            note(f"{kind.name} is left out: it needs faces, {faceless[kind.name]}")
        elif not methods:
            note(f"{kind.name} is left out: none of {job.methods} can be in it")
        else:
            study = _study(kind, one, methods, generator, faces)
            path = job.out / kind.name if several else job.out
            runs.append(_Run(kind=kind, study=study, folder=study.open(path)))
    if any(run.kind.needs_faces for run in runs) and not job.as_json:
        note(LICENCE_NOTE)
    finished = True
    sections = []
    for run in runs:
        if several and not job.as_json:
            note(f"{run.kind.name}: {run.kind.says}")
        finished = finished and _done(job, run, executor)
        report = run.kind.report(run.folder)
        sections.append(_section(run, report))
        if not several:
            _say(job, run, report)
    if several:
        _say_all(job, runs, sections)
    return EXIT_DONE if finished else EXIT_INTERRUPTED


def _faceless(kinds: Sequence[Kind], info: GeneratorInfo) -> dict[str, str]:
    """Experiments that need faces of a model that draws something else, and what it draws;
    :class:`BenchError` if nothing else was asked for."""
    if info.draws_faces is not False:
        return {}
    draws = f"and {info.name} draws {info.domain}"
    found = {kind.name: draws for kind in kinds if kind.needs_faces}
    if len(found) == len(kinds):
        others = ", ".join(name for name, kind in KINDS.items() if not kind.needs_faces)
        raise BenchError(
            f"{', '.join(found)}: faces are needed, {draws}; these do without: {others}"
        )
    return found


def _study(
    kind: Kind,
    asked: Asked,
    methods: tuple[str, ...],
    generator: PretrainedGenerator,
    faces: DlibFaces | None,
) -> Study:
    return Study(
        experiment=kind.make(asked),
        methods=methods,
        generator=generator,
        faces=faces,
        name=kind.name,
    )


def _methods(job: BenchJob, kind: Kind, *, several: bool) -> tuple[str, ...]:
    """Those that the experiment can compare; :class:`BenchError` if it was asked for others, and
    for nothing else."""
    if job.methods is None:
        return kind.methods[_preset(job)]
    asked = listed(job.methods)
    check_methods(asked)
    found = tuple(name for name in asked if kind.compares(name))
    if not several and found != asked:
        refused = ", ".join(name for name in asked if name not in found)
        usual = ",".join(kind.methods["standard"])
        raise BenchError(
            f"{kind.name} cannot be done with {refused}; expected variations of {usual}, such as"
            f" {usual}+hold=0"
        )
    return found


def _done(job: BenchJob, run: _Run, executor: Executor) -> bool:
    """False if Ctrl+C came first."""
    with BenchProgress(quiet=job.as_json) as line:
        try:
            for progress in run.study.run(run.folder, executor=executor, limit_s=job.limit_s):
                line.show(progress)
        except KeyboardInterrupt:
            return False
    return True


def _preset(job: BenchJob) -> Preset:
    for preset in PRESETS:
        if job.preset == preset:
            return preset
    raise OptionError(
        f"--preset is {job.preset!r}{near(job.preset, PRESETS)}; expected {', '.join(PRESETS)}"
    )


def _asked(job: BenchJob, kind: Kind) -> Asked:
    """Checked by the task that it makes."""
    asked = Asked(
        pairs=kind.pairs[_preset(job)] if job.pairs is None else job.pairs,
        seed=seed_of(job.seed, job.split),
        psi=job.psi,
        points=None if job.points is None else _points(job.points),
        # the task checks it
        mask=cast(MaskKind, job.mask),
        limit_s=job.limit_s,
        check_every=job.check_every,
        brief=_preset(job) == "smoke",
    )
    kind.make(asked)
    return asked


def _executor(job: BenchJob) -> Executor:
    if job.executor not in EXECUTORS:
        raise OptionError(
            f"--executor is {job.executor!r}{near(job.executor, EXECUTORS)}; expected"
            f" {', '.join(EXECUTORS)}"
        )
    if job.executor != "serial" and job.threads != 1:
        raise OptionError("--threads is for --executor serial: other processes have one each")
    if job.executor == "serial":
        return SerialExecutor()
    if job.executor == "ray":
        return RayExecutor(address=job.ray_address, workers=job.workers)
    return ProcessExecutor() if job.workers is None else ProcessExecutor(workers=job.workers)


def _points(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in listed(text))
    except ValueError as error:
        raise OptionError(
            f"--points is {text!r}; expected numbers with commas between, such as 1,5,68"
        ) from error


def listed(text: str) -> tuple[str, ...]:
    """Words with commas between."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _tables(report: Report | ReportPage) -> tuple[Table, ...]:
    if isinstance(report, ReportPage):
        return report.tables
    methods = tuple(method.name for method in report.conditions.methods)
    return (paper_table(report.summary, methods),)


def _section(run: _Run, report: Report | ReportPage) -> Section:
    return Section(
        name=run.kind.name,
        says=run.kind.says,
        tables=_tables(report)[:1],
        claims=run.kind.claims(run.folder),
    )


def _say(job: BenchJob, run: _Run, report: Report | ReportPage) -> None:
    if job.as_json:
        say_json_of(report, run.folder)
        return
    shown = report.on_terminal if isinstance(report, ReportPage) else 1
    say("\n\n".join(_text(table) for table in _tables(report)[:shown]))
    for absent in run.folder.conditions.absent:
        note(f"{absent.name} is left out: {absent.settings}")
    if isinstance(report, Report) and report.summary.unfinished:
        note(f"{still_to_do(report.summary.unfinished)}: the same command goes on")
    say(f"\n{run.folder.path / HTML_FILE}")


def say_json_of(report: Report | ReportPage, folder: RunFolder) -> None:
    """What ``summary.json`` has."""
    from tugan.bench.report import PageReport

    whole = (
        report
        if isinstance(report, Report)
        else PageReport(conditions=folder.conditions, page=report)
    )
    say_json(whole.model_dump(mode="json"))


def _say_all(job: BenchJob, runs: list[_Run], sections: list[Section]) -> None:
    facts = tuple(
        fact
        for fact in lines_about(runs[0].folder.conditions)
        if fact[0] in ("model", "machine", "versions", "started")
    )
    page = write_overview(job.out, sections, facts=facts)
    if job.as_json:
        from pydantic import TypeAdapter

        say_json(TypeAdapter(ReportPage).dump_python(page, mode="json"))
        return
    say(_text(page.tables[0]))
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
