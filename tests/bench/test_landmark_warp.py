import numpy as np
import pytest
from jaxtyping import Float

from bench.fakes import grid_xy
from tugan.bench.landmark_warp import moved_with_landmarks
from tugan.core.images import RgbArray

SIDE = 100


def ramp() -> RgbArray:
    """A picture whose colour says where it is read: x twice, y twice, and neither."""
    ys, xs = np.mgrid[0:SIDE, 0:SIDE]
    return np.stack([2 * xs, 2 * ys, np.full_like(xs, 7)], axis=2).astype(np.uint8)


def came_from(
    places_xy: Float[np.ndarray, "m 2"],
    before_xy: Float[np.ndarray, "n 2"],
    after_xy: Float[np.ndarray, "n 2"],
) -> Float[np.ndarray, "m 2"]:
    colours = moved_with_landmarks(ramp(), places_xy, before_xy=before_xy, after_xy=after_xy)
    assert (colours[:, 2] == pytest.approx(7)) or not len(places_xy)
    return colours[:, :2] / 2


def test_an_affine_motion_is_undone_everywhere() -> None:
    before = grid_xy(SIDE)
    turn = np.array([[0.9, -0.2], [0.15, 1.1]])
    after = before @ turn.T + (3, -4)
    places = np.array([[30.0, 40.0], [55.5, 61.25], [70.0, 35.0]])
    wanted = (places - (3, -4)) @ np.linalg.inv(turn).T
    np.testing.assert_allclose(came_from(places, before, after), wanted, atol=1e-6)


def test_every_landmark_comes_from_where_it_was() -> None:
    before = grid_xy(SIDE)
    after = before + np.random.default_rng(3).normal(size=before.shape)
    np.testing.assert_allclose(came_from(after, before, after), before, atol=0.3)


def test_landmarks_that_lay_on_each_other_may_part() -> None:
    before = grid_xy(SIDE)
    before[10] = before[11]
    after = grid_xy(SIDE)
    found = came_from(after, before, after)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, before, atol=0.3)
    # and the other way, where no spline is exact, each comes from between
    back = came_from(before, after, before)
    np.testing.assert_allclose(back[10], (after[10] + after[11]) / 2, atol=0.3)


def test_what_came_from_beyond_the_edge_is_the_edges() -> None:
    before = grid_xy(SIDE)
    found = came_from(np.array([[5.0, 50.0]]), before, before + np.array([30, 0]))
    np.testing.assert_allclose(found, [[0, 50]], atol=1e-6)


def test_no_places_have_no_colours() -> None:
    assert came_from(np.empty((0, 2)), grid_xy(SIDE), grid_xy(SIDE)).shape == (0, 2)
