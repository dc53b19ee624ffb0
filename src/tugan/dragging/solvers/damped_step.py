"""The likeliest latent move that does what is asked of the handles, to first order.

With ``J`` the motion of the handles by the move ``a`` (in coordinates in which W is standard
normal) and ``s`` the motion that is asked, the next move minimises
``|s - J (a' - a)|^2 + mu |a'|^2``: ``a' = J' (J J' + mu)^-1 (s + J a)``.
Everything but ``J`` itself is of the size of the points, and is solved on the host: one reading of
the device, where an eigenvalue problem and a search done there would wait for it many times, in
float64, which not every device has.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.host_copy import on_host, to_device
from tugan.dragging.repainting_charge import RepaintingCharge

STRETCH = 0.1
"""A held move may be longer than a free one by this share."""
LEAST_LENGTH = 2.0
"""Moves up to this many standard deviations of W are held whatever they take."""
_HALVINGS = 24
_HOLD_HALVINGS = 8
_LEAST_SHARE = 1e-3
_LARGEST_CHARGE = 1e3


@dataclass(frozen=True, kw_only=True)
class DampedStep:
    """One step of the move."""

    change: Float[Tensor, " d"]
    charge: float
    """``mu``, as it was chosen."""
    hold: float = 0.0
    """The weight of repainting, as it was chosen."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a step may charge for repainting."""

    charge: RepaintingCharge
    weight: float
    """The largest."""
    way: Float[Tensor, " e"]
    """All of the way to the targets that is left, on the host."""
    stretch: float = STRETCH
    least_length: float = LEAST_LENGTH


@dataclass(frozen=True, kw_only=True)
class _Equations:
    """Those that ask, on the host in float64: of the size of the points."""

    gram: Float[Tensor, "e e"]
    made: Float[Tensor, " e"]
    """What the move has done so far."""
    along: Float[Tensor, "e k"]
    """Motion along the directions that repaint."""

    def held(self, taken: Float[Tensor, " k"]) -> Float[Tensor, "e e"]:
        """``J (1 - V' taken V) J'``."""
        return self.gram - (self.along * taken) @ self.along.T


def damped_step(
    jacobian: Float[Tensor, "e d"],
    asked: Float[Tensor, " e"],
    move: Float[Tensor, " d"],
    *,
    damping: float,
    slack_px: float,
    longest_return: float = math.inf,
    held: Held | None = None,
) -> DampedStep:
    """The move's change; rows of ``jacobian`` that are zero ask nothing. Float32; ``asked`` may be
    on the host. NaN where ``jacobian`` is not finite.

    The charge ``mu`` is the largest with which every handle is predicted to come within
    ``slack_px`` of what is asked, but not below ``damping`` times the mean eigenvalue of ``J J'``
    (Morozov's discrepancy principle): no more of the picture changes than the goals need.
    """
    directions = None if held is None else held.charge.directions
    along = jacobian[:, :0] if directions is None else jacobian @ directions.T
    gram, made, largest, along_ = on_host(
        jacobian @ jacobian.T, jacobian @ move, jacobian.abs().amax(dim=1), along
    )
    if not bool(gram.isfinite().all()):
        return DampedStep(change=torch.full_like(move, torch.nan), charge=0.0)
    # points that ask nothing would be eigenvalues of zero, in a matrix of which LAPACK may despair
    asking = (largest.reshape(-1, 2) > 0).any(dim=1).repeat_interleave(2)
    if not bool(asking.any()):
        return DampedStep(change=torch.zeros_like(move), charge=0.0)
    equations = _Equations(
        gram=gram[asking][:, asking].double(), made=made[asking].double(), along=along_[asking].double()
    )
    hold = 0.0 if held is None else _hold(equations, held, held.way[asking].double(), damping)
    taken = torch.zeros(along.shape[1], dtype=torch.float64) if held is None else held.charge.shares(hold)
    values, vectors = torch.linalg.eigh(equations.held(taken))
    values = values.clamp(min=0)
    mean = float(values.mean())
    wanted = vectors.T @ (asked.cpu()[asking].double() + equations.made)

    def worst_px(charge: float) -> float:
        left = vectors @ (charge / (values + charge) * wanted)
        return float(left.reshape(-1, 2).norm(dim=1).max())

    charge = damping * mean
    if worst_px(charge) < slack_px:
        low, high = charge, _LARGEST_CHARGE * mean
        for _ in range(_HALVINGS):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if worst_px(middle) > slack_px else (middle, high)
        charge = low

    def latent(wanted: Tensor) -> Tensor:
        """``G^-1 J' (J G^-1 J' + mu)^-1`` of what is wanted, in the eigenvectors' coordinates."""
    
    def latent(wanted: Tensor) -> Tensor:
        """``G^-1 J' (J G^-1 J' + mu)^-1`` of what is wanted, in the eigenvectors' coordinates."""
    
    def latent(wanted: Tensor) -> Tensor:
        """``G^-1 J' (J G^-1 J' + mu)^-1`` of what is wanted, in the eigenvectors' coordinates."""
    
    def latent(wanted: Tensor) -> Tensor:
        """``G^-1 J' (J G^-1 J' + mu)^-1`` of what is wanted, in the eigenvectors' coordinates."""
        weights = torch.zeros(len(jacobian), dtype=torch.float64)
        weights[asking] = vectors @ (wanted / (values + charge))
        found = jacobian.T @ to_device(weights, like=jacobian)
        if directions is None:
            return found
        less = taken * (along_.double().T @ weights)
        return found - directions.T @ to_device(less, like=found)

    pull = latent(vectors.T @ asked.cpu()[asking].double())
    back = latent(vectors.T @ equations.made) - move
    share = min(1.0, longest_return / max(float(back.norm()), 1e-12))
    return DampedStep(change=pull + share * back, charge=charge, hold=hold)


def _hold(
    equations: _Equations, held: Held, way: Float[Tensor, " e"], damping: float
) -> float:
    """The largest weight, up to ``held.weight``, with which all of the way is predicted to take a
    move not much longer than the shortest one.

    A move that may repaint nothing goes far along what is left, to where nothing was ever drawn:
    small corrections can be held, the turn of a head cannot (Morozov's principle once more).
    """
    wanted = way + equations.made
    eye = torch.eye(len(wanted), dtype=torch.float64)

    def length(weight: float) -> float:
        taken = held.charge.shares(weight)
        gram = equations.held(taken)
        y = torch.linalg.solve(gram + damping * gram.diagonal().mean() * eye, wanted)
        return float((y @ equations.held(1 - (1 - taken).square()) @ y).clamp(min=0).sqrt())

    allowed = max((1 + held.stretch) * length(0.0), held.least_length)
    if length(held.weight) <= allowed:
        return held.weight
    low, high = held.weight * _LEAST_SHARE, held.weight
    if length(low) > allowed:
        return low
    for _ in range(_HOLD_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if length(middle) > allowed else (middle, high)
    return low
