"""Solvers' states without what can be computed again from the problem: small enough to keep.

Feature maps, references and the latent space come back from ``solver.init``; the rest is kept as
it was, so that on the same machine and versions a drag goes on to the bit.
"""

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.errors import InvalidDragError
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.adam import Adam, AdamState
from tugan.dragging.solvers.adam_moments import AdamMoments
from tugan.dragging.solvers.curvature import Curvature
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_state import NewtonState


@dataclass(frozen=True, kw_only=True)
class SavedAdam:
    """Of :class:`AdamState`, on the CPU."""

    steps: int
    move: Float[Tensor, "moved d"] = field(repr=False)
    mean: Float[Tensor, "moved d"] = field(repr=False)
    square: Float[Tensor, "moved d"] = field(repr=False)
    count: int
    handles_xy: Float[Tensor, "n 2"]
    least_left_px: float
    least_left_step: int


@dataclass(frozen=True, kw_only=True)
class SavedNewton:
    """Of :class:`NewtonState`, on the CPU."""

    steps: int
    move: Float[Tensor, "moved d"] = field(repr=False)
    level: int
    expected_xy: Float[Tensor, "n 2"]
    seen_xy: Float[Tensor, "n 2"]
    damping: float
    jacobian: Float[Tensor, "e m"] | None = field(default=None, repr=False)
    """None where the next step computes it anyway."""
    last_change: Float[Tensor, " m"] | None = field(default=None, repr=False)
    held_directions: Float[Tensor, "r m"] | None = field(default=None, repr=False)
    """What is known of the curvature that the mask holds, and what is made of it; or neither."""
    held_products: Float[Tensor, "r m"] | None = field(default=None, repr=False)
    age: int
    radius: float = 1.0
    tries: int = 0
    taken_back: int = 0
    left_px: float
    waited: int
    least_left_px: float
    least_left_step: int


SavedState = SavedAdam | SavedNewton


def saved_state(state: object) -> SavedState:
    """What is worth keeping of a solver's state; ``TypeError`` for states of other solvers."""
    if isinstance(state, NewtonState):
        return _saved_newton(state)
    if isinstance(state, AdamState):
        return _saved_adam(state)
    raise TypeError(f"expected the state of newton or adam, got {type(state).__name__}")


def restored_state(
    solver: Newton | Adam, problem: DragProblem, saved: SavedState
) -> NewtonState | AdamState:
    """The state that was saved; costs the forward pass of ``init``.

    :class:`InvalidDragError` if it is another solver's, or of another number of points or rows.
    """
    if isinstance(solver, Newton) and isinstance(saved, SavedNewton):
        return _restored_newton(solver.init(problem), saved)
    if isinstance(solver, Adam) and isinstance(saved, SavedAdam):
        return _restored_adam(solver.init(problem), saved)
    raise InvalidDragError("the state of one solver means nothing to another: start anew")


def _saved_newton(state: NewtonState) -> SavedNewton:
    return SavedNewton(
        steps=state.steps,
        move=_kept(state.move),
        level=state.level,
        expected_xy=_kept(state.expected_xy),
        seen_xy=_kept(state.seen_xy),
        damping=state.damping,
        jacobian=None if state.jacobian is None else _kept(state.jacobian),
        last_change=None if state.last_change is None else _kept(state.last_change),
        held_directions=None if state.curvature is None else _kept(state.curvature.directions),
        held_products=None if state.curvature is None else _kept(state.curvature.products),
        age=state.age,
        radius=state.radius,
        tries=state.tries,
        taken_back=state.taken_back,
        left_px=state.left_px,
        waited=state.waited,
        least_left_px=state.least_left_px,
        least_left_step=state.least_left_step,
    )


def _saved_adam(state: AdamState) -> SavedAdam:
    return SavedAdam(
        steps=state.steps,
        move=_kept(state.move),
        mean=_kept(state.moments.mean),
        square=_kept(state.moments.square),
        count=state.moments.count,
        handles_xy=_kept(state.handles_xy),
        least_left_px=state.least_left_px,
        least_left_step=state.least_left_step,
    )


def _restored_newton(start: NewtonState, saved: SavedNewton) -> NewtonState:
    _check_like("move", saved.move, start.move.shape)
    _check_like("expected_xy", saved.expected_xy, start.expected_xy.shape)
    _check_like("seen_xy", saved.seen_xy, start.seen_xy.shape)
    if not 0 <= saved.level < len(start.references):
        raise InvalidDragError(f"the saved state is at feature level {saved.level}: there is none")
    equations, moved = 2 * len(start.seen_xy), start.move.numel()
    if saved.jacobian is not None:
        _check_like("jacobian", saved.jacobian, torch.Size([equations, moved]))
    if saved.last_change is not None:
        _check_like("last_change", saved.last_change, torch.Size([moved]))
    device = start.move.device
    age = saved.age
    if saved.jacobian is not None and bool((saved.jacobian != 0).any(dim=1).all()):
        # all have had a turn: before format 6 there were none, and the Jacobian was whole
        age = max(age, start.turns.in_a_round - 1)
    return replace(
        start,
        steps=saved.steps,
        move=saved.move.to(device),
        curvature=_restored_curvature(saved, like=start.move),
        level=saved.level,
        expected_xy=saved.expected_xy.to(device),
        seen_xy=saved.seen_xy.to(device),
        damping=saved.damping,
        jacobian=None if saved.jacobian is None else saved.jacobian.to(device),
        last_change=None if saved.last_change is None else saved.last_change.to(device),
        age=age,
        radius=saved.radius,
        tries=saved.tries,
        taken_back=saved.taken_back,
        left_px=saved.left_px,
        waited=saved.waited,
        least_left_px=saved.least_left_px,
        least_left_step=saved.least_left_step,
    )


def _restored_curvature(saved: SavedNewton, *, like: Float[Tensor, "moved d"]) -> Curvature | None:
    directions, products = saved.held_directions, saved.held_products
    if directions is None or products is None:
        return None
    _check_like("held_directions", directions, torch.Size([len(directions), like.numel()]))
    _check_like("held_products", products, directions.shape)
    return Curvature(directions=directions.to(like), products=products.to(like))


def _restored_adam(start: AdamState, saved: SavedAdam) -> AdamState:
    for name in ("move", "mean", "square"):
        _check_like(name, getattr(saved, name), start.move.shape)
    _check_like("handles_xy", saved.handles_xy, start.handles_xy.shape)
    device = start.move.device
    return replace(
        start,
        steps=saved.steps,
        move=saved.move.to(device),
        moments=AdamMoments(
            mean=saved.mean.to(device), square=saved.square.to(device), count=saved.count
        ),
        handles_xy=saved.handles_xy.to(device),
        least_left_px=saved.least_left_px,
        least_left_step=saved.least_left_step,
    )


def _check_like(name: str, found: Tensor, expected: torch.Size) -> None:
    if found.shape != expected:
        raise InvalidDragError(
            f"the saved state's {name} is {tuple(found.shape)}, but this drag's is"
            f" {tuple(expected)}: start anew"
        )


def _kept(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().clone()
