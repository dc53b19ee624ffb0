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

_HALVINGS = 24
_LARGEST_CHARGE = 1e3


@dataclass(frozen=True, kw_only=True)
class DampedStep:
    """One step of the move."""

    change: Float[Tensor, " d"]
    charge: float
    """``mu``, as it was chosen."""


def damped_step(
    jacobian: Float[Tensor, "e d"],
    asked: Float[Tensor, " e"],
    move: Float[Tensor, " d"],
    *,
    damping: float,
    slack_px: float,
) -> DampedStep:
    """The move's change; rows of ``jacobian`` that are zero ask nothing. Float32; ``asked`` may be
    on the host. NaN where ``jacobian`` is not finite.

    The charge ``mu`` is the largest with which every handle is predicted to come within
    ``slack_px`` of what is asked, but not below ``damping`` times the mean eigenvalue of ``J J'``
    (Morozov's discrepancy principle): no more of the picture changes than the goals need.
    """
    gram, made, largest = on_host(
        jacobian @ jacobian.T, jacobian @ move, jacobian.abs().amax(dim=1)
    )
    if not bool(gram.isfinite().all()):
        return DampedStep(change=torch.full_like(move, torch.nan), charge=0.0)
    # points that ask nothing would be eigenvalues of zero, in a matrix of which LAPACK may despair
    asking = (largest.reshape(-1, 2) > 0).any(dim=1).repeat_interleave(2)
    if not bool(asking.any()):
        return DampedStep(change=torch.zeros_like(move), charge=0.0)
    values, vectors = torch.linalg.eigh(gram[asking][:, asking].double())
    values = values.clamp(min=0)
    mean = float(values.mean())
    wanted = vectors.T @ (asked.cpu() + made)[asking].double()

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
    weights = torch.zeros(len(jacobian), dtype=torch.float64)
    weights[asking] = vectors @ (wanted / (values + charge))
    return DampedStep(change=jacobian.T @ to_device(weights, like=jacobian) - move, charge=charge)
