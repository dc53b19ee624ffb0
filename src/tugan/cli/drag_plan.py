"""From options to a problem and its solver. Imports torch: for use in commands."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.cli.drag_job import DragJob
from tugan.cli.drag_photo import PhotoDrag
from tugan.cli.hold import prepare_hold
from tugan.cli.model_inputs import model_inputs
from tugan.cli.options import DEFAULT_PSI, OptionError
from tugan.cli.points import PointPair
from tugan.cli.start import latent_from_file, parse_noise, start_latent
from tugan.core.errors import InvalidDragError
from tugan.core.file_identity import check_apart
from tugan.core.masks import check_mask
from tugan.core.outcome import Ending
from tugan.core.point_limit import check_point_count
from tugan.dragging.methods import (
    ALL_SOLVERS,
    DEFAULT_SOLVER,
    AnySettings,
    AnySolverName,
    Settings,
    SolverName,
    make_solver,
)
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.freedrag_settings import FreeDragSettings
from tugan.dragging.solvers.protocol import Solver
from tugan.generators.catalog import DEFAULT_MODEL, catalog
from tugan.generators.loading import load_generator
from tugan.generators.protocol import GeneratorInfo, LatentKind, PretrainedGenerator, Ws
from tugan.generators.saving import fingerprint
from tugan.render.image_file import read_mask
from tugan.session.project_file import (
    ModelReference,
    Project,
    ProjectHeader,
    check_model,
)

_NOT_IN_PROJECTS = (
    "project files do not know the solver freedrag: leave out --save-project, or drag with newton"
    " or adam"
)


_TRIES_A_STEP = 4
"""Of the limit for a drag that is repeated up to a step: those that were taken back count, too."""


@dataclass(frozen=True, kw_only=True)
class KeptEnd:
    """The end of a drag that did not end by itself."""

    step: int
    """Whose picture was kept."""
    ending: Ending

    @classmethod
    def of(cls, job: DragJob, project: Project) -> "KeptEnd | None":
        """Of a project that is repeated as it was; None if options ask for another drag."""
        changed = (job.solver, job.preset, job.steps, job.hold, job.latent, job.mask, job.keep_mask)
        if (
            project.kept_step is None
            or job.pairs
            or job.no_mask
            or any(one is not None for one in changed)
        ):
            return None
        outcome = project.header.outcome
        return cls(
            step=project.kept_step,
            ending=Ending.CANCELLED if outcome is None else outcome.ending,
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A drag that is ready to run."""

    problem: DragProblem
    settings: AnySettings
    solver_name: AnySolverName
    model: ModelReference
    photo: PhotoDrag | None = None
    """If it is a photograph that is dragged, how it got here and goes back."""
    unheld: tuple[str, ...] = ()
    """Sentences, if ``hold`` is asked for and the model does not give what it takes."""
    until: KeptEnd | None = None
    """Where to stop, if what is repeated was stopped there."""

    @property
    def solver(self) -> Solver[Any]:
        """With these settings; the limit of steps leaves room for those to be repeated."""
        limit = self.settings.max_steps
        if self.until is None or limit is None:
            return make_solver(self.settings)
        room = max(limit, _TRIES_A_STEP * (self.until.step + 1))
        return make_solver(replace(self.settings, max_steps=room))

    @property
    def scale(self) -> float:
        """Pixels of the photograph to one of the model's; 1 where there is none."""
        return 1.0 if self.photo is None else self.photo.place.scale

    @property
    def method_of_project(self) -> tuple[SolverName, Settings]:
        """As project files keep it; :class:`OptionError` if they cannot."""
        if isinstance(self.settings, FreeDragSettings) or self.solver_name == "freedrag":
            raise OptionError(_NOT_IN_PROJECTS)
        return self.solver_name, self.settings


def check_method(job: DragJob) -> AnySolverName | None:
    """The solver that the options say, if they do; errors are of :mod:`tugan.core.errors`."""
    _check_name("--solver", job.solver, ALL_SOLVERS)
    presets = dict.fromkeys(name for one in ALL_SOLVERS.values() for name in one.presets)
    _check_name("--preset", job.preset, presets)
    solver_name = _solver_name(job)
    if solver_name == "freedrag" and job.outputs.project is not None:
        raise OptionError(_NOT_IN_PROJECTS)
    parse_latent(job.latent)
    return solver_name


