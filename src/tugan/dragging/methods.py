"""The solvers by the names that people give them, and their settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.protocol import Solver
from tugan.generators.protocol import GeneratorInfo

SolverName = Literal["newton", "adam"]
Settings = DragSettings | NewtonSettings

DEFAULT_SOLVER: SolverName = "newton"


@dataclass(frozen=True, kw_only=True)
class NamedSolver:
    """A kind of solver: how its settings are made, and how it is made of them."""

    settings_class: type[DragSettings] | type[NewtonSettings]
    presets: dict[str, Callable[[GeneratorInfo], Settings]]
    """``auto`` suits the generator; the rest are published sets."""


SOLVERS: dict[SolverName, NamedSolver] = {
    "newton": NamedSolver(
        settings_class=NewtonSettings, presets={"auto": NewtonSettings.for_generator}
    ),
    "adam": NamedSolver(
        settings_class=DragSettings,
        presets={
            "auto": DragSettings.for_generator,
            "paper": lambda _: DragSettings.paper(),
            "original": lambda _: DragSettings.original(),
        },
    ),
}


def make_solver(settings: Settings) -> Newton | Adam:
    """The solver that these settings belong to."""
    if isinstance(settings, NewtonSettings):
        return Newton(settings=settings)
    return Adam(settings=settings)


def default_solver(info: GeneratorInfo) -> Solver[Any]:
    """What a drag is done with if nobody says otherwise."""
    return make_solver(SOLVERS[DEFAULT_SOLVER].presets["auto"](info))
