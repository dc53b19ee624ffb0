"""The convex hull of points in the plane."""

import numpy as np
from jaxtyping import Float


def convex_hull(points_xy: Float[np.ndarray, "n 2"]) -> list[tuple[float, float]]:
    """Corners in order, by Andrew's monotone chain."""
    ordered = sorted({(float(x), float(y)) for x, y in points_xy})
    return _half(ordered) + _half(ordered[::-1])


def _half(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
    hull: list[tuple[float, float]] = []
    for x, y in ordered:
        while len(hull) >= 2:
            (ax, ay), (bx, by) = hull[-2], hull[-1]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            hull.pop()
        hull.append((x, y))
    return hull[:-1]
