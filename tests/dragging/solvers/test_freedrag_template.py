import pytest
import torch

from tugan.dragging.solvers.freedrag_search import PLACES, place_on_line, toward
from tugan.dragging.solvers.freedrag_template import difference, patches, update_weight, updated

CENTRE = torch.zeros(1, 2)
HW = (64, 64)


def ramp() -> torch.Tensor:
    """Two channels whose values are x and y: a place is told by its feature."""
    side = torch.arange(64.0)
    ys, xs = torch.meshgrid(side, side, indexing="ij")
    return torch.stack([xs, ys])[None]


def test_the_update_meets_its_two_conditions_and_falls_between() -> None:
    weights = update_weight(0.3 * torch.tensor([0.0, 0.2, 0.5, 0.8, 3.0]), 0.3)
    assert weights[1].item() == pytest.approx(0.5)
    assert weights[3].item() == pytest.approx(0.1)
    assert (weights[1:] < weights[:-1]).all()
    assert weights[4] < 1e-3
    # beta = 0.2 l, alpha = ln 9 / (0.6 l), by hand
    assert weights[0].item() == pytest.approx(1 / (1 + 9 ** (-1 / 3)), rel=1e-5)


def test_the_weight_depends_on_the_share_of_l_alone() -> None:
    losses = torch.tensor([0.01, 0.1, 0.2])
    torch.testing.assert_close(update_weight(losses, 0.3), update_weight(10 * losses, 3.0))


def test_a_template_takes_over_its_share() -> None:
    old, new = torch.zeros(2, 3, 4), torch.ones(2, 3, 4)
    mixed = updated(old, new, torch.tensor([0.25, 0.0]))
    assert (mixed[0] == 0.25).all()
    assert not mixed[1].any()
    torch.testing.assert_close(difference(mixed, new), torch.tensor([0.75, 1.0]))


def test_patches_are_the_features_around_their_places() -> None:
    places = torch.tensor([[10.0, 20.0], [30.5, 40.25]])
    offsets = torch.tensor([[0.0, 0.0], [1.0, -2.0]])
    found = patches(ramp(), places, offsets, image_hw=HW)
    torch.testing.assert_close(found, places[:, None] + offsets)


def place(wanted: float, *, here: float = 10.0, end: float = 16.0, template: float = 10.0) -> float:
    templates = torch.tensor([[[template, 30.0]]])
    ends = torch.tensor([[here, 30.0]]), torch.tensor([[end, 30.0]])
    found = place_on_line(ramp(), ends, templates, wanted, offsets_xy=CENTRE, image_hw=HW)
    assert float(found[0, 1]) == 30.0
    return float(found[0, 0])


def test_the_place_is_where_the_difference_is_as_wanted() -> None:
    # the difference is half the way in x, for the mean is over two channels
    assert place(1.5) == pytest.approx(13.0, abs=0.5 * 6 / (PLACES - 1))
    assert place(0.0) == 10.0
    assert place(99.0) == 16.0
    # a template that is behind: most of the difference is there already
    assert place(1.5, template=8.0) == pytest.approx(11.0, abs=0.5 * 6 / (PLACES - 1))


def test_going_back_finds_what_looks_most_like_the_template() -> None:
    assert place(0.0, here=16.0, end=10.0, template=12.0) == pytest.approx(12.0, abs=0.3)


def test_places_of_several_handles_do_not_mix() -> None:
    first = torch.tensor([[10.0, 30.0], [20.0, 40.0], [5.0, 5.0]])
    last = first + torch.tensor([[6.0, 0.0], [0.0, 6.0], [6.0, 6.0]])
    templates = first[:, None]
    together = place_on_line(ramp(), (first, last), templates, 1.5, offsets_xy=CENTRE, image_hw=HW)
    torch.testing.assert_close(
        together, torch.tensor([[13.0, 30.0], [20.0, 43.0], [6.5, 6.5]]), atol=0.3, rtol=0
    )


def test_toward_goes_as_far_as_it_may() -> None:
    here = torch.tensor([[0.0, 0.0], [0.0, 0.0], [5.0, 5.0]])
    there = torch.tensor([[30.0, 40.0], [1.0, 0.0], [5.0, 5.0]])
    expected = torch.tensor([[3.0, 4.0], [1.0, 0.0], [5.0, 5.0]])
    torch.testing.assert_close(toward(here, there, 5.0), expected)
