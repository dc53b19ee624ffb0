"""The likeliest latent move that does what is asked of the handles, to first order.

With ``J`` the motion of the handles by the move ``a`` (in coordinates in which W is standard
normal), ``s`` the motion that is asked and ``G = 1 + hold R'R`` what a move costs (1 for being
unlikely, the rest for repainting), the next move minimises ``|s - J (a' - a)|^2 + mu a'' G a'``:
``a' = G^-1 J' (J G^-1 J' + mu)^-1 (s + J a)``.
Everything but ``J`` itself is of the size of the points, and is solved on the host: one reading of
the device, where an eigenvalue problem and a search done there would wait for it many times, in
float64, which not every device has.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.host_copy import on_host, to_device
from tugan.dragging.hold import DEFAULT_HOLD, allowed_length
from tugan.dragging.repainting_charge import MoveMetric, RepaintingCharge

_HALVINGS = 24
_LARGEST_CHARGE = 1e3
_HOLD_HALVINGS = 8
_LENGTH_HALVINGS = 5
_LEAST_SHARE = 1e-3
"""Of the largest weight of repainting: less is as good as none."""


@dataclass(frozen=True, kw_only=True)
class DampedStep:
    """One step of the move."""

    change: Float[Tensor, " d"]
    charge: float
    """``mu``, as it was chosen."""
    metric: MoveMetric = field(default_factory=MoveMetric)
    """``G``, with the weight of repainting that was chosen."""


@dataclass(frozen=True, kw_only=True)
class HeldPicture:
    """What a step may charge for repainting."""

    charge: RepaintingCharge
    weight: float
    """The largest."""
    way: Float[Tensor, " e"]
    """All of the way to the targets that is left, on the host."""
    hold: float = DEFAULT_HOLD
    """How long moves may become for it (:func:`allowed_length`)."""


@dataclass(frozen=True, kw_only=True)
class _Equations:
    """Those that ask, on the host in float64: of the size of the points."""

    gram: Float[Tensor, "e e"]
    made: Float[Tensor, " e"]
    """What the move has done so far."""
    along: Float[Tensor, "e k"]
    """Motion along the directions that repaint; none where nothing is held."""

    def without(self, taken: Float[Tensor, " k"]) -> Float[Tensor, "e e"]:
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
    most_length: float = math.inf,
    held: HeldPicture | None = None,
) -> DampedStep:
    """The move's change; rows of ``jacobian`` that are zero ask nothing. Float32; ``asked`` may be
    on the host. NaN where ``jacobian`` is not finite.

    The charge ``mu`` is the largest with which every handle is predicted to come within
    ``slack_px`` of what is asked, but not below ``damping`` times the mean eigenvalue of
    ``J G^-1 J'`` (Morozov's discrepancy principle): no more of the picture changes than the goals
    need. What earlier steps left in the null space of ``J`` goes back to the start, by
    ``longest_return`` at most. Where that would make the move longer than ``most_length`` it is
    charged for more, so that the handles stay behind, and all that is left there goes back.
    """
    along = jacobian[:, :0] if held is None else jacobian @ held.charge.directions.T
    gram, made, largest, along_host = on_host(
        jacobian @ jacobian.T, jacobian @ move, jacobian.abs().amax(dim=1), along
    )
    if not bool(gram.isfinite().all()):
        return DampedStep(change=torch.full_like(move, torch.nan), charge=0.0)
    # points that ask nothing would be eigenvalues of zero, in a matrix of which LAPACK may despair
    asking = (largest.reshape(-1, 2) > 0).any(dim=1).repeat_interleave(2)
    if not bool(asking.any()):
        return DampedStep(change=torch.zeros_like(move), charge=0.0)
    equations = _Equations(
        gram=gram[asking][:, asking].double(),
        made=made[asking].double(),
        along=along_host[asking].double(),
    )
    metric = MoveMetric() if held is None else _metric(equations, held, asking, damping)
    taken = metric.taken().to(equations.along)
    values, vectors = torch.linalg.eigh(equations.without(taken))
    values = values.clamp(min=0)
    pull = vectors.T @ asked.cpu()[asking].double()
    back = vectors.T @ equations.made
    charge = _charge(values, vectors, pull + back, damping=damping, slack_px=slack_px)

    def solved(wanted: Float[Tensor, " e"], charge: float) -> Float[Tensor, " d"]:
        """``G^-1 J' (J G^-1 J' + mu)^-1`` of what is wanted, in the eigenvectors' coordinates."""
        weights = torch.zeros(len(jacobian), dtype=torch.float64)
        weights[asking] = vectors @ (wanted / (values + charge))
        return metric.eased(jacobian.T @ to_device(weights, like=jacobian))

    returned = solved(back, charge) - move
    share = (longest_return / returned.norm().clamp(min=1e-12)).clamp(max=1)
    change = solved(pull, charge) + share * returned
    if math.isfinite(most_length) and float((move + change).norm()) > most_length:
        change, charge = _shortened(
            lambda charge: solved(pull + back, charge), move, charge, most_length=most_length
        )
    return DampedStep(change=change, charge=charge, metric=metric)