def solver_of_photo(solver_name: AnySolverName | None) -> SolverName | None:
    """The same; :class:`OptionError` for one that photographs are not dragged with."""
    if solver_name == "freedrag":
        raise OptionError(
            "--solver freedrag drags generated pictures alone; drag the photograph with newton or"
            " adam"
        )
    return solver_name


def check_points(job: DragJob) -> None:
    """:class:`InvalidDragError` if there are none."""
    if not job.pairs:
        raise InvalidDragError(
            "there are no points: give --point x,y:x,y (handle to goal), or --points FILE.json;"
            " tugan generate --ruler shows where things are"
        )
    check_point_count(len(job.pairs))


def plan_of_seed(job: DragJob, solver_name: AnySolverName | None) -> Plan:
    """To drag a picture of the model's."""
    check_points(job)
    if job.latent_file is not None:
        refuse_starts(replace(job, noise=None), f"--latent {job.latent_file}, which is the start")
    noise = parse_noise(job.noise or "const")
    chosen = job.model or DEFAULT_MODEL
    generator = load_generator(chosen, device=job.device)
    problem = DragProblem(
        generator=generator,
        ws=_start(job, generator),
        handles_xy=handles_of(job.pairs),
        targets_xy=targets_of(job.pairs),
        mask=_read_masks(job, generator.info.size_hw),
        noise=noise,
        noise_seed=job.seed or 0,
    )
    settings = fresh_settings(job, solver_name, generator.info)
    return Plan(
        problem=problem,
        settings=settings,
        solver_name=solver_name or DEFAULT_SOLVER,
        model=reference_of(chosen, generator),
        unheld=prepare_hold(generator, settings, quiet=job.as_json),
    )


def _start(job: DragJob, generator: PretrainedGenerator) -> Ws:
    if job.latent_file is not None:
        return latent_from_file(job.latent_file, generator)
    psi = DEFAULT_PSI if job.psi is None else job.psi
    return start_latent(generator, seed=job.seed or 0, psi=psi, label=job.label)


def parse_latent(text: str | None) -> tuple[LatentKind, int | None] | None:
    """``w``, ``w+``, ``w:8``, ``w+:6``; None stays None."""
    if text is None:
        return None
    found = re.fullmatch(r"(w\+?)(?::(\d+))?", text.lower())
    if found is None:
        raise OptionError(
            f"--latent is {text!r}; expected w or w+, with :N for N rows, as w+:6, or the file of"
            " a latent, and there is none of that name"
        )
    kind: LatentKind = "w+" if found[1] == "w+" else "w"
    return kind, None if found[2] is None else int(found[2])


def _solver_name(job: DragJob) -> AnySolverName | None:
    """What the options say: ``--solver``, or the first that has the preset."""
    able = [name for name, one in ALL_SOLVERS.items() if job.preset in {None, *one.presets}]
    if job.solver is not None:
        for name in able:
            if name == job.solver:
                return name
        raise OptionError(
            f"--preset {job.preset} is of the solver {' or '.join(able)}, not of {job.solver}"
        )
    return None if DEFAULT_SOLVER in able else able[0]


def _preset(name: AnySolverName, job: DragJob, info: GeneratorInfo) -> AnySettings:
    return ALL_SOLVERS[name].presets[job.preset or "auto"](info)


def plan_of_project(job: DragJob, project: Project, solver_name: AnySolverName | None) -> Plan:
    """To repeat a drag of a picture, or to go on from it."""
    header = project.header
    refuse_starts(job, "--project, whose picture is the start")
    chosen = job.model or header.model.name_or_path
    check_apart(job.outputs.named, model_inputs(chosen))
    generator = load_generator(chosen, device=job.device)
    check_model(header, fingerprint=fingerprint(generator))
    goes_on = bool(job.pairs)
    mask = _read_masks(job, generator.info.size_hw)
    if mask is None and not job.no_mask:
        mask = project.mask
    problem = DragProblem(
        generator=generator,
        ws=project.result_ws if goes_on else project.ws,
        handles_xy=handles_of(job.pairs) if goes_on else project.handles_xy,
        targets_xy=targets_of(job.pairs) if goes_on else project.targets_xy,
        mask=mask,
        noise=header.noise,
        noise_seed=header.noise_seed,
    )
    settings = settings_again(job, header, solver_name, generator.info)
    return Plan(
        problem=problem,
        settings=settings,
        solver_name=solver_name or header.solver,
        model=reference_of(chosen, generator),
        unheld=prepare_hold(generator, settings, quiet=job.as_json),
        until=KeptEnd.of(job, project),
    )


