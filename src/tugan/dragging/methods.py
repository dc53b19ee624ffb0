"""The solvers by the names that people give them, and their settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, overload

from tugan.core.errors import InvalidDragError
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.freedrag import FreeDrag
from tugan.dragging.solvers.freedrag_settings import FreeDragSettings
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.protocol import Solver
from tugan.dragging.trackers.patch import Patch
from tugan.dragging.trackers.registry import TrackerName, make_tracker
from tugan.generators.protocol import GeneratorInfo

SolverName = Literal["newton", "adam"]
"""Of those that sessions, project files and the studio know."""
Settings = DragSettings | NewtonSettings

AnySolverName = Literal["newton", "adam", "freedrag"]
"""Of those that a drag can be done with."""
AnySettings = Settings | FreeDragSettings

DEFAULT_SOLVER: SolverName = "newton"

_SettingsT_co = TypeVar("_SettingsT_co", bound=AnySettings, covariant=True)


@dataclass(frozen=True, kw_only=True)
class NamedSolver(Generic[_SettingsT_co]):
    """A kind of solver: how its settings are made."""

    settings_class: type[_SettingsT_co]
    presets: Mapping[str, Callable[[GeneratorInfo], _SettingsT_co]]
    """``auto`` suits the generator; the rest are published sets."""


_NEWTON = NamedSolver(settings_class=NewtonSettings, presets={"auto": NewtonSettings.for_generator})
_ADAM = NamedSolver(
    settings_class=DragSettings,
    presets={
        "auto": DragSettings.for_generator,
        "paper": lambda _: DragSettings.paper(),
        "original": lambda _: DragSettings.original(),
    },
)
_FREEDRAG = NamedSolver(
    settings_class=FreeDragSettings,
    presets={
        "auto": FreeDragSettings.for_generator,
        "paper": lambda _: FreeDragSettings.paper(),
    },
)

SOLVERS: dict[SolverName, NamedSolver[Settings]] = {"newton": _NEWTON, "adam": _ADAM}
"""What sessions, project files and the studio know."""

ALL_SOLVERS: dict[AnySolverName, NamedSolver[AnySettings]] = {
    "newton": _NEWTON,
    "adam": _ADAM,
    "freedrag": _FREEDRAG,
}
"""What the library, the command line and experiments know."""


@overload
def make_solver(settings: Settings, *, tracker: TrackerName | None = None) -> Newton | Adam: ...
@overload
def make_solver(settings: FreeDragSettings, *, tracker: TrackerName | None = None) -> FreeDrag: ...
def make_solver(
    settings: AnySettings, *, tracker: TrackerName | None = None
) -> Newton | Adam | FreeDrag:
    """The solver that these settings belong to.

    Without a tracker, the one that it was made for: ``patch`` for newton, and for adam
    ``nearest_feature``, which searches as the settings say in either case. FreeDrag tracks nothing:
    :class:`InvalidDragError` if it is given a tracker.
    """
    if isinstance(settings, FreeDragSettings):
        if tracker is not None:
            raise InvalidDragError(f"freedrag tracks no points: leave the tracker {tracker!r} out")
        return FreeDrag(settings=settings)
    if isinstance(settings, NewtonSettings):
        chosen = Patch() if tracker is None else make_tracker(tracker)
        return Newton(settings=settings, tracker=chosen)
    if tracker is None or tracker == "nearest_feature":
        return Adam(settings=settings)
    return Adam(settings=settings, tracker=make_tracker(tracker))


def default_solver(info: GeneratorInfo) -> Solver[Any]:
    """What a drag is done with if nobody says otherwise."""
    return make_solver(SOLVERS[DEFAULT_SOLVER].presets["auto"](info))