def _shortened(
    solved: Callable[[float], Float[Tensor, " d"]],
    move: Float[Tensor, " d"],
    charge: float,
    *,
    most_length: float,
) -> tuple[Float[Tensor, " d"], float]:
    """The change to the move of the least charge with which it is no longer than allowed."""
    low, high = charge, charge
    whole = solved(low)
    while float(whole.norm()) > most_length and high < _LARGEST_CHARGE * charge:
        low, high = high, 2 * high
        whole = solved(high)
    for _ in range(_LENGTH_HALVINGS if high > charge else 0):
        middle = math.sqrt(low * high)
        found = solved(middle)
        if float(found.norm()) > most_length:
            low = middle
        else:
            high, whole = middle, found
    return whole - move, high


def _charge(
    values: Float[Tensor, " e"],
    vectors: Float[Tensor, "e e"],
    wanted: Float[Tensor, " e"],
    *,
    damping: float,
    slack_px: float,
) -> float:
    mean = float(values.mean())

    def worst_px(charge: float) -> float:
        left = vectors @ (charge / (values + charge) * wanted)
        return float(left.reshape(-1, 2).norm(dim=1).max())

    charge = damping * mean
    if worst_px(charge) >= slack_px:
        return charge
    low, high = charge, _LARGEST_CHARGE * mean
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if worst_px(middle) > slack_px else (middle, high)
    return low


def _metric(equations: _Equations, held: HeldPicture, asking: Tensor, damping: float) -> MoveMetric:
    """With the largest weight, up to ``held.weight``, with which all of the way is predicted to
    take a move not much longer than the shortest one.

    A move that may repaint nothing goes far along what is left, to where nothing was ever drawn:
    small corrections can be held, the turn of a head cannot (Morozov's principle once more).
    """
    wanted = held.way[asking].double() + equations.made
    eye = torch.eye(len(wanted), dtype=torch.float64)

    def length(weight: float) -> float:
        taken = MoveMetric(charge=held.charge, weight=weight).taken()
        gram = equations.without(taken)
        solution = torch.linalg.solve(gram + damping * gram.diagonal().mean() * eye, wanted)
        squared = solution @ equations.without(1 - (1 - taken).square()) @ solution
        return math.sqrt(max(float(squared), 0.0))

    allowed = allowed_length(held.hold, length(0.0))
    low, high = held.weight * _LEAST_SHARE, held.weight
    if length(high) <= allowed:
        low = high
    elif length(low) <= allowed:
        for _ in range(_HOLD_HALVINGS):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if length(middle) > allowed else (middle, high)
    return MoveMetric(charge=held.charge, weight=low)
