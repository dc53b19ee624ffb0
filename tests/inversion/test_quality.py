import numpy as np
import pytest
import torch

from tugan.core.images import RgbArray
from tugan.inversion.edit_mask import edit_mask
from tugan.inversion.face_weight import FEATURES, face_weight
from tugan.inversion.image_loss import PyramidLoss, psnr_db
from tugan.inversion.quality import Quality, quality_of
from tugan.inversion.target import prepare_target
from tugan.perceptual.faces import Face


def landmarks(size_px: int) -> np.ndarray:
    """Roughly those of an aligned face."""
    xy = np.full((68, 2), 0.5)
    turn = np.linspace(np.pi, 0, 17)
    xy[:17] = np.stack([0.5 + 0.25 * np.cos(turn), 0.5 + 0.33 * np.sin(turn)], axis=1)
    xy[17:27, 0], xy[17:27, 1] = np.linspace(0.3, 0.7, 10), 0.42
    xy[27], xy[33] = (0.5, 0.46), (0.5, 0.62)
    xy[36:42] = (0.38, 0.47) + 0.02 * np.random.default_rng(0).standard_normal((6, 2))
    xy[42:48] = (0.62, 0.47) + 0.02 * np.random.default_rng(1).standard_normal((6, 2))
    xy[48:60] = (0.5, 0.72) + 0.04 * np.random.default_rng(2).standard_normal((12, 2))
    return np.asarray(xy * size_px)


class Finder:
    """Finds one face, or none."""

    name = "fake"

    def __init__(self, distance: float | None) -> None:
        self.distance = distance

    def find(self, picture: RgbArray) -> Face | None:
        if self.distance is None:
            return None
        return Face(landmarks_xy=landmarks(64), embedding=np.array([self.distance, 0.0]))


def test_the_mouth_and_the_eyes_weigh_most_and_the_corners_least() -> None:
    weight = face_weight(landmarks(128), size_px=128)[0, 0]
    assert float(weight.mean()) == pytest.approx(1)
    eye, cheek, corner = weight[60, 48], weight[75, 45], weight[3, 3]
    assert eye > cheek > corner
    assert float(eye / corner) > FEATURES


def test_the_same_picture_has_no_loss_and_another_one_has() -> None:
    picture = torch.rand(1, 3, 64, 64) * 2 - 1
    loss = PyramidLoss.of(prepare_target(picture), largest_px=512)
    assert [level.size_px for level in loss.levels] == [64, 32, 16]
    assert float(loss(picture)) == pytest.approx(0, abs=1e-9)
    assert float(loss(picture + 0.1)) == pytest.approx(3 * 0.01, rel=1e-3)
    larger = picture.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert float(loss(larger)) == pytest.approx(0, abs=1e-6)


def test_psnr_of_a_known_error() -> None:
    zero = torch.zeros(1, 3, 8, 8)
    assert psnr_db(zero + 0.2, zero) == pytest.approx(20)


def test_a_target_with_and_without_a_face() -> None:
    picture = torch.zeros(1, 3, 64, 64)
    without = prepare_target(picture, finder=Finder(None))
    assert without.face is None
    assert "no face" in without.warning.lower()
    assert float(without.weight.std()) == 0
    found = prepare_target(picture, finder=Finder(0.0))
    assert found.warning == ""
    assert float(found.weight.std()) > 0


@pytest.mark.parametrize(
    ("face_psnr_db", "distance", "lost", "grade"),
    [
        (26.0, 0.1, False, "good"),
        (26.0, 0.4, False, "usable"),
        (18.0, 0.1, False, "usable"),
        (26.0, 0.7, False, "poor"),
        (12.0, 0.1, False, "poor"),
        (26.0, None, False, "good"),
        (26.0, None, True, "poor"),
    ],
)
def test_quality_in_a_word(
    face_psnr_db: float, distance: float | None, lost: bool, grade: str
) -> None:
    quality = Quality(
        psnr_db=20.0, face_psnr_db=face_psnr_db, identity_distance=distance, face_lost=lost
    )
    assert quality.grade == grade
    assert quality.sentence.lower().startswith(grade)
    assert ("identity" in quality.sentence) == (distance is not None)


def test_quality_is_measured_against_the_target() -> None:
    picture = torch.zeros(1, 3, 64, 64)
    target = prepare_target(picture, finder=Finder(0.0))
    found = quality_of(picture + 0.2, target, finder=Finder(0.3))
    assert found.psnr_db == pytest.approx(20)
    assert found.identity_distance == pytest.approx(0.3)
    assert quality_of(picture, target, finder=Finder(None)).face_lost


def test_the_mask_is_where_something_changed_and_nowhere_else() -> None:
    before = torch.zeros(1, 3, 256, 256)
    after = before.clone()
    after[:, :, 100:140, 90:130] = 0.5
    mask = edit_mask(before, after)
    assert mask.shape == (256, 256)
    assert float(mask[120, 110]) == 1
    assert float(mask[120, 200]) == 0
    assert float(mask[20, 20]) == 0
    assert float((mask[1:] - mask[:-1]).abs().max()) < 0.3
    assert float(edit_mask(before, before).max()) == 0


def test_holes_are_pasted_and_the_rim_and_what_is_far_from_the_head_are_not() -> None:
    before = torch.zeros(1, 3, 256, 256)
    after = before + 0.5
    after[:, :, 120:136, 120:136] = 0
    everything = edit_mask(before, after)
    assert float(everything[128, 128]) == 1
    assert float(everything[0].max()) == 0
    head = edit_mask(before, after, landmarks_xy=(landmarks(256) / 2,))
    assert float(head[65, 64]) == 1
    assert float(head[220, 220]) == 0
