import pytest
import torch
from torch import Tensor

from tugan.dragging.trackers import nearest_feature
from tugan.dragging.trackers.nearest_feature import NearestFeature
from tugan.generators.toy import ToyGenerator

HW = (64, 64)
POINTS = torch.tensor([[20.0, 30.0], [40.0, 41.0], [33.0, 12.0]])


def features_shifted_by(toy: ToyGenerator, shift_px: tuple[float, float], px: int) -> Tensor:
    ws = torch.zeros(1, 4, 8)
    ws[..., :2] = torch.tensor(shift_px) / 12.0
    torch.testing.assert_close(toy.shift_px(ws)[0], torch.tensor(shift_px).float())
    return toy.advance(toy.begin(ws), until_px=px).features


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("px", [64, 32])
def test_it_follows_a_known_shift(toy: ToyGenerator, norm: str, px: int) -> None:
    tracker = NearestFeature(radius_px_at_512=64, norm=norm)  # type: ignore[arg-type]
    reference = tracker.reference(features_shifted_by(toy, (0, 0), px), POINTS, image_hw=HW)
    moved = features_shifted_by(toy, (5, -3), px)
    found = tracker.track(moved, reference, POINTS, image_hw=HW)
    assert (found.points_xy - POINTS - torch.tensor([5.0, -3.0])).abs().max() <= (px < 64)


def test_it_is_exact_where_nothing_moved(toy: ToyGenerator) -> None:
    tracker, features = NearestFeature(), features_shifted_by(toy, (0, 0), 64)
    reference = tracker.reference(features, POINTS, image_hw=HW)
    found = tracker.track(features, reference, POINTS, image_hw=HW)
    assert torch.equal(found.points_xy, POINTS)
    assert not found.mismatch.any()


def test_it_does_not_look_beyond_its_square(toy: ToyGenerator) -> None:
    tracker = NearestFeature(radius_px_at_512=16)  # 2 px here
    reference = tracker.reference(features_shifted_by(toy, (0, 0), 64), POINTS, image_hw=HW)
    found = tracker.track(features_shifted_by(toy, (8, 0), 64), reference, POINTS, image_hw=HW)
    assert (found.points_xy - POINTS).abs().max() <= 2
    assert (found.mismatch > 0).all()


def test_the_square_is_clipped_at_the_border(toy: ToyGenerator) -> None:
    corner = torch.tensor([[0.0, 0.0], [63.0, 63.0]])
    tracker = NearestFeature(radius_px_at_512=64)
    reference = tracker.reference(features_shifted_by(toy, (0, 0), 64), corner, image_hw=HW)
    found = tracker.track(features_shifted_by(toy, (-5, 5), 64), reference, corner, image_hw=HW)
    assert (found.points_xy >= 0).all()
    assert (found.points_xy <= 63).all()


def test_many_points_are_found_as_one_is(toy: ToyGenerator) -> None:
    unit = torch.rand(300, 2, generator=torch.Generator().manual_seed(0))
    points = (12 + 40 * unit).round()
    tracker = NearestFeature(radius_px_at_512=64)
    start, moved = (features_shifted_by(toy, shift, 64) for shift in ((0, 0), (3, 4)))
    reference = tracker.reference(start, points, image_hw=HW)
    together = tracker.track(moved, reference, points, image_hw=HW).points_xy
    assert torch.equal(together, points + torch.tensor([3.0, 4.0]))
    alone = tracker.track(moved, reference[:1], points[:1], image_hw=HW).points_xy
    assert torch.equal(alone, together[:1])


@pytest.mark.parametrize("at_once", [7, 100, 1000])
def test_a_large_square_is_searched_in_parts_with_the_same_result(
    toy: ToyGenerator, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    tracker = NearestFeature(radius_px_at_512=64)
    reference = tracker.reference(features_shifted_by(toy, (0, 0), 64), POINTS, image_hw=HW)
    moved = features_shifted_by(toy, (5, -3), 64)
    whole = tracker.track(moved, reference, POINTS, image_hw=HW)
    monkeypatch.setattr(nearest_feature, "_READINGS_AT_ONCE", at_once)
    parts = tracker.track(moved, reference, POINTS, image_hw=HW)
    assert torch.equal(parts.points_xy, whole.points_xy)
    torch.testing.assert_close(parts.mismatch, whole.mismatch)
