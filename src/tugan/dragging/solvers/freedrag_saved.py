"""The state of FreeDrag without what can be computed again, so that on the same machine
and versions a drag goes on to the bit.

Templates change on the way and are kept: some hundreds of kilobytes a handle.
"""

from dataclasses import dataclass, field, replace

from jaxtyping import Float
from torch import Tensor

from tugan.core.errors import InvalidDragError
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.adam_moments import AdamMoments
from tugan.dragging.solvers.freedrag import FreeDrag, FreeDragState


@dataclass(frozen=True, kw_only=True)
class SavedFreeDrag:
    """Of :class:`FreeDragState`, on the CPU."""

    steps: int
    move: Float[Tensor, "moved d"] = field(repr=False)
    mean: Float[Tensor, "moved d"] = field(repr=False)
    square: Float[Tensor, "moved d"] = field(repr=False)
    count: int
    places_xy: Float[Tensor, "n 2"]
    templates: Float[Tensor, "n q c"] = field(repr=False)
    begun: Float[Tensor, " n"]
    taken: int
    handles_xy: Float[Tensor, "n 2"]
    least_left_px: float
    least_left_step: int


def saved_freedrag(state: FreeDragState) -> SavedFreeDrag:
    """What is worth keeping of the state."""
    return SavedFreeDrag(
        steps=state.steps,
        move=_kept(state.move),
        mean=_kept(state.moments.mean),
        square=_kept(state.moments.square),
        count=state.moments.count,
        places_xy=_kept(state.places_xy),
        templates=_kept(state.templates),
        begun=_kept(state.begun),
        taken=state.taken,
        handles_xy=_kept(state.handles_xy),
        least_left_px=state.least_left_px,
        least_left_step=state.least_left_step,
    )


def restored_freedrag(
    solver: FreeDrag, problem: DragProblem, saved: SavedFreeDrag
) -> FreeDragState:
    """The state that was saved; costs the forward pass of ``init``.

    :class:`InvalidDragError` if it is of another number of points, rows or features.
    """
    start = solver.init(problem)
    for name in ("places_xy", "templates", "begun", "handles_xy"):
        _check_like(name, getattr(saved, name), getattr(start, name))
    for name in ("move", "mean", "square"):
        _check_like(name, getattr(saved, name), start.move)
    device = start.move.device
    return replace(
        start,
        steps=saved.steps,
        move=saved.move.to(device),
        moments=AdamMoments(
            mean=saved.mean.to(device), square=saved.square.to(device), count=saved.count
        ),
        places_xy=saved.places_xy.to(device),
        templates=saved.templates.to(device),
        begun=saved.begun.to(device),
        taken=saved.taken,
        handles_xy=saved.handles_xy.to(device),
        least_left_px=saved.least_left_px,
        least_left_step=saved.least_left_step,
    )


def _check_like(name: str, found: Tensor, expected: Tensor) -> None:
    if found.shape != expected.shape:
        raise InvalidDragError(
            f"the saved state's {name} is {tuple(found.shape)}, but this drag's is"
            f" {tuple(expected.shape)}: start anew"
        )


def _kept(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().clone()
