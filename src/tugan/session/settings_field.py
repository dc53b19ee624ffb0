"""Settings of either solver as a field of a file."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from tugan.dragging.methods import SolverName
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.newton_settings import NewtonSettings


def _solver_of(settings: Any) -> SolverName:  # noqa: ANN401 (a dict of a file, or settings)
    """Whose settings these are: both have names in common, so that trying both would mislead."""
    is_newton = isinstance(settings, NewtonSettings)
    return (
        "newton"
        if is_newton or (isinstance(settings, dict) and "blocks_px" in settings)
        else "adam"
    )


SettingsField = Annotated[
    Annotated[DragSettings, Tag("adam")] | Annotated[NewtonSettings, Tag("newton")],
    Discriminator(_solver_of),
]
