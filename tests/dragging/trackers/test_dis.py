"""DIS flow on pictures whose motion is known, and on pictures that it cannot follow."""

import sys

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import MissingExtraError
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.trackers.dis import Dis
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize

POINTS = torch.tensor([[80.0, 120.0], [160.0, 164.0], [132.5, 48.25]])
LOST_BELOW = NewtonSettings().lost_below


def picture_shifted_by(shift_px: tuple[float, float], hw: tuple[int, int]) -> Tensor:
    """Cut from one large picture of noise, at half pixels too."""
    height, width = hw
    coarse = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1
    large = F.interpolate(coarse, scale_factor=16, mode="bilinear")
    left, top = (round(2 * (24 - shift)) for shift in shift_px)
    return F.avg_pool2d(large[:, :, top : top + 2 * height, left : left + 2 * width], 2)


@pytest.mark.parametrize("shift_px", [(0.0, 0.0), (2.5, -1.5), (-9.0, 14.5)])
@pytest.mark.parametrize("hw", [(256, 256), (192, 320)])
def test_it_follows_a_known_shift(shift_px: tuple[float, float], hw: tuple[int, int]) -> None:
    dis = Dis()
    reference = dis.reference(picture_shifted_by((0.0, 0.0), hw), POINTS, image_hw=hw)
    # where it is told to look does not matter
    elsewhere = torch.zeros_like(POINTS)
    found = dis.track(picture_shifted_by(shift_px, hw), reference, elsewhere, image_hw=hw)
    assert (found.points_xy - POINTS - torch.tensor(shift_px)).abs().max() < 0.3
    assert found.confidence is not None
    assert found.confidence.min() > 0.9


def test_large_pictures_are_followed_in_their_own_pixels() -> None:
    hw = (1024, 1024)
    start, moved = (
        F.interpolate(picture_shifted_by(shift, (256, 256)), size=hw, mode="bilinear")
        for shift in ((0.0, 0.0), (4.0, -2.0))
    )
    dis, points = Dis(), 4 * POINTS
    reference = dis.reference(start, points, image_hw=hw)
    found = dis.track(moved, reference, points, image_hw=hw)
    assert (found.points_xy - points - torch.tensor([16.0, -8.0])).abs().max() < 2.0


def test_a_face_that_did_not_move(faces: PretrainedGenerator) -> None:
    picture = synthesize(faces, faces.map(sample_z(14, z_dim=512)))
    dis, points = Dis(), torch.tensor([[608.0, 762.0], [400.0, 480.0]])
    reference = dis.reference(picture, points, image_hw=(1024, 1024))
    found = dis.track(picture, reference, points, image_hw=(1024, 1024))
    assert (found.points_xy - points).abs().max() < 0.1
    assert found.mismatch.max() < 0.2


def test_a_point_that_left_the_picture_is_lost() -> None:
    hw, points = (256, 256), torch.tensor([[252.0, 120.0], [80.0, 120.0]])
    dis = Dis()
    reference = dis.reference(picture_shifted_by((0.0, 0.0), hw), points, image_hw=hw)
    found = dis.track(picture_shifted_by((6.0, 0.0), hw), reference, points, image_hw=hw)
    assert found.confidence is not None
    assert float(found.confidence[0]) == 0
    assert float(found.confidence[1]) > LOST_BELOW


def test_what_is_nowhere_in_the_new_picture_is_lost() -> None:
    hw = (256, 256)
    coarse = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1
    one, other = F.interpolate(coarse, size=hw, mode="bilinear").split(1)
    grid = torch.arange(32.0, 230.0, 24.0)
    points = torch.cartesian_prod(grid, grid)
    dis = Dis()
    reference = dis.reference(one, points, image_hw=hw)
    same = dis.track(one, reference, points, image_hw=hw).confidence
    found = dis.track(other, reference, points, image_hw=hw).confidence
    assert same is not None
    assert found is not None
    assert float(same.min()) > 0.99
    # a flow between two pictures of noise closes by accident at some places
    assert float((found < LOST_BELOW).float().mean()) > 0.5


def test_a_picture_that_is_not_finite_is_not_followed() -> None:
    hw = (256, 256)
    picture = picture_shifted_by((0.0, 0.0), hw)
    dis = Dis()
    reference = dis.reference(picture, POINTS, image_hw=hw)
    found = dis.track(picture * torch.nan, reference, POINTS, image_hw=hw)
    assert torch.isnan(found.mismatch).all()
    assert torch.equal(found.points_xy, POINTS)


def test_the_same_pictures_give_the_same_bits() -> None:
    hw = (256, 256)
    moved = picture_shifted_by((3.0, 1.0), hw)
    dis = Dis()
    reference = dis.reference(picture_shifted_by((0.0, 0.0), hw), POINTS, image_hw=hw)
    one, other = (dis.track(moved, reference, POINTS, image_hw=hw) for _ in range(2))
    assert torch.equal(one.points_xy, other.points_xy)


def test_without_opencv_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r"pip install \"tugan\[flow\]\""):
        Dis()
