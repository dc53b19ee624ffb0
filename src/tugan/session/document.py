"""What a session edits: a picture, its points, its mask, and how it is dragged. Immutable."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.outcome import Outcome
from tugan.dragging.checkpoint import Nearest
from tugan.dragging.methods import Settings, SolverName
from tugan.dragging.solvers.saved_state import SavedState
from tugan.generators.protocol import Noise, Ws
from tugan.session.document_photo import DocumentPhoto
from tugan.session.model_reference import ModelReference
from tugan.session.packed_mask import MaskArray, PackedMask

PointXy = tuple[float, float]
"""Pixels of the picture; an integer is a pixel's centre."""

PictureKey = tuple[str, str, Noise, int]
"""Fingerprint of the model with its tuning, digest of the latent, noise: one picture."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a picture came from."""

    seed: int | None = None
    """None if it came from a file without one."""
    psi: float = 0.7
    label: int | None = None
    noise: Noise = "const"
    noise_seed: int = 0


@dataclass(frozen=True, kw_only=True)
class PointPair:
    """A handle, and where it should go."""

    id: int
    start_xy: PointXy
    """Where the handle was when it was set."""
    handle_xy: PointXy
    """Where it is in the picture now."""
    goal_xy: PointXy | None = None
    lost: bool = False
    """It was not found again: its place is a guess."""

    @property
    def asks(self) -> bool:
        """Is there a goal to go to?"""
        return self.goal_xy is not None and self.goal_xy != self.handle_xy


@dataclass(frozen=True, kw_only=True)
class AskedPoint:
    """One handle of a drag, at its beginning."""

    id: int
    handle_xy: PointXy
    goal_xy: PointXy


@dataclass(frozen=True, kw_only=True, eq=False)
class DragRecord:
    """What the last drag was asked: enough to repeat it."""

    start_ws: Ws = field(repr=False)
    points: tuple[AskedPoint, ...]
    packed_mask: PackedMask | None = field(default=None, repr=False)
    solver: SolverName
    settings: Settings

    def handles_xy(self) -> Float[Tensor, "n 2"]:
        """At the start."""
        places = [point.handle_xy for point in self.points]
        return torch.tensor(places, dtype=torch.float32).reshape(-1, 2)

    def goals_xy(self) -> Float[Tensor, "n 2"]:
        """At the end, if they moved meanwhile."""
        places = [point.goal_xy for point in self.points]
        return torch.tensor(places, dtype=torch.float32).reshape(-1, 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class SavedRun:
    """Optimiser state: with the record of its drag it goes on exactly where it was stopped."""

    state: SavedState = field(repr=False)
    nearest: Nearest | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class TrailStep:
    """A picture on the way."""

    step: int
    rows: Float[Tensor, "r d"] = field(repr=False)
    """The rows of ``ws`` that differ from the trail's start."""
    handles_xy: Float[Tensor, "n 2"]
    goals_xy: Float[Tensor, "n 2"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trail:
    """The way of the last drag, thinned."""

    start_ws: Ws = field(repr=False)
    steps: tuple[TrailStep, ...] = ()

    def ws_of(self, step: TrailStep) -> Ws:
        """The latent of one of its steps."""
        return torch.cat([step.rows[None], self.start_ws[:, len(step.rows) :]], dim=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Document:
    """One state of the work; tensors are on the CPU and never written to."""

    model: ModelReference
    start: Start
    origin_ws: Ws = field(repr=False)
    """Of the picture that was started from."""
    ws: Ws = field(repr=False)
    """Of the picture now."""
    points: tuple[PointPair, ...] = ()
    packed_mask: PackedMask | None = field(default=None, repr=False)
    solver: SolverName
    settings: Settings
    record: DragRecord | None = None
    """Of the drag that led to this picture; None if none did."""
    run: SavedRun | None = field(default=None, repr=False)
    """Where that drag can go on, if nothing was changed since."""
    trail: Trail | None = field(default=None, repr=False)
    outcome: Outcome | None = None
    """How the last drag ended."""
    steps: int = 0
    """Of the last drag."""
    photo: DocumentPhoto | None = field(default=None, repr=False)
    """None if the picture is not of a photograph."""

    @property
    def photo_key(self) -> str | None:
        """Equal for documents of the same photograph and tuning."""
        return None if self.photo is None else self.photo.key

    @property
    def mask(self) -> MaskArray | None:
        """uint8 ``(h, w)``, read-only: 255 where the picture may change, 0 where it stays."""
        return None if self.packed_mask is None else self.packed_mask.pixels()

    @cached_property
    def picture_key(self) -> PictureKey:
        """Equal for equal pictures."""
        return self.key_of(self.ws)

    @cached_property
    def origin_key(self) -> PictureKey:
        """Of the picture that was started from."""
        return self.key_of(self.origin_ws)

    def key_of(self, ws: Ws) -> PictureKey:
        """Of another latent of the same model and noise."""
        digest = hashlib.sha1(ws.contiguous().numpy().tobytes(), usedforsecurity=False)
        drawn_by = self.model.fingerprint
        if self.photo is not None:
            drawn_by = f"{drawn_by}/{self.photo.key}"
        return drawn_by, digest.hexdigest(), self.start.noise, self.start.noise_seed

    def asking(self) -> tuple[PointPair, ...]:
        """The points that have somewhere to go."""
        return tuple(point for point in self.points if point.asks)
