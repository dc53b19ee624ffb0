"""From options to a problem and its solver. Imports torch: for use in commands."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.cli.drag_job import DragJob
from tugan.cli.options import DEFAULT_MODEL, DEFAULT_PSI, OptionError
from tugan.cli.points import PointPair
from tugan.cli.start import parse_noise, start_latent
from tugan.core.errors import InvalidDragError
from tugan.core.masks import check_mask_size
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.generators.loading import load_generator
from tugan.generators.protocol import GeneratorInfo, LatentKind, PretrainedGenerator
from tugan.generators.saving import fingerprint
from tugan.render.image_file import read_mask
from tugan.session.project_file import ModelReference, Project, check_model, load_project

SOLVERS = ("adam",)
PRESETS = ("auto", "paper", "original")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A drag that is ready to run."""

    problem: DragProblem
    settings: DragSettings
    model: ModelReference


def make_plan(job: DragJob) -> Plan:
    """Check every option, load the model; errors are of :mod:`tugan.core.errors`."""
    if job.solver not in SOLVERS:
        raise OptionError(f"--solver is {job.solver!r}; expected one of {', '.join(SOLVERS)}")
    if job.preset not in PRESETS:
        raise OptionError(f"--preset is {job.preset!r}; expected one of {', '.join(PRESETS)}")
    parse_latent(job.latent)
    if job.project is not None:
        return _plan_of_project(job, load_project(job.project))
    if not job.pairs:
        raise InvalidDragError(
            "there are no points: give --point x,y:x,y (handle to goal), or --points FILE.json;"
            " tugan generate --ruler shows where things are"
        )
    noise = parse_noise(job.noise or "const")
    chosen = job.model or DEFAULT_MODEL
    generator = load_generator(chosen, device=job.device)
    problem = DragProblem(
        generator=generator,
        ws=start_latent(
            generator,
            seed=job.seed or 0,
            psi=DEFAULT_PSI if job.psi is None else job.psi,
            label=job.label,
        ),
        handles_xy=_handles(job.pairs),
        targets_xy=_targets(job.pairs),
        mask=_read_masks(job, generator.info.size_hw),
        noise=noise,
    )
    settings = _settings(job, generator.info)
    return Plan(problem=problem, settings=settings, model=_reference(chosen, generator))


def parse_latent(text: str | None) -> tuple[LatentKind, int | None] | None:
    """``w``, ``w+``, ``w:8``, ``w+:6``; None stays None."""
    if text is None:
        return None
    found = re.fullmatch(r"(w\+?)(?::(\d+))?", text.lower())
    if found is None:
        raise OptionError(f"--latent is {text!r}; expected w or w+, with :N for N rows, as w+:6")
    kind: LatentKind = "w+" if found[1] == "w+" else "w"
    return kind, None if found[2] is None else int(found[2])


def _plan_of_project(job: DragJob, project: Project) -> Plan:
    header = project.header
    _refuse_overridden(job)
    chosen = job.model or header.model.name_or_path
    generator = load_generator(chosen, device=job.device)
    check_model(header, fingerprint=fingerprint(generator))
    goes_on = bool(job.pairs)
    mask = _read_masks(job, generator.info.size_hw)
    problem = DragProblem(
        generator=generator,
        ws=project.result_ws if goes_on else project.ws,
        handles_xy=_handles(job.pairs) if goes_on else project.handles_xy,
        targets_xy=_targets(job.pairs) if goes_on else project.targets_xy,
        mask=project.mask if mask is None else mask,
        noise=header.noise,
    )
    changes = job.preset != "auto" or job.latent is not None
    settings = _settings(job, generator.info) if changes else header.settings
    if job.steps is not None:
        settings = replace(settings, max_steps=job.steps)
    return Plan(problem=problem, settings=settings, model=_reference(chosen, generator))


def _refuse_overridden(job: DragJob) -> None:
    """:class:`OptionError` for options that say where to start: the project says that."""
    given = {
        "--seed": job.seed,
        "--psi": job.psi,
        "--label": job.label,
        "--noise": job.noise,
    }
    names = [name for name, value in given.items() if value is not None]
    if names:
        raise OptionError(
            f"{' and '.join(names)} cannot be used with --project, whose picture is the start"
        )


def _settings(job: DragJob, info: GeneratorInfo) -> DragSettings:
    presets = {
        "auto": DragSettings.for_generator(info),
        "paper": DragSettings.paper(),
        "original": DragSettings.original(),
    }
    settings = presets[job.preset]
    latent = parse_latent(job.latent)
    if latent is not None:
        kind, rows = latent
        settings = replace(settings, latent=kind, rows=settings.rows if rows is None else rows)
    return settings if job.steps is None else replace(settings, max_steps=job.steps)


def _reference(model: str, generator: PretrainedGenerator) -> ModelReference:
    path = Path(model)
    # a file is found again from anywhere; a catalogue name stays a name
    name = str(path.resolve()) if path.exists() and model != generator.info.name else model
    return ModelReference(name_or_path=name, fingerprint=fingerprint(generator))


def _read_masks(job: DragJob, image_hw: tuple[int, int]) -> Float[Tensor, "h w"] | None:
    mask = None
    if job.mask is not None:
        mask = read_mask(job.mask)
        check_mask_size(mask, image_hw=image_hw)
    if job.keep_mask is not None:
        keep = read_mask(job.keep_mask)
        check_mask_size(keep, image_hw=image_hw)
        mask = 1 - keep if mask is None else mask * (1 - keep)
    return mask


def _handles(pairs: tuple[PointPair, ...]) -> Float[Tensor, "n 2"]:
    return torch.tensor([pair.start_xy for pair in pairs], dtype=torch.float32)


def _targets(pairs: tuple[PointPair, ...]) -> Float[Tensor, "n 2"]:
    return torch.tensor([pair.goal_xy for pair in pairs], dtype=torch.float32)
