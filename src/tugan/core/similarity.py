"""Similarity transforms of the plane: turn, scale, shift."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """``p -> p @ matrix.T + shift`` with a matrix that turns and scales."""

    matrix: Float[np.ndarray, "2 2"]
    shift: Float[np.ndarray, "2"]

    @property
    def scale(self) -> float:
        """Length of a unit vector's image."""
        return float(np.hypot(*self.matrix[0]))

    def apply(self, points_xy: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """The points' images."""
        moved: Float[np.ndarray, "n 2"] = points_xy @ self.matrix.T + self.shift
        return moved

    def inverse(self) -> "Similarity":
        """The way back."""
        matrix = np.linalg.inv(self.matrix)
        return Similarity(matrix=matrix, shift=-matrix @ self.shift)


def fit_similarity(
    source_xy: Float[np.ndarray, "n 2"], goal_xy: Float[np.ndarray, "n 2"]
) -> Similarity:
    """The similarity that takes the source nearest to the goal, by least squares.

    In complex numbers it is ``p -> a p + b``, a line fit. ``ValueError`` if all source points
    coincide.
    """
    source = source_xy[:, 0] + 1j * source_xy[:, 1]
    goal = goal_xy[:, 0] + 1j * goal_xy[:, 1]
    centred = source - source.mean()
    spread = float((np.abs(centred) ** 2).sum())
    if spread == 0:
        raise ValueError("a similarity needs two different points, got one")
    a = complex((np.conj(centred) * (goal - goal.mean())).sum() / spread)
    b = complex(goal.mean() - a * source.mean())
    return Similarity(
        matrix=np.array([[a.real, -a.imag], [a.imag, a.real]]), shift=np.array([b.real, b.imag])
    )
