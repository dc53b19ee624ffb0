"""From how a solver's drag ended to what is told of it."""

from tugan.core.outcome import Ending, Outcome
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.protocol import Observation
from tugan.dragging.way import way_of


def outcome_of(
    problem: DragProblem,
    seen: Observation,
    ending: Ending | None,
    *,
    steps: int,
    tolerance_px: float,
) -> Outcome | None:
    """With the distances of what is seen; None if the drag goes on."""
    if ending is None:
        return None
    way = way_of(problem, handles_xy=seen.handles_xy, lost=seen.lost, tolerance_px=tolerance_px)
    return Outcome.of(ending, steps=steps, way=way)
