import importlib.util

import numpy as np
import pytest
import torch
from PIL import Image

from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize
from tugan.inversion.align import (
    Alignment,
    AlignmentError,
    crop,
    ffhq_quad,
    find_faces,
    manual_crop,
)
from tugan.inversion.paste import Edit, paste_back
from tugan.perceptual.dlib_faces import DlibFaces
from tugan.perceptual.faces import Face

needs_dlib = pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None, reason="needs the extra 'faces'"
)


def smooth_picture(height: int, width: int) -> RgbArray:
    rows, columns = np.mgrid[:height, :width]
    channels = [
        127 + 60 * np.sin(columns / 37) + 60 * np.cos(rows / 29),
        127 + 100 * np.sin((columns + rows) / 53),
        255 * columns / width,
    ]
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)


def landmarks_at(centre_xy: tuple[float, float], *, eyes_px: float, turn: float) -> np.ndarray:
    """A face whose parts are points: eyes, and a mouth as far below as the eyes are apart."""
    face = np.zeros((68, 2))
    face[36:42] = (-eyes_px / 2, 0)
    face[42:48] = (eyes_px / 2, 0)
    face[48], face[54] = (-eyes_px / 3, eyes_px), (eyes_px / 3, eyes_px)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(face @ rotation.T + np.array(centre_xy))


def test_the_square_is_that_of_the_paper() -> None:
    found = ffhq_quad(landmarks_at((100, 80), eyes_px=20, turn=0))
    # twice the eyes' distance to either side, and a tenth of the way to the mouth below them
    assert found.side_px == pytest.approx(80)
    assert found.centre_xy == pytest.approx((100, 82))
    assert found.quad_xy[0] == pytest.approx((60, 42))
    assert found.quad_xy[2] == pytest.approx((140, 122))


def test_the_square_turns_with_the_face() -> None:
    found = ffhq_quad(landmarks_at((100, 80), eyes_px=20, turn=0.3))
    assert np.arctan2(found.right_xy[1], found.right_xy[0]) == pytest.approx(0.3)
    assert found.side_px == pytest.approx(80)


def test_a_whole_picture_is_cut_as_it_is() -> None:
    picture = smooth_picture(64, 64)
    whole = manual_crop((31.5, 31.5), side_px=64)
    assert np.abs(to_rgb_array(crop(picture, whole, 64)).astype(int) - picture).max() <= 1


def test_a_quarter_turn_is_exact() -> None:
    picture = smooth_picture(64, 64)
    turned = manual_crop((31.5, 31.5), side_px=64, angle_deg=90)
    cut = to_rgb_array(crop(picture, turned, 64)).astype(int)
    # the crop's right is the picture's down
    assert np.abs(cut - np.rot90(picture, 1)).max() <= 1


def test_a_crop_is_averaged_down_without_aliasing() -> None:
    checks = np.indices((512, 512)).sum(axis=0) % 2 * 255
    picture = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    cut = crop(picture, manual_crop((255.5, 255.5), side_px=500, angle_deg=5), 64)
    assert float(cut.abs().max()) < 0.1


def test_what_is_beyond_the_edge_is_mirrored_and_blurred() -> None:
    picture = smooth_picture(64, 64)
    picture[:, 0] = 255
    cut = to_rgb_array(crop(picture, manual_crop((0, 32), side_px=64), 64))
    assert cut[32, 30:34].max() > 200
    assert cut.std() > 10
    near, far = cut[32, 24:31].astype(int), picture[32, 1:8][::-1].astype(int)
    assert np.abs(near - far).mean() < 40


@pytest.mark.parametrize("angle_deg", [0.0, 17.0, -40.0])
@pytest.mark.parametrize("side_px", [90.0, 140.0, 400.0])
def test_cutting_and_pasting_back_gives_the_photograph(angle_deg: float, side_px: float) -> None:
    photo = smooth_picture(480, 520)
    place = manual_crop((250, 230), side_px=side_px, angle_deg=angle_deg)
    cut = crop(photo, place, 128)
    back = paste_back(photo, Edit(after=cut, mask=torch.ones(128, 128)), place)
    difference = np.abs(back.astype(int) - photo)
    assert difference.mean() < 1
    assert difference.max() <= 12


def test_the_corners_are_where_the_map_says() -> None:
    place = Alignment(centre_xy=(50, 40), right_xy=(20, 10))
    to_photo = place.to_photo(100)
    edges = to_photo.apply(np.array([(-0.5, -0.5), (-0.5, 99.5), (99.5, 99.5), (99.5, -0.5)]))
    assert edges == pytest.approx(place.quad_xy)
    assert to_photo.inverse().apply(edges)[2] == pytest.approx((99.5, 99.5))


def test_a_place_outside_the_photograph_is_an_error() -> None:
    photo = smooth_picture(64, 64)
    with pytest.raises(AlignmentError, match="outside the photograph of 64 x 64"):
        crop(photo, manual_crop((500, 500), side_px=50), 32)


@pytest.mark.parametrize("side_px", [0.0, -3.0, float("nan"), 1.0])
def test_a_square_without_size_is_an_error(side_px: float) -> None:
    with pytest.raises(AlignmentError):
        manual_crop((10, 10), side_px=abs(side_px) if side_px != side_px else max(side_px, 0))


def test_the_largest_face_comes_first() -> None:
    class Two:
        def find_all(self, picture: RgbArray) -> tuple[Face, ...]:
            return tuple(
                Face(
                    landmarks_xy=landmarks_at((60, 60), eyes_px=eyes_px, turn=0),
                    embedding=np.zeros(128),
                )
                for eyes_px in (10, 30)
            )

    found = find_faces(smooth_picture(128, 128), Two())
    assert [one.eyes_px for one in found] == pytest.approx([30, 10])


@needs_dlib
@pytest.mark.parametrize("seed", [0, 3])
def test_a_generated_face_is_aligned_already(faces: PretrainedGenerator, seed: int) -> None:
    picture = to_rgb_array(synthesize(faces, faces.map(sample_z(seed, z_dim=512))))
    (face, *_) = find_faces(picture, DlibFaces())
    # the model learned from pictures that were aligned like this
    assert face.alignment.side_px == pytest.approx(1024, rel=0.06)
    assert face.alignment.centre_xy == pytest.approx((511.5, 511.5), abs=35)
    assert abs(np.degrees(np.arctan2(*face.alignment.right_xy[::-1]))) < 4


@needs_dlib
def test_a_turned_and_smaller_face_is_found_and_made_upright(faces: PretrainedGenerator) -> None:
    picture = to_rgb_array(synthesize(faces, faces.map(sample_z(0, z_dim=512))))
    small = Image.fromarray(picture).rotate(15, Image.Resampling.BICUBIC).resize((320, 320))
    photo = np.full((700, 900, 3), 128, dtype=np.uint8)
    photo[200:520, 400:720] = np.asarray(small)
    (face,) = find_faces(photo, DlibFaces())
    assert face.alignment.side_px == pytest.approx(320, rel=0.08)
    assert face.alignment.centre_xy == pytest.approx((559.5, 359.5), abs=15)
    angle = np.degrees(np.arctan2(*face.alignment.right_xy[::-1]))
    assert angle == pytest.approx(-15, abs=4)
