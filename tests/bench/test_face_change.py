import numpy as np
import pytest
from jaxtyping import Float
from PIL import Image

from bench.fakes import grid_xy
from tugan.bench.face_change import face_change, within_hull
from tugan.core.images import RgbArray

SIDE = 160


def square_xy(left: float, top: float, side: float) -> Float[np.ndarray, "4 2"]:
    corners = np.array([[0.0, 0.0], [side, 0.0], [side, side], [0.0, side]])
    corners += np.array([left, top])
    return corners


def smooth_picture(seed: int = 0) -> RgbArray:
    """Whose colours change slowly enough to be read between pixels."""
    rough = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(rough).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def test_a_hull_grows_about_the_centroid_of_its_area() -> None:
    # more points on one side move the points' mean, not the area's
    points = np.concatenate([square_xy(40, 60, 40), [[41.0, 70.0], [41.0, 75.0], [41.0, 80.0]]])
    hull = within_hull(points, image_hw=(SIDE, SIDE))
    assert hull.sum() == 41 * 41
    assert hull[60, 40]
    grown = within_hull(points, image_hw=(SIDE, SIDE), grown=1.1)
    ys, xs = np.nonzero(grown)
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (38, 82, 58, 102)


def test_a_hull_beyond_the_edge_is_cut_off() -> None:
    hull = within_hull(square_xy(-30, 130, 60), image_hw=(SIDE, SIDE))
    assert hull.sum() == 31 * 30


def test_outside_is_beyond_both_faces_and_counts_every_pixel_there() -> None:
    before = np.full((SIDE, SIDE, 3), 100, dtype=np.uint8)
    one, other = square_xy(20, 20, 40), square_xy(90, 20, 40)
    after = before.copy()
    # within either face all may change
    after[18:63, 18:63], after[18:63, 88:133] = 0, 255
    assert face_change(before, after, before_xy=one, after_xy=other).outside == 0
    # between them nothing may: the hull of both is not what counts
    after[40, 75] += 60
    outside = SIDE * SIDE - 2 * 45 * 45
    change = face_change(before, after, before_xy=one, after_xy=other).outside
    assert change == pytest.approx(60 / outside)


def test_a_face_that_fills_the_picture_has_no_outside() -> None:
    whole = square_xy(0, 0, SIDE - 1)
    picture = smooth_picture()
    change = face_change(picture, picture, before_xy=whole, after_xy=whole)
    assert change.outside is None
    assert change.inside == pytest.approx(0, abs=1e-9)


def test_motion_is_no_change_within_the_face_and_repainting_is() -> None:
    before = smooth_picture()
    before_xy = grid_xy(SIDE)
    motion = np.array([-7.0, 9.0])
    after = np.roll(before, (9, -7), axis=(0, 1))
    moved = face_change(before, after, before_xy=before_xy, after_xy=before_xy + motion)
    assert moved.inside == pytest.approx(0, abs=1e-6)
    still = face_change(before, after, before_xy=before_xy, after_xy=before_xy)
    assert still.inside is not None
    assert still.inside > 10
    repainted = (after.astype(int) + np.where(after < 128, 20, -20)).astype(np.uint8)
    change = face_change(before, repainted, before_xy=before_xy, after_xy=before_xy + motion)
    assert change.inside == pytest.approx(20, abs=1e-6)
