"""Settings of either solver as a field of a file."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Tag

from tugan.dragging.methods import SolverName
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.newton_settings import NewtonSettings

FRESH_POINTS_BEFORE = 2


def _solver_of(settings: Any) -> SolverName:  # noqa: ANN401 (a dict of a file, or settings)
    """Whose settings these are: both have names in common, so that trying both would mislead."""
    is_newton = isinstance(settings, NewtonSettings)
    return (
        "newton"
        if is_newton or (isinstance(settings, dict) and "blocks_px" in settings)
        else "adam"
    )


def _as_then(settings: Any) -> Any:  # noqa: ANN401
    """With what newton did before a setting said it, so that old drags repeat to the bit."""
    if isinstance(settings, dict):
        return {"fresh_points": FRESH_POINTS_BEFORE} | settings
    return settings


SettingsField = Annotated[
    Annotated[DragSettings, Tag("adam")]
    | Annotated[NewtonSettings, BeforeValidator(_as_then), Tag("newton")],
    Discriminator(_solver_of),
]
