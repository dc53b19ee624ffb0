import math
from itertools import pairwise

import pytest

from tugan.core.errors import InvalidDragError
from tugan.dragging.hold import DEFAULT_HOLD, MOST_WEIGHT, check_hold, hold_weight
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.toy import ToyGenerator


def test_the_scale_goes_from_nothing_to_the_whole_charge() -> None:
    assert hold_weight(0.0) == 0.0
    assert hold_weight(1.0) == pytest.approx(MOST_WEIGHT, rel=1e-12)


def test_more_holds_more() -> None:
    weights = [hold_weight(index / 100) for index in range(101)]
    assert all(one < other for one, other in pairwise(weights))


def test_it_rises_by_factors() -> None:
    """As the docstring says."""
    for hold, weight in ((0.25, 0.045), (0.5, 0.30), (0.75, 1.75)):
        assert hold_weight(hold) == pytest.approx(weight, rel=0.04)


@pytest.mark.parametrize("hold", [math.nan, -0.1, 1.1, math.inf, -math.inf])
def test_what_is_outside_of_the_scale_is_refused_with_the_scale(hold: float) -> None:
    said = r"hold must be between 0 \(.*\) and 1 \(.*\), got " + str(hold)
    with pytest.raises(InvalidDragError, match=said):
        check_hold(hold)
    with pytest.raises(InvalidDragError, match=said):
        NewtonSettings(hold=hold)
    with pytest.raises(InvalidDragError, match=said):
        DragSettings(hold=hold)


@pytest.mark.parametrize("hold", [0, 0.0, 0.5, 1, 1.0])
def test_the_scale_is_welcome_with_its_ends(hold: float) -> None:
    check_hold(hold)
    assert NewtonSettings(hold=hold).hold == hold


def test_published_methods_hold_nothing_and_ours_does() -> None:
    info = ToyGenerator().info
    assert DragSettings.paper().hold == DragSettings.original().hold == 0
    assert NewtonSettings.for_generator(info).hold == DEFAULT_HOLD > 0
