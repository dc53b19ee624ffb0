import torch

from tugan.dragging.trackers.no_tracking import NoTracking

POINTS = torch.tensor([[20.0, 30.0], [40.5, 41.25]])
HW = (64, 64)


def test_points_are_where_they_are_expected_whatever_the_picture_shows() -> None:
    tracker, features = NoTracking(), torch.randn(1, 4, 32, 32)
    reference = tracker.reference(features, POINTS, image_hw=HW)
    found = tracker.track(-features, reference, POINTS + 3, image_hw=HW)
    assert torch.equal(found.points_xy, POINTS + 3)
    assert not found.mismatch.any()
    assert found.confidence is None


def test_a_picture_that_is_not_finite_is_noticed() -> None:
    tracker, features = NoTracking(), torch.zeros(1, 4, 32, 32)
    reference = tracker.reference(features, POINTS, image_hw=HW)
    features[0, 1, 2, 3] = torch.nan
    assert torch.isnan(tracker.track(features, reference, POINTS, image_hw=HW).mismatch).all()
