"""How much of a picture a drag painted anew: around the face, and within it beside its motion.

Two figures of a picture before and after, each a mean absolute difference, 0 to 255. Around the
face nothing should change at all. Within it the earlier picture is first moved as the landmarks
moved, so that what only went elsewhere is no change, and what was repainted is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from jaxtyping import Bool, Float
from PIL import Image, ImageDraw

from tugan.bench.landmark_warp import moved_with_landmarks
from tugan.core.hull import convex_hull
from tugan.core.images import RgbArray

GROWN = 1.1
"""A face's hull is grown by a tenth about its centroid before what is outside is looked at."""


@dataclass(frozen=True, kw_only=True)
class FaceChange:
    """Of one drag; None where there is nothing to look at."""

    outside: float | None
    """Beyond the hulls of the landmarks before and after, each grown by a tenth."""
    inside: float | None
    """Over the hull of the landmarks after, the motion of the landmarks taken out."""


def face_change(
    before: RgbArray,
    after: RgbArray,
    *,
    before_xy: Float[np.ndarray, "n 2"],
    after_xy: Float[np.ndarray, "n 2"],
) -> FaceChange:
    """Of a drag from ``before`` to ``after``, landmarks in pixels; they may lie outside."""
    image_hw = (before.shape[0], before.shape[1])
    faces = within_hull(before_xy, image_hw=image_hw, grown=GROWN)
    faces |= within_hull(after_xy, image_hw=image_hw, grown=GROWN)
    face = within_hull(after_xy, image_hw=image_hw)
    ys, xs = np.nonzero(face)
    places_xy = np.stack([xs, ys], axis=1).astype(np.float64)
    moved = moved_with_landmarks(before, places_xy, before_xy=before_xy, after_xy=after_xy)
    return FaceChange(
        outside=_mean_difference(after[~faces], before[~faces]),
        inside=_mean_difference(after[face], moved),
    )


def within_hull(
    points_xy: Float[np.ndarray, "n 2"], *, image_hw: tuple[int, int], grown: float = 1.0
) -> Bool[np.ndarray, "h w"]:
    """The pixels in the convex hull of points, scaled about its centroid."""
    corners = np.array(convex_hull(points_xy))
    middle = _centroid(corners)
    picture = Image.new("1", (image_hw[1], image_hw[0]))
    outline = [(float(x), float(y)) for x, y in middle + grown * (corners - middle)]
    ImageDraw.Draw(picture).polygon(outline, fill=1, outline=1)
    return np.array(picture, dtype=bool)


def _centroid(corners: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, " 2"]:
    """Of the area of a polygon; of its corners where it has none."""
    following = np.roll(corners, -1, axis=0)
    cross = corners[:, 0] * following[:, 1] - following[:, 0] * corners[:, 1]
    if abs(cross.sum()) < 1e-9:
        mean: Float[np.ndarray, " 2"] = corners.mean(axis=0)
        return mean
    middle: Float[np.ndarray, " 2"] = ((corners + following) * cross[:, None]).sum(axis=0)
    middle /= 3 * cross.sum()
    return middle


def _mean_difference(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic]) -> float | None:
    if not len(one):
        return None
    return float(np.abs(one.astype(np.float64) - other.astype(np.float64)).mean())
