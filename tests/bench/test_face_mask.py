import numpy as np
import pytest
from jaxtyping import Float
from torch import Tensor

from bench.fakes import grid_xy
from tugan.bench.face_mask import face_mask


def face_at(left: float, top: float) -> Float[np.ndarray, "68 2"]:
    """Landmarks in a box of 100 x 80 px, the nose 20 px long."""
    landmarks: Float[np.ndarray, "68 2"] = grid_xy(64)
    landmarks = (landmarks - landmarks.min(axis=0)) / np.ptp(landmarks, axis=0) * (100, 80)
    landmarks[27], landmarks[33] = (50, 30), (50, 50)
    landmarks += (left, top)
    return landmarks


def test_the_face_and_its_goal_may_change_and_the_rest_must_stay() -> None:
    mask = face_mask(face_at(100, 300), face_at(250, 300), image_hw=(512, 512))
    assert mask.shape == (512, 512)
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    # both faces, and the way from one to the other
    assert (mask[330, 100:351] == 1).all()
    assert mask[330, 374 - 2] == 1
    assert mask[330, 374 + 3] == 0
    assert mask[60].sum() == 0


@pytest.mark.parametrize(("side", "margin"), [(512, 24), (1024, 48)])
def test_the_margin_grows_with_the_picture(side: int, margin: int) -> None:
    mask = face_mask(face_at(200, 200), face_at(200, 200), image_hw=(side, side))
    below = mask[281:, 250].sum()
    assert abs(float(below) - margin) <= 2


def top(mask: Tensor) -> int:
    return int(mask.sum(dim=1).nonzero()[0])


def test_the_forehead_is_as_high_as_the_nose_is_long() -> None:
    without = face_at(200, 200)
    without[33] = without[27]
    flat = face_mask(without, without, image_hw=(512, 512))
    whole = face_mask(face_at(200, 200), face_at(200, 200), image_hw=(512, 512))
    brow_top = face_at(200, 200)[17:27, 1].min()
    assert top(flat) == pytest.approx(200 - 24, abs=2)
    assert top(whole) == pytest.approx(min(200, brow_top - 20) - 24, abs=2)


def test_a_face_at_the_edge_is_cut_off() -> None:
    mask = face_mask(face_at(-30, 430), face_at(-30, 430), image_hw=(512, 512))
    assert mask[511, 0] == 1
    assert mask[0, 511] == 0
