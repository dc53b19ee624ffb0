import numpy as np
import pytest

from tugan.perceptual.faces import Face, embedding_distance


def test_the_embedding_distance_is_euclidean() -> None:
    landmarks = np.zeros((68, 2))
    one = Face(landmarks_xy=landmarks, embedding=np.array([1.0, 2.0, 2.0]))
    other = Face(landmarks_xy=landmarks, embedding=np.array([1.0, 5.0, 6.0]))
    assert embedding_distance(one, other) == pytest.approx(5)
    assert embedding_distance(one, one) == 0
