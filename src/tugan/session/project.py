"""A single drag that can be repeated, and its result: what the command line saves."""

from dataclasses import dataclass, field

from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from tugan.core.outcome import Outcome
from tugan.dragging.methods import SOLVERS, SolverName
from tugan.generators.protocol import Noise, Ws
from tugan.inversion.photo_edit import PhotoEdit
from tugan.session.model_reference import ModelReference
from tugan.session.project_errors import ProjectFileError
from tugan.session.settings_field import SettingsField


class ProjectHeader(BaseModel):
    """All of a drag but its tensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelReference
    solver: SolverName = "adam"
    settings: SettingsField
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
    """Kept with 8 bits."""
    result_ws: Ws = field(repr=False)
    result_handles_xy: Float[Tensor, "n 2"]
    photo: PhotoEdit | None = field(default=None, repr=False)
    """What is dragged, if it is a photograph: points and mask are of its crop."""
    kept_step: int | None = None
    """The step whose picture was kept, of a drag that was stopped before its own end, or that went
    on beyond its settings' limit; None for one that ended by itself."""


def check_model(header: ProjectHeader, *, fingerprint: str) -> None:
    """:class:`ProjectFileError` if the generator is not the one the project was made with."""
    wanted = header.model
    if wanted.fingerprint != fingerprint:
        raise ProjectFileError(
            f"the project was made with the model {wanted.name_or_path}, fingerprint"
            f" {wanted.fingerprint}, but this model's is {fingerprint}: its latents mean nothing"
            " here; give the original model with --model"
        )