def refuse_starts(job: DragJob, with_what: str) -> None:
    """:class:`OptionError` for options that say where to start, where something else does."""
    given = {
        "--seed": job.seed,
        "--psi": job.psi,
        "--label": job.label,
        "--noise": job.noise,
    }
    names = [name for name, value in given.items() if value is not None]
    if job.project is not None and job.latent_file is not None:
        names.append(f"--latent {job.latent_file}")
    if names:
        raise OptionError(f"{' and '.join(names)} cannot be used with {with_what}")


def fresh_settings(
    job: DragJob, solver_name: AnySolverName | None, info: GeneratorInfo
) -> AnySettings:
    """What the options say, the rest as it suits the model."""
    return _settings(job, _preset(solver_name or DEFAULT_SOLVER, job, info))


def settings_again(
    job: DragJob, header: ProjectHeader, solver_name: AnySolverName | None, info: GeneratorInfo
) -> AnySettings:
    """A project's settings, but for what the options say."""
    chosen = solver_name or header.solver
    repeats = job.preset is None and chosen == header.solver
    return _settings(job, header.settings if repeats else _preset(chosen, job, info))


def _check_name(option: str, name: str | None, known: Collection[str]) -> None:
    if name is not None and name not in known:
        raise OptionError(f"{option} is {name!r}; expected one of {', '.join(known)}")


def _settings(job: DragJob, settings: AnySettings) -> AnySettings:
    latent = parse_latent(job.latent)
    if latent is not None:
        kind, rows = latent
        settings = replace(settings, latent=kind, rows=settings.rows if rows is None else rows)
    if job.hold is not None:
        if isinstance(settings, FreeDragSettings):
            raise OptionError("--hold is of the solvers newton and adam; freedrag holds nothing")
        settings = replace(settings, hold=job.hold)
    return settings if job.steps is None else replace(settings, max_steps=job.steps)


def reference_of(model: str, generator: PretrainedGenerator) -> ModelReference:
    """How a project finds this model again."""
    # a file is found again from anywhere; a catalogue name stays a name
    by_name = model in {entry.name for entry in catalog()}
    name = model if by_name else str(Path(model).resolve())
    return ModelReference(name_or_path=name, fingerprint=fingerprint(generator))


def _read_masks(job: DragJob, image_hw: tuple[int, int]) -> Float[Tensor, "h w"] | None:
    mask = joined_masks(job, image_hw)
    # to 8 bits, as projects keep it, so that a drag is repeated under the same mask
    return None if mask is None else (mask * 255).round() / 255


def joined_masks(job: DragJob, image_hw: tuple[int, int]) -> Float[Tensor, "h w"] | None:
    """Where ``--mask`` and ``--keep-mask`` both let the picture change; None without them."""
    mask = None
    if job.mask is not None:
        mask = read_mask(job.mask)
        check_mask(mask, image_hw=image_hw)
    if job.keep_mask is not None:
        keep = read_mask(job.keep_mask)
        check_mask(keep, image_hw=image_hw)
        mask = 1 - keep if mask is None else mask * (1 - keep)
    return mask


def handles_of(pairs: tuple[PointPair, ...]) -> Float[Tensor, "n 2"]:
    """As tensors go."""
    return torch.tensor([pair.start_xy for pair in pairs], dtype=torch.float32)


def targets_of(pairs: tuple[PointPair, ...]) -> Float[Tensor, "n 2"]:
    """As tensors go."""
    return torch.tensor([pair.goal_xy for pair in pairs], dtype=torch.float32)
