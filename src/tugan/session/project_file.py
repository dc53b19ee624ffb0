"""A drag in one file: what was asked, of which model, and what came out.

The file is safetensors: tensors, and a JSON header in its metadata. Reading it runs nothing.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import torch
from jaxtyping import Float
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tugan.core.atomic_write import atomic_path
from tugan.core.errors import TuganError
from tugan.core.outcome import Outcome
from tugan.core.tensor_file import save_tensors
from tugan.dragging.methods import SOLVERS, SolverName
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.protocol import Noise, Ws

FORMAT_VERSION = 2
"""2: settings of any solver; 1 had the paper's alone."""
_HEADER = "tugan_project"


def _solver_of(settings: Any) -> SolverName:  # noqa: ANN401 (a dict of a file, or settings)
    """Whose settings these are: both have names in common, so that trying both would mislead."""
    is_newton = isinstance(settings, NewtonSettings)
    return (
        "newton"
        if is_newton or (isinstance(settings, dict) and "blocks_px" in settings)
        else "adam"
    )


class ProjectFileError(TuganError):
    """A file that is not a project, or a project of another model."""


class ModelReference(BaseModel):
    """Which generator a project belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name_or_path: str
    fingerprint: str
    """Of its weights, so that another model under the same name is noticed."""


class ProjectHeader(BaseModel):
    """All of a project but its tensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = Field(default=FORMAT_VERSION, ge=1, le=FORMAT_VERSION)
    model: ModelReference
    solver: SolverName = "adam"
    settings: Annotated[
        Annotated[DragSettings, Tag("adam")] | Annotated[NewtonSettings, Tag("newton")],
        Discriminator(_solver_of),
    ]
    noise: Noise = "const"
    noise_seed: int = Field(default=0, ge=0, lt=2**32)
    outcome: Outcome | None = None

    @model_validator(mode="after")
    def _settings_are_the_solvers(self) -> "ProjectHeader":
        if not isinstance(self.settings, SOLVERS[self.solver].settings_class):
            raise ValueError(f"the settings are not of the solver {self.solver}")
        return self


@dataclass(frozen=True, kw_only=True)
class Project:
    """A drag that can be repeated, and its result."""

    header: ProjectHeader
    ws: Ws = field(repr=False)
    """Start."""
    handles_xy: Float[Tensor, "n 2"]
    targets_xy: Float[Tensor, "n 2"]
    mask: Float[Tensor, "h w"] | None = field(default=None, repr=False)
    result_ws: Ws = field(repr=False)
    result_handles_xy: Float[Tensor, "n 2"]


def save_project(path: Path, project: Project) -> None:
    """Write the project, whole or not at all."""
    tensors = {
        "ws": project.ws,
        "handles_xy": project.handles_xy,
        "targets_xy": project.targets_xy,
        "result_ws": project.result_ws,
        "result_handles_xy": project.result_handles_xy,
    }
    if project.mask is not None:
        tensors["mask"] = project.mask
    # clones: a drag that never moved ends with the tensors that it began with
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    header = {_HEADER: project.header.model_dump_json()}
    with atomic_path(path) as temporary:
        save_tensors(plain, temporary, metadata=header)


def load_project(path: Path) -> Project:
    """Read a project; :class:`ProjectFileError` says what is wrong with the file."""
    try:
        if not path.is_file():
            raise ProjectFileError(f"there is no project file {path}")
        with safe_open(path, framework="pt") as opened:
            metadata = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ProjectFileError(f"{path} is not a tugan project: {error}") from error
    if _HEADER not in metadata:
        raise ProjectFileError(f"{path} holds tensors but no tugan project")
    try:
        header = ProjectHeader.model_validate_json(metadata[_HEADER])
        return _assemble(header, tensors)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part not in SOLVERS)
        where = f"at {place}" if place else "in its header"
        raise ProjectFileError(f"{path} is damaged {where}: {first['msg']}") from error
    except ValueError as error:
        raise ProjectFileError(f"{path} is damaged: {error}") from error
    except KeyError as error:
        raise ProjectFileError(f"{path} is damaged: it lacks {error.args[0]}") from error


def check_model(header: ProjectHeader, *, fingerprint: str) -> None:
    """:class:`ProjectFileError` if the generator is not the one the project was made with."""
    wanted = header.model
    if wanted.fingerprint != fingerprint:
        raise ProjectFileError(
            f"the project was made with the model {wanted.name_or_path}, fingerprint"
            f" {wanted.fingerprint}, but this model's is {fingerprint}: its latents mean nothing"
            " here; give the original model with --model"
        )


def _assemble(header: ProjectHeader, tensors: dict[str, Tensor]) -> Project:
    _check_shapes(tensors)
    floats = {name: tensor.to(torch.float32) for name, tensor in tensors.items()}
    return Project(
        header=header,
        ws=floats["ws"],
        handles_xy=floats["handles_xy"],
        targets_xy=floats["targets_xy"],
        mask=floats.get("mask"),
        result_ws=floats["result_ws"],
        result_handles_xy=floats["result_handles_xy"],
    )


def _check_shapes(tensors: dict[str, Tensor]) -> None:
    """``ValueError`` names a tensor that is not what its name says."""
    for name, tensor in tensors.items():
        if tensor.is_complex() or tensor.dtype == torch.bool:
            raise ValueError(f"{name} is of {tensor.dtype}, expected real numbers")
    ws, handles = tensors["ws"], tensors["handles_xy"]
    if ws.ndim != 3 or len(ws) != 1:
        raise ValueError(f"ws is {tuple(ws.shape)}, expected (1, rows, width)")
    if handles.ndim != 2 or handles.shape[1] != 2:
        raise ValueError(f"handles_xy is {tuple(handles.shape)}, expected (points, 2)")
    for name, like in (
        ("result_ws", "ws"),
        ("targets_xy", "handles_xy"),
        ("result_handles_xy", "handles_xy"),
    ):
        found, expected = tuple(tensors[name].shape), tuple(tensors[like].shape)
        if found != expected:
            raise ValueError(f"{name} is {found}, but {like} is {expected}")
    if "mask" in tensors and tensors["mask"].ndim != 2:
        raise ValueError(f"mask is {tuple(tensors['mask'].shape)}, expected (height, width)")
