import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.trackers.patch import Patch
from tugan.generators.toy import ToyGenerator

HW = (256, 256)
POINTS = torch.tensor([[80.0, 120.0], [160.0, 164.0], [132.5, 48.25]])
BORDERS = torch.tensor([[0.0, 0.0], [255.0, 255.0], [0.0, 100.0], [180.0, 255.0]])
LOST_BELOW = NewtonSettings().lost_below
# the toy's waves are so smooth that the charge for leaving the expected place is felt
FREE = Patch(charge=1e-6)


def features_shifted_by(shift_px: tuple[float, float], hw: tuple[int, int], px: int) -> Tensor:
    toy, ws = ToyGenerator(size_hw=hw), torch.zeros(1, 4, 8)
    ws[..., :2] = torch.tensor(shift_px) / 12.0
    torch.testing.assert_close(toy.shift_px(ws)[0], torch.tensor(shift_px))
    return toy.advance(toy.begin(ws), until_px=px).features


def smooth_noise(seed: int) -> Tensor:
    coarse = torch.randn(1, 24, 16, 16, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(coarse, size=(64, 64), mode="bicubic")


@pytest.mark.parametrize("shift_px", [(2.3, -1.7), (0.2, 0.1), (-4.85, 3.4)])
@pytest.mark.parametrize("px", [64, 128, 256])
def test_it_follows_a_known_shift(shift_px: tuple[float, float], px: int) -> None:
    reference = FREE.reference(features_shifted_by((0.0, 0.0), HW, px), POINTS, image_hw=HW)
    moved = features_shifted_by(shift_px, HW, px)
    found = FREE.track(moved, reference, POINTS, image_hw=HW)
    error = found.points_xy - POINTS - torch.tensor(shift_px)
    assert error.abs().max() < 0.1
    assert found.confidence is not None
    assert found.confidence.min() > 0.99


@pytest.mark.parametrize("px", [64, 256])
def test_the_charge_is_gone_where_the_expectation_is_right(px: int) -> None:
    tracker, points, shift_px = Patch(), POINTS, torch.tensor([-4.85, 3.4])
    reference = tracker.reference(features_shifted_by((0.0, 0.0), HW, px), POINTS, image_hw=HW)
    moved = features_shifted_by((-4.85, 3.4), HW, px)
    left = []
    for _ in range(8):
        points = tracker.track(moved, reference, points, image_hw=HW).points_xy
        left.append(float((points - POINTS - shift_px).abs().max()))
    assert left[0] < 0.5 * 4.85
    assert left[-1] < 0.1


def test_pictures_without_a_square_shape() -> None:
    hw = (128, 256)
    points = torch.tensor([[200.0, 90.0], [30.0, 20.0]])
    start, moved = (features_shifted_by(shift, hw, 128) for shift in ((0.0, 0.0), (3.6, -2.2)))
    reference = FREE.reference(start, points, image_hw=hw)
    found = FREE.track(moved, reference, points, image_hw=hw).points_xy
    assert (found - points - torch.tensor([3.6, -2.2])).abs().max() < 0.1


@pytest.mark.parametrize("px", [64, 256])
def test_it_stays_where_nothing_moved(px: int) -> None:
    points = torch.cat([POINTS, BORDERS])
    features, tracker = features_shifted_by((0.0, 0.0), HW, px), Patch()
    reference = tracker.reference(features, points, image_hw=HW)
    found = tracker.track(features, reference, points, image_hw=HW)
    assert found.confidence is not None
    assert found.confidence.min() > 0.999
    assert found.mismatch.max() < 1e-3
    assert (found.points_xy - points).abs().max() < 0.15


def test_it_starts_from_where_points_are_expected() -> None:
    far = (20.0, -15.0)  # more than it searches: 6 px here
    start, moved = (features_shifted_by(shift, HW, 128) for shift in ((0.0, 0.0), far))
    reference = FREE.reference(start, POINTS, image_hw=HW)
    there = POINTS + torch.tensor(far)
    found = FREE.track(moved, reference, there + torch.tensor([3.0, -2.0]), image_hw=HW)
    assert (found.points_xy - there).abs().max() < 0.1
    beyond = FREE.track(moved, reference, POINTS, image_hw=HW)
    assert (beyond.points_xy - POINTS).abs().max() <= 7.5


def test_at_the_border_it_stays_in_the_picture() -> None:
    tracker = Patch()
    reference = tracker.reference(features_shifted_by((0.0, 0.0), HW, 128), BORDERS, image_hw=HW)
    for shift_px in ((-5.0, 5.0), (5.0, -5.0)):
        moved = features_shifted_by(shift_px, HW, 128)
        found = tracker.track(moved, reference, BORDERS, image_hw=HW).points_xy
        assert (found >= 0).all()
        assert (found <= 255).all()
    # into the picture
    inward = BORDERS[2:3] + torch.tensor([4.0, 1.5])
    moved = features_shifted_by((4.0, 1.5), HW, 128)
    found = tracker.track(moved, reference[2:3], BORDERS[2:3], image_hw=HW).points_xy
    assert (found - inward).abs().max() < 0.5


def test_a_picture_of_something_else_is_not_believed() -> None:
    tracker, start = Patch(), smooth_noise(0)
    reference = tracker.reference(start, POINTS, image_hw=HW)
    known = tracker.track(start, reference, POINTS, image_hw=HW).confidence
    other = tracker.track(smooth_noise(1), reference, POINTS, image_hw=HW).confidence
    assert known is not None
    assert other is not None
    assert known.min() > 0.999
    assert other.max() < LOST_BELOW


def test_only_directions_of_features_count() -> None:
    start, moved = (features_shifted_by(shift, HW, 64) for shift in ((0.0, 0.0), (3.0, 1.0)))
    tracker = Patch()
    reference = tracker.reference(start, POINTS, image_hw=HW)
    found = tracker.track(moved, reference, POINTS, image_hw=HW)
    louder = tracker.track(4 * moved, reference, POINTS, image_hw=HW)
    torch.testing.assert_close(louder.points_xy, found.points_xy)


def test_along_an_edge_the_expected_place_decides() -> None:
    columns = features_shifted_by((0.0, 0.0), HW, 128)[:, :, 64:65]
    moved = features_shifted_by((3.0, 0.0), HW, 128)[:, :, 64:65]
    edges, moved_edges = columns.repeat(1, 1, 128, 1), moved.repeat(1, 1, 128, 1)
    reference = FREE.reference(edges, POINTS, image_hw=HW)
    expected = POINTS + torch.tensor([1.0, 2.7])
    found = Patch(charge=1e-4).track(moved_edges, reference, expected, image_hw=HW).points_xy
    assert (found[:, 1] - expected[:, 1]).abs().max() < 0.02
    assert (found[:, 0] - POINTS[:, 0] - 3.0).abs().max() < 0.3


def test_it_does_not_drift_over_many_pictures() -> None:
    points = POINTS
    reference = FREE.reference(features_shifted_by((0.0, 0.0), HW, 128), points, image_hw=HW)
    for step in range(1, 13):
        shift_px = (1.3 * step, -0.9 * step)
        moved = features_shifted_by(shift_px, HW, 128)
        points = FREE.track(moved, reference, points, image_hw=HW).points_xy
    assert (points - POINTS - torch.tensor(shift_px)).abs().max() < 0.1


def test_many_points_are_found_as_one_is() -> None:
    unit = torch.rand(130, 2, generator=torch.Generator().manual_seed(0))
    points = 20 + 200 * unit
    start, moved = (features_shifted_by(shift, HW, 64) for shift in ((0.0, 0.0), (3.0, 4.0)))
    tracker = Patch()
    reference = tracker.reference(start, points, image_hw=HW)
    together = tracker.track(moved, reference, points, image_hw=HW)
    alone = tracker.track(moved, reference[-1:], points[-1:], image_hw=HW)
    torch.testing.assert_close(alone.points_xy, together.points_xy[-1:], atol=1e-3, rtol=0)
    assert len(together.mismatch) == 130


@pytest.mark.parametrize("px", [32, 64, 256])
def test_fixed_shapes_find_the_same_places(px: int) -> None:
    points = torch.cat([POINTS, BORDERS, POINTS + 0.37])
    start, moved = (features_shifted_by(shift, HW, px) for shift in ((0.0, 0.0), (2.3, -1.7)))
    reference = Patch().reference(start, points, image_hw=HW)
    found, expected = (
        tracker.track(moved, reference, points, image_hw=HW)
        for tracker in (Patch(fixed_shapes=True), Patch())
    )
    torch.testing.assert_close(found.points_xy, expected.points_xy, atol=1e-3, rtol=0)
    torch.testing.assert_close(found.mismatch, expected.mismatch, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size_hw", [(256, 256), (512, 256), (64, 320)])
@pytest.mark.parametrize("place", [(0.0, 0.0), (1.0, 1.0), (0.0, 0.6), (0.45, 1.0), (0.52, 0.37)])
def test_a_part_of_the_map_is_as_good_as_all_of_it(
    size_hw: tuple[int, int], place: tuple[float, float]
) -> None:
    """A point alone is searched for in a small rectangle; with fixed shapes in the whole map."""
    rng = torch.Generator().manual_seed(3)
    map_hw = (size_hw[0] // 8, size_hw[1] // 8)
    start = torch.randn(1, 16, *map_hw, generator=rng)
    moved = start + 0.3 * torch.randn(start.shape, generator=rng)
    point = torch.tensor([place]) * torch.tensor([size_hw[1] - 1.0, size_hw[0] - 1.0])
    reference = Patch().reference(start, point, image_hw=size_hw)
    found, expected = (
        tracker.track(moved, reference, point, image_hw=size_hw)
        for tracker in (Patch(), Patch(fixed_shapes=True))
    )
    torch.testing.assert_close(found.points_xy, expected.points_xy, atol=1e-4, rtol=0)
    torch.testing.assert_close(found.mismatch, expected.mismatch, atol=1e-6, rtol=0)


def test_features_that_are_nan_leave_points_inside_the_picture() -> None:
    features = features_shifted_by((0.0, 0.0), HW, 64)
    reference = Patch().reference(features, POINTS, image_hw=HW)
    found = Patch().track(features * torch.nan, reference, POINTS, image_hw=HW)
    assert not found.mismatch.isfinite().any()
    assert found.points_xy.isfinite().all()
    assert 0 <= float(found.points_xy.min()) <= float(found.points_xy.max()) <= 255
