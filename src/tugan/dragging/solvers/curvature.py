"""A second derivative that is known along a few directions, and equations with it.

Where ``H D = Y`` is known, the least curvature that fits is ``Y (D' Y)^-1 Y'``: exact along ``D``,
and nothing where ``D`` says nothing (Nystroem's approximation). Small systems are solved on the
host, with one reading of the device.
"""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.host_copy import on_host, to_device
from tugan.dragging.repainting_charge import MoveMetric

MOST = 12
"""Directions that are kept: the newest."""
_LEAST_NEW = 0.04
"""An older direction goes if no more than this share of its curvature is its own, and no more than
this share of its square."""
_LEAST_CURVATURE = 1e-6
"""As a share of the largest: less is rounding."""


@dataclass(frozen=True, kw_only=True)
class Curvature:
    """Directions of length one, the newest last, and what ``H`` makes of them."""

    directions: Float[Tensor, "r d"] = field(repr=False)
    products: Float[Tensor, "r d"] = field(repr=False)

    def times(self, weight: float) -> "Curvature":
        """Of ``weight H``."""
        return Curvature(directions=self.directions, products=weight * self.products)


@dataclass(frozen=True, kw_only=True)
class WeighedStep:
    """A solution, and the weight that it is for."""

    change: Float[Tensor, " d"] = field(repr=False)
    weight: float


def learnt(
    known: Curvature | None, direction: Float[Tensor, " d"], product: Float[Tensor, " d"]
) -> Curvature | None:
    """With one more product, which is right where older ones are not any more.

    The older ones are made conjugate to it: what they say of its direction is forgotten. Nothing is
    learnt where ``H`` is nothing, or the product not finite.
    """
    length = direction.norm().clamp(min=1e-12)
    newest, its = direction / length, product / length
    older = torch.zeros(0, len(direction)).to(newest) if known is None else known.directions
    products = older if known is None else known.products
    between, one_way, other_way, before, alike = on_host(
        (newest @ its)[None],
        older @ its,
        products @ newest,
        (older * products).sum(dim=1),
        older @ newest,
    )
    if not 0 < float(between) < math.inf:
        return known
    after = before - one_way * other_way / between
    # one that goes elsewhere stays, were it to say that nothing curves there
    other = alike.square() < 1 - _LEAST_NEW
    kept = torch.where(other | (after > _LEAST_NEW * before))[0][-(MOST - 1) :]
    share, back = (
        to_device(one[kept] / between, like=newest)[:, None] for one in (one_way, other_way)
    )
    place = kept.to(newest.device)
    rest, told = older[place] - share * newest, products[place] - back * its
    lengths = rest.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return Curvature(
        directions=torch.cat([rest / lengths, newest[None]]),
        products=torch.cat([told / lengths, its[None]]),
    )


def solved(
    asked: Float[Tensor, " d"],
    *,
    jacobian: Float[Tensor, "e d"],
    metric: MoveMetric,
    charge: float,
    known: Curvature | None,
) -> Float[Tensor, " d"]:
    """``x`` with ``(J'J + charge G + H) x = asked``."""
    eased = metric.eased(asked)
    if known is None:
        rows = jacobian
        middle = torch.eye(len(jacobian), dtype=torch.float64)
        soft = metric.eased(rows)
        between, right = on_host(rows @ soft.T, rows @ eased)
    else:
        rows = torch.cat([jacobian, known.products])
        soft = metric.eased(rows)
        between, right, inner = on_host(
            rows @ soft.T, rows @ eased, known.directions @ known.products.T
        )
        middle = torch.block_diag(
            torch.eye(len(jacobian), dtype=torch.float64), _inverse(inner.double())
        )
    # (charge G + R' M R)^-1 = (G^-1 - G^-1 R' (charge + M R G^-1 R')^-1 M R G^-1) / charge
    system = charge * torch.eye(len(middle), dtype=torch.float64) + middle @ between.double()
    weights = torch.linalg.solve(system, middle @ right.double())
    found: Tensor = (eased - soft.T @ to_device(weights, like=rows)) / charge
    return found


def solved_along(
    handles: Float[Tensor, " d"],
    slope: Float[Tensor, " d"],
    *,
    jacobian: Float[Tensor, "e d"],
    metric: MoveMetric,
    charge: float,
    energy: Float[Tensor, ""],
    allowed: float,
    weights: Float[Tensor, " k"],
    known: Curvature,
) -> WeighedStep:
    """``x`` with ``(J'J + charge G + weight H) x = handles - weight slope``, but only among
    combinations of the known directions: elsewhere ``H`` may be anything.

    Of ``weights``, rising, the first with which ``energy + 2 slope x + x H x`` is predicted to be
    within ``allowed``; the last if there is none.
    """
    rows, products = known.directions, known.products
    made, held, alike, right, back, now = on_host(
        jacobian @ rows.T,
        rows @ products.T,
        rows @ metric.charged(rows).T,
        rows @ handles,
        rows @ slope,
        energy,
    )
    made, held = made.double(), ((held + held.T) / 2).double()
    stiff = (made.T @ made + charge * alike)[None].double()
    tried = weights.double()[:, None]
    systems = stiff + tried[:, :, None] * held
    found = torch.linalg.lstsq(systems, (right - tried * back)[:, :, None].double()).solution[
        ..., 0
    ]
    predicted = float(now) + 2 * found @ back.double() + ((found @ held) * found).sum(dim=1)
    near = torch.where(predicted <= allowed)[0]
    first = int(near[0]) if len(near) else len(weights) - 1
    return WeighedStep(
        change=rows.T @ to_device(found[first], like=rows), weight=float(weights[first])
    )


def _inverse(inner: Float[Tensor, "r r"]) -> Float[Tensor, "r r"]:
    """Of the symmetric part, where that is positive."""
    values, vectors = torch.linalg.eigh((inner + inner.T) / 2)
    positive = values > _LEAST_CURVATURE * values.max().clamp(min=1e-30)
    inverse = torch.where(positive, 1 / values.where(positive, torch.ones_like(values)), 0.0)
    found: Tensor = (vectors * inverse) @ vectors.T
    return found
