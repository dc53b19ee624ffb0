"""A picture moved as its landmarks moved, by a thin-plate spline.

The smoothest interpolation of the landmarks' own displacements (Bookstein, "Principal warps", IEEE
PAMI 11(6), 1989, section II): affine motions are exact, and between landmarks nothing folds that
the landmarks do not fold.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch.nn import functional as F

from tugan.core.geometry import pixels_to_grid
from tugan.core.images import RgbArray

_EASE = 1e-3
"""Added to the spline's diagonal, in units of a face: landmarks that coincide (closed lips) but
move apart have no exact spline. Others are missed by far less than a pixel."""
_AT_ONCE = 1 << 15
"""Places whose distances to all landmarks are in memory at a time."""


def moved_with_landmarks(
    before: RgbArray,
    places_xy: Float[np.ndarray, "m 2"],
    *,
    before_xy: Float[np.ndarray, "n 2"],
    after_xy: Float[np.ndarray, "n 2"],
) -> Float[np.ndarray, "m 3"]:
    """Colours, 0 to 255, at places of a picture whose landmarks moved to ``after_xy``.

    Each place is read in ``before``, between pixels, where the landmarks around it came from; what
    came from beyond the edge is the edge's.
    """
    spline = _Spline.through(after_xy, before_xy - after_xy)
    picture = torch.tensor(before).permute(2, 0, 1)[None].double()
    colours = [np.empty((0, 3))]
    for start in range(0, len(places_xy), _AT_ONCE):
        places = places_xy[start : start + _AT_ONCE]
        source_xy = torch.from_numpy(places + spline.at(places))
        grid = pixels_to_grid(source_xy, image_hw=(before.shape[0], before.shape[1]))
        read = F.grid_sample(picture, grid[None, None], padding_mode="border", align_corners=False)
        colours.append(read[0, :, 0].T.numpy())
    found: Float[np.ndarray, "m 3"] = np.concatenate(colours)
    return found


@final
@dataclass(frozen=True, kw_only=True)
class _Spline:
    """Displacements at some points, and everywhere between them."""

    middle: Float[np.ndarray, " 2"]
    scale: float
    points: Float[np.ndarray, "n 2"]
    """About the middle, in units of the scale."""
    weights: Float[np.ndarray, "k 2"]
    """Of the points, and of the affine part."""

    @classmethod
    def through(
        cls, points_xy: Float[np.ndarray, "n 2"], displacements: Float[np.ndarray, "n 2"]
    ) -> "_Spline":
        """Solve for the weights."""
        middle = points_xy.mean(axis=0)
        scale = max(float(np.ptp(points_xy, axis=0).max()), 1.0)
        points = (points_xy - middle) / scale
        count = len(points)
        affine = np.column_stack([np.ones(count), points])
        system = np.zeros((count + 3, count + 3))
        system[:count, :count] = _bending(points, points) + _EASE * np.eye(count)
        system[:count, count:], system[count:, :count] = affine, affine.T
        right = np.concatenate([displacements, np.zeros((3, 2))])
        # least squares: landmarks on one line leave the affine part open
        weights = np.linalg.lstsq(system, right, rcond=None)[0]
        return cls(middle=middle, scale=scale, points=points, weights=weights)

    def at(self, places_xy: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, "m 2"]:
        """The displacements there."""
        places = (places_xy - self.middle) / self.scale
        affine = np.column_stack([np.ones(len(places)), places])
        kernel = np.concatenate([_bending(places, self.points), affine], axis=1)
        found: Float[np.ndarray, "m 2"] = kernel @ self.weights
        return found


def _bending(
    one: Float[np.ndarray, "m 2"], other: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "m n"]:
    """``r^2 log r^2`` of all distances; 0 at none."""
    squares = ((one[:, None] - other[None]) ** 2).sum(axis=2)
    kernel: Float[np.ndarray, "m n"] = squares * np.log(np.maximum(squares, 1e-30))
    return kernel
