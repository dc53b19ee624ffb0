"""The Jacobian of a Newton step: computed, or corrected by the motion that was seen."""

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.host_copy import on_host, to_device
from tugan.dragging.solvers.device_work import DeviceWork
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.newton_state import NewtonState
from tugan.dragging.solvers.protocol import Observation

SURPRISE = 0.5
"""A prediction off by this share of the motion makes the Jacobian of several points anew."""
BROYDEN = 0.7
"""Share of the surprise that corrects the Jacobian."""


def jacobian_here(
    work: DeviceWork, settings: NewtonSettings, state: NewtonState, seen: Observation
) -> tuple[Float[Tensor, "e m"], int]:
    """The Jacobian of a look at a state, and its age.

    Of more points than have a turn together it is computed for those whose turn it is.
    """
    if state.turns.needed:
        return _in_turns(work, state, seen)
    corrected = _corrected(settings, state, seen)
    if corrected is not None:
        return corrected, state.age + 1
    return work.jacobian(seen.ws, seen.handles_xy, trace=seen.trace), 0


def _in_turns(
    work: DeviceWork, state: NewtonState, seen: Observation
) -> tuple[Float[Tensor, "e m"], int]:
    """Corrected by the motion seen for those who had their turn before."""
    turn, last = 0, state.jacobian
    if last is not None:
        turn = state.age + 1
    if last is not None and state.last_change is not None:
        surprise = _surprise(state, seen, last @ state.last_change)
        known = to_device(state.turns.known(state.age), like=surprise).repeat_interleave(2)
        last = _broyden(last, state.last_change, surprise * known)
    due = state.turns.due(turn).to(seen.handles_xy.device)
    equations = torch.stack([2 * due, 2 * due + 1], dim=1).flatten()
    fresh = work.jacobian(seen.ws, seen.handles_xy[due], trace=seen.trace)
    jacobian = fresh.new_zeros(2 * len(seen.handles_xy), fresh.shape[1])
    if last is not None:
        jacobian.copy_(last)
    jacobian[equations] = fresh
    return jacobian, turn


def _corrected(
    settings: NewtonSettings, state: NewtonState, seen: Observation
) -> Float[Tensor, "e m"] | None:
    """Broyden's update, or None where the Jacobian is to be computed."""
    jacobian, change = state.jacobian, state.last_change
    few = len(seen.handles_xy) <= settings.fresh_points
    old = state.age + 1 >= settings.refresh_steps
    if jacobian is None or change is None or few or old:
        return None
    predicted = jacobian @ change
    surprise = _surprise(state, seen, predicted)
    # what was seen of a single point corrects half of its Jacobian: better than a new one
    if len(seen.handles_xy) > 1:
        off_px, predicted_px = on_host(surprise.norm(), predicted.norm())
        if float(off_px) > SURPRISE * float(predicted_px):
            return None
    return _broyden(jacobian, change, surprise)


def _surprise(
    state: NewtonState, seen: Observation, predicted: Float[Tensor, " e"]
) -> Float[Tensor, " e"]:
    """The motion that was seen, beyond what was predicted; a lost point tells nothing."""
    moved = (seen.handles_xy - state.seen_xy).flatten()
    return (moved - predicted) * (~seen.lost).repeat_interleave(2)


def _broyden(
    jacobian: Float[Tensor, "e m"], change: Float[Tensor, " m"], surprise: Float[Tensor, " e"]
) -> Float[Tensor, "e m"]:
    """Corrected along the change, by a share of the surprise (Broyden 1965)."""
    length = (change @ change).clamp(min=1e-12)
    corrected: Tensor = jacobian + BROYDEN * torch.outer(surprise, change) / length
    return corrected
