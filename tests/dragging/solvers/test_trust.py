import pytest
import torch
from torch import Tensor

from tugan.dragging.solvers.trust import BAD, GOOD, GROWTH, LEAST_RADIUS, Verdict

BEFORE = torch.tensor([[100.0, 100.0], [300.0, 200.0]])
TARGETS = BEFORE + torch.tensor([40.0, 0.0])
STEP = torch.tensor([8.0, 0.0])


def verdict(
    found_xy: Tensor,
    *,
    expected_xy: Tensor | None = None,
    believed: tuple[float, ...] = (1.0, 1.0),
    side: int = 512,
) -> Verdict:
    return Verdict.of(
        before_xy=BEFORE,
        expected_xy=BEFORE + STEP if expected_xy is None else expected_xy,
        found_xy=found_xy,
        targets_xy=TARGETS,
        believed=torch.tensor(believed),
        image_hw=(side, side),
    )


def test_a_motion_as_predicted_is_without_error() -> None:
    seen = verdict(BEFORE + STEP)
    assert seen.error == 0
    assert seen.worse_px == pytest.approx(-8.0)
    assert seen.holds


@pytest.mark.parametrize("share", [0.0, 0.5, 1.5, 2.0])
def test_the_error_is_a_share_of_the_motion(share: float) -> None:
    seen = verdict(BEFORE + share * STEP)
    assert seen.error == pytest.approx(abs(1 - share), abs=1e-5)
    assert seen.worse_px == pytest.approx(-8 * share, abs=1e-4)


def test_a_motion_that_nobody_foresaw_and_that_leads_away_is_taken_back() -> None:
    away = verdict(BEFORE - STEP)
    assert away.error == pytest.approx(2.0)
    assert away.worse_px == pytest.approx(8.0)
    assert not away.holds
    # one that was not foreseen either, but leads nearer, is welcome
    assert verdict(BEFORE + 3 * STEP).holds
    # and so is one that stays where it was
    assert verdict(BEFORE).holds


def test_a_worse_place_that_was_foreseen_is_kept() -> None:
    """Several points have to agree: some go away from their targets meanwhile."""
    seen = verdict(BEFORE - STEP, expected_xy=BEFORE - STEP)
    assert seen.worse_px > 1
    assert seen.holds


def test_small_motion_is_not_told_from_the_tracker_s_error() -> None:
    near = BEFORE + torch.tensor([0.1, 0.0])
    seen = verdict(near + torch.tensor([0.0, 0.2]), expected_xy=near)
    # of one pixel, and not of a tenth of it
    assert seen.error == pytest.approx(0.2, abs=1e-4)


def test_pixels_are_those_at_512() -> None:
    found = BEFORE - STEP
    assert verdict(found, side=1024).worse_px == pytest.approx(4.0)
    assert verdict(found, side=1024).error == verdict(found).error


def test_lost_points_tell_nothing() -> None:
    found = BEFORE + STEP
    found[1] = torch.tensor([-900.0, 900.0])
    seen = verdict(found, believed=(1.0, 0.0))
    assert seen.error == pytest.approx(0.0, abs=1e-6)
    assert seen.worse_px == pytest.approx(-8.0)
    assert not verdict(found).holds


def test_places_that_are_not_finite_do_not_hold() -> None:
    assert not verdict(torch.full((2, 2), torch.nan)).holds


def test_the_radius_grows_where_predictions_are_good_but_not_beyond_one() -> None:
    good = Verdict(error=GOOD, worse_px=0.0)
    assert good.radius(0.5) == pytest.approx(0.5 * GROWTH)
    radius = LEAST_RADIUS
    for _ in range(20):
        radius = good.radius(radius)
    assert radius == 1.0


def test_it_falls_where_they_are_bad_but_never_to_nothing() -> None:
    bad = Verdict(error=BAD, worse_px=0.0)
    assert bad.radius(1.0) == 0.5
    radius = 1.0
    for _ in range(20):
        radius = bad.radius(radius)
    assert radius == LEAST_RADIUS


def test_in_between_it_stays() -> None:
    assert Verdict(error=(GOOD + BAD) / 2, worse_px=0.0).radius(0.3) == 0.3
