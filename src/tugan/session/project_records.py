"""The manifest of a project: all of it but tensors and pictures, which it names."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tugan.core.outcome import Outcome
from tugan.core.point_limit import MAX_POINTS
from tugan.dragging.methods import SOLVERS, SolverName
from tugan.generators.protocol import Noise
from tugan.session.model_reference import ModelReference
from tugan.session.settings_field import SettingsField

FORMAT_VERSION: Final = 7
"""7: how near drags came; 6: newton's derivatives in turns; 5: a mask's curvature kept; 4: entries
name their photographs; 3: a zip with the history; 2: one drag as safetensors, of any solver; 1: of
the paper's alone."""

_MAX_COORDINATE = 1e5
MAX_ENTRIES = 1000
"""Ten times what the studio keeps."""
Coordinate = Annotated[float, Field(allow_inf_nan=False, ge=-_MAX_COORDINATE, le=_MAX_COORDINATE)]
Xy = tuple[Coordinate, Coordinate]
Key = Annotated[str, Field(max_length=100)]
"""Of a tensor, or the name of a mask."""
Count = Annotated[int, Field(ge=0, le=10**9)]
Distance = Annotated[float, Field(ge=0)]
"""May be infinite: not known yet."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class StartRecord(_Record):
    """Of :class:`Start`."""

    seed: int | None = Field(default=None, ge=0, lt=2**32)
    psi: float = Field(default=0.7, ge=-2, le=2)
    label: int | None = Field(default=None, ge=0)
    noise: Noise = "const"
    noise_seed: int = Field(default=0, ge=0, lt=2**32)


class PointRecord(_Record):
    """Of :class:`PointPair`."""

    id: int = Field(ge=-1, lt=2**31)
    start: Xy
    handle: Xy
    goal: Xy | None
    lost: bool


class AskedRecord(_Record):
    """Of :class:`AskedPoint`."""

    id: int = Field(ge=-1, lt=2**31)
    handle: Xy
    goal: Xy


class _WithSettings(_Record):
    solver: SolverName
    settings: SettingsField

    @model_validator(mode="after")
    def _settings_are_the_solvers(self) -> "_WithSettings":
        if not isinstance(self.settings, SOLVERS[self.solver].settings_class):
            raise ValueError(f"the settings are not of the solver {self.solver}")
        return self


class DragRecordRecord(_WithSettings):
    """Of :class:`DragRecord`."""

    start_ws: Key
    points: tuple[AskedRecord, ...] = Field(max_length=MAX_POINTS, fail_fast=True)
    mask: Key | None


class NewtonStateRecord(_Record):
    """Of :class:`SavedNewton`."""

    kind: Literal["newton"] = "newton"
    steps: Count
    move: Key
    level: Count
    expected_xy: Key
    seen_xy: Key
    damping: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    jacobian: Key | None
    last_change: Key | None
    held_directions: Key | None = None
    """Not in versions before 5."""
    held_products: Key | None = None
    age: Count
    radius: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Not in versions before 7, like the next two."""
    tries: Count = 0
    taken_back: Count = 0
    left_px: Distance
    waited: Count
    least_left_px: Distance
    least_left_step: Count


class AdamStateRecord(_Record):
    """Of :class:`SavedAdam`."""

    kind: Literal["adam"] = "adam"
    steps: Count
    move: Key
    mean: Key
    square: Key
    count: Count
    handles_xy: Key
    least_left_px: Distance
    least_left_step: Count


class NearestRecord(_Record):
    """Of :class:`Nearest`."""

    index: Count
    ws: Key
    handles_xy: Key
    lost: tuple[bool, ...] = Field(max_length=MAX_POINTS, fail_fast=True)


class RunRecord(_Record):
    """Of :class:`SavedRun`."""

    state: Annotated[NewtonStateRecord | AdamStateRecord, Field(discriminator="kind")]
    nearest: NearestRecord | None


class TrailStepRecord(_Record):
    """Of :class:`TrailStep`."""

    step: Count
    rows: Key
    handles_xy: Key
    goals_xy: Key


class TrailRecord(_Record):
    """Of :class:`Trail`."""

    start_ws: Key
    steps: tuple[TrailStepRecord, ...] = Field(max_length=1000, fail_fast=True)


class DocumentRecord(_WithSettings):
    """Of :class:`Document`."""

    model: ModelReference
    start: StartRecord
    origin_ws: Key
    ws: Key
    points: tuple[PointRecord, ...] = Field(max_length=MAX_POINTS, fail_fast=True)
    mask: Key | None
    record: DragRecordRecord | None
    run: RunRecord | None
    trail: TrailRecord | None
    outcome: Outcome | None
    steps: Count
    photo: Key | None = None
    """The folder of its photograph."""


class EntryRecord(_Record):
    """Of :class:`Entry`."""

    id: int = Field(ge=0, lt=2**31)
    parent: int | None
    text: str = Field(max_length=1000)
    has_picture: bool
    document: DocumentRecord


class ManifestRecord(_Record):
    """The whole."""

    format_version: Literal[3, 4, 5, 6, 7] = FORMAT_VERSION
    app_version: str = Field(max_length=100)
    model: ModelReference
    """Of the current entry."""
    entries: tuple[EntryRecord, ...] = Field(min_length=1, max_length=MAX_ENTRIES, fail_fast=True)
    current: int
    taken: tuple[tuple[int, int], ...] = Field(default=(), max_length=MAX_ENTRIES, fail_fast=True)
    """For each entry the child that was last gone to."""

    @model_validator(mode="after")
    def _is_a_tree(self) -> "ManifestRecord":
        known: set[int] = set()
        for entry in self.entries:
            if entry.id in known:
                raise ValueError(f"entry {entry.id} is there twice")
            # parents come first, so that no entry is its own ancestor
            if entry.parent is None and known:
                raise ValueError(f"entry {entry.id} is a second beginning")
            if entry.parent is not None and entry.parent not in known:
                raise ValueError(f"entry {entry.id} has no parent {entry.parent} before it")
            known.add(entry.id)
        if self.current not in known:
            raise ValueError(f"there is no current entry {self.current}")
        parents = {entry.id: entry.parent for entry in self.entries}
        if any(parents.get(child, -1) != parent for parent, child in self.taken):
            raise ValueError("the branches taken are not in the history")
        return self
