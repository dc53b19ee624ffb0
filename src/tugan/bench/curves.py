"""Drags on their way, averaged: what the plots draw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tugan.bench.record import JobRecord
from tugan.bench.timed_drag import HistoryEntry

GRID_POINTS = 160

Along = Callable[[HistoryEntry], float]
"""Where on the axis an entry is: its seconds, its steps."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The handles' distance to their goals, as a share of what it was at the start."""

    along: Float[np.ndarray, " g"]
    mean: Float[np.ndarray, " g"]
    lower: Float[np.ndarray, " g"]
    """First quartile over drags."""
    upper: Float[np.ndarray, " g"]
    """Third quartile."""


def left_curve(
    records: Sequence[JobRecord], along: Along, *, start: float, end: float
) -> Curve | None:
    """Mean and quartiles at places spread evenly on a logarithmic axis; None of no drags.

    A drag that has ended stays where it ended.
    """
    histories = [one.cost.history for one in records if one.cost is not None]
    if not histories:
        return None
    grid = np.geomspace(start, end, GRID_POINTS)
    shares = np.stack([_shares(history, along, grid) for history in histories])
    lower, upper = np.quantile(shares, (0.25, 0.75), axis=0)
    return Curve(along=grid, mean=shares.mean(axis=0), lower=lower, upper=upper)


def span(records: Sequence[JobRecord], along: Along) -> tuple[float, float] | None:
    """From a little before the first change to just after the longest drag; None if none moved."""
    histories = [one.cost.history for one in records if one.cost is not None]
    first = [along(history[1]) for history in histories if len(history) > 1]
    if not first:
        return None
    last = max(along(history[-1]) for history in histories)
    return 0.8 * min(first), 1.15 * max(last, 1.5 * min(first))


def _shares(
    history: Sequence[HistoryEntry], along: Along, grid: Float[np.ndarray, " g"]
) -> Float[np.ndarray, " g"]:
    left = np.array([entry.left_px_at_512 for entry in history])
    places = np.array([along(entry) for entry in history], dtype=float)
    shares: Float[np.ndarray, " g"] = np.interp(grid, places, left / left[0])
    return shares
