"""Whose derivatives are computed in a step: with many points a few of them, in turns.

So a step's cost does not grow with the points. The turns go by an order in which each point is the
one farthest from all before it (Gonzalez 1985): the first few are spread over all of them, and
neighbours, which move alike, come last. Figures: ``docs/newton.md``.
"""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from tugan.core.host_copy import to_device


@dataclass(frozen=True, kw_only=True)
class Turns:
    """Of the points of one drag."""

    order: Int[Tensor, " n"] = field(repr=False)
    """The points, in the order of their first turns; on the host."""
    at_once: int
    """Points that have a turn together; at least one."""

    @classmethod
    def of(cls, points_xy: Float[Tensor, "n 2"], *, at_once: int) -> "Turns":
        """Begins with the point that is nearest to the middle of them."""
        places = points_xy.detach().cpu()
        nearest = int((places - places.mean(dim=0)).norm(dim=1).argmin())
        order, away = [nearest], torch.full((len(places),), math.inf)
        while len(order) < len(places):
            away = torch.minimum(away, (places - places[order[-1]]).norm(dim=1))
            # points may lie in one place, but none has two turns in a round
            away[order[-1]] = -1
            order.append(int(away.argmax()))
        return cls(order=torch.tensor(order), at_once=at_once)

    @property
    def needed(self) -> bool:
        """Are there more points than have a turn together?"""
        return len(self.order) > self.at_once

    @property
    def in_a_round(self) -> int:
        """Turns until each point has had one."""
        return -(-len(self.order) // self.at_once)

    def due(self, turn: int) -> Int[Tensor, " k"]:
        """Who has this turn, counted from 0; rounds follow each other without a gap."""
        places = turn * self.at_once + torch.arange(min(self.at_once, len(self.order)))
        return self.order[places % len(self.order)]

    def known(self, turn: int) -> Bool[Tensor, " n"]:
        """Who has had one by the end of this turn; on the host."""
        known = torch.zeros(len(self.order), dtype=torch.bool)
        known[self.order[: (turn + 1) * self.at_once]] = True
        return known

    def foreseen(
        self, motion: Float[Tensor, "n 2"], points_xy: Float[Tensor, "n 2"], *, turn: int
    ) -> Float[Tensor, "n 2"]:
        """The motion, and for points that have had no turn their neighbours' who have.

        A mean weighted by a Gaussian as wide as the way to the nearest of those.
        """
        if turn + 1 >= self.in_a_round:
            return motion
        known = to_device(self.known(turn), like=motion).bool()
        away = torch.cdist(points_xy, points_xy).where(known, math.inf)
        width = away.amin(dim=1, keepdim=True).clamp(min=1)
        share = torch.exp(-0.5 * (away / width).square())
        neighbours = share @ motion / share.sum(dim=1, keepdim=True)
        return torch.where(known[:, None], motion, neighbours)
