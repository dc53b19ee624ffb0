import numpy as np
import pytest
import torch

from bench.fakes import FakeFaces, grid_xy
from tugan.bench.bench_error import BenchError
from tugan.bench.face_pairs import (
    MAX_CANDIDATES,
    draw_pair,
    landmarks_in_picture,
    mean_distance_px_at_512,
    picture_seed,
)
from tugan.bench.landmark_task import LandmarkTask
from tugan.core.images import RgbArray
from tugan.generators.protocol import sample_z
from tugan.generators.toy import ToyGenerator
from tugan.perceptual.faces import Face


def test_a_pair_depends_on_its_index_and_the_seed_alone(toy: ToyGenerator) -> None:
    few = draw_pair(toy, FakeFaces(), LandmarkTask(pairs=4, points=(1,), seed=7), index=3)
    many = draw_pair(toy, FakeFaces(), LandmarkTask(pairs=900, points=(5, 68), seed=7), index=3)
    assert torch.equal(few.source.ws, many.source.ws)
    assert torch.equal(few.target.ws, many.target.ws)
    other = draw_pair(toy, FakeFaces(), LandmarkTask(pairs=4, seed=8), index=3)
    assert not torch.equal(few.source.ws, other.source.ws)
    assert not torch.equal(few.source.ws, few.target.ws)


def test_the_seeds_of_pictures_stay_what_they_are() -> None:
    # written down once: published figures are of these pictures
    assert picture_seed(0, pair=0, side=0, candidate=0) == 2968811710
    assert picture_seed(0, pair=0, side=1, candidate=0) == 3831201730
    assert picture_seed(0, pair=1, side=0, candidate=0) == 3964924996


def test_a_picture_is_the_one_of_its_seed(toy: ToyGenerator) -> None:
    pair = draw_pair(toy, FakeFaces(), LandmarkTask(psi=0.5), index=0)
    assert torch.equal(pair.source.ws, toy.map(sample_z(pair.source.seed, z_dim=8), psi=0.5))


def test_a_picture_without_a_face_makes_way_for_the_next(toy: ToyGenerator) -> None:
    # looks 0 and 1 are at sources, 2 is the third source, 3 and 4 are at goals
    pair = draw_pair(toy, FakeFaces(blind_at={0, 1, 3}), LandmarkTask(), index=5)
    assert (pair.source.skipped, pair.target.skipped, pair.skipped) == (2, 1, 3)
    assert pair.source.seed == picture_seed(0, pair=5, side=0, candidate=2)
    assert pair.target.seed == picture_seed(0, pair=5, side=1, candidate=1)


def test_a_generator_of_no_faces_is_refused(toy: ToyGenerator) -> None:
    blind = FakeFaces(blind_at=set(range(MAX_CANDIDATES)))
    with pytest.raises(BenchError, match="no face in 50 pictures of toy"):
        draw_pair(toy, blind, LandmarkTask(), index=0)


class OneNose(FakeFaces):
    """The nose tips of the first three looks are at one place."""

    def find(self, picture: RgbArray) -> Face | None:
        face = super().find(picture)
        assert face is not None
        landmarks = face.landmarks_xy.copy()
        if self.looks <= 3:
            landmarks[30] = 20
        return Face(landmarks_xy=landmarks, embedding=face.embedding)


def test_a_goal_whose_nose_is_where_it_was_is_left_out(toy: ToyGenerator) -> None:
    pair = draw_pair(toy, OneNose(), LandmarkTask(), index=0)
    assert pair.target.skipped == 2
    assert (pair.handles_xy(1) != pair.goals_xy(1)).any()


def test_points_are_the_landmarks_that_the_protocol_names(toy: ToyGenerator) -> None:
    pair = draw_pair(toy, FakeFaces(), LandmarkTask(), index=0)
    landmarks = pair.source.landmarks_xy
    np.testing.assert_array_equal(pair.handles_xy(1), landmarks[[30]])
    np.testing.assert_array_equal(pair.handles_xy(5), landmarks[[36, 45, 30, 48, 54]])
    np.testing.assert_array_equal(pair.handles_xy(68), landmarks)


def test_landmarks_are_brought_into_the_picture() -> None:
    outside = grid_xy(64)
    outside[0], outside[1] = (-3, 70), (63.5, 5)
    face = Face(landmarks_xy=outside, embedding=np.zeros(3))
    inside = landmarks_in_picture(face, image_hw=(64, 64))
    assert inside[:2].tolist() == [[0, 63], [63, 5]]
    np.testing.assert_array_equal(inside[2:], outside[2:])


def test_distances_are_in_pixels_at_512() -> None:
    # 5 and 10 px of 1024
    points, goals = np.array([[0.0, 0.0], [10.0, 0.0]]), np.array([[3.0, 4.0], [20.0, 0.0]])
    assert mean_distance_px_at_512(points, goals, image_hw=(1024, 1024)) == pytest.approx(3.75)
    assert mean_distance_px_at_512(points, goals, image_hw=(512, 256)) == pytest.approx(7.5)
