import math

import pytest
import torch
from torch import Tensor

from tugan.dragging.latent_space import LatentSpace
from tugan.dragging.solvers.bounds import FAMILIAR_WAY, LEAST_WAY, LONGEST_WAY, START_EXCESS, Bounds
from tugan.generators.protocol import FeatureRange, RepaintingSketch

MEAN, DEVIATION = torch.tensor([1.0, -2.0, 0.0]), torch.tensor([0.5, 1.0, 4.0])
FARTHEST = 4.0


def sketch() -> RepaintingSketch:
    features = FeatureRange(mean=MEAN, deviation=DEVIATION, farthest=FARTHEST)
    return RepaintingSketch(rows=torch.zeros(1, 2, 3), features=features)


def far_out(deviations: float) -> Tensor:
    """So many from the mean, everywhere."""
    found: Tensor = (MEAN + deviations * DEVIATION)[None, :, None, None].repeat(1, 1, 4, 5)
    return found


PLAIN = LatentSpace(kind="w+", rows=2)
"""Not whitened: lengths mean nothing."""


def test_features_are_bounded_by_those_of_the_model_s_pictures() -> None:
    bounds = Bounds.of(sketch(), PLAIN, far_out(1.0))
    nothing = torch.zeros(2, 3)
    assert float(bounds.excess(far_out(2.0), nothing)) == pytest.approx(1.0)
    assert float(bounds.excess(far_out(1.0), nothing)) == pytest.approx(0.25)
    assert float(bounds.excess(far_out(4.0), nothing)) == pytest.approx(4.0)
    assert bounds.longest == math.inf


def test_a_start_that_is_further_out_may_stay_there() -> None:
    """A photograph, or a picture that was dragged before."""
    bounds = Bounds.of(sketch(), PLAIN, far_out(3.0))
    nothing = torch.zeros(2, 3)
    assert float(bounds.excess(far_out(3.0), nothing)) == pytest.approx(1 / START_EXCESS)
    assert float(bounds.excess(far_out(4.0), nothing)) > 1


def test_the_move_is_bounded_by_the_way_between_pictures() -> None:
    """Measured here: between pairs of the space's own moves."""
    rows, width = 9, 512
    space = LatentSpace(kind="w+", rows=rows, factor=torch.eye(width), coupling=0.2)
    rng = torch.Generator().manual_seed(0)
    start = torch.zeros(1, rows, width)
    # of the moves between two pictures of W all rows are alike
    one, other = (0.7 * torch.randn(50, width, generator=rng) for _ in range(2))
    together = math.sqrt(0.8 + 0.2 * rows)
    moves = ((one - other) / together)[:, None].expand(50, rows, width)
    torch.testing.assert_close(
        space.apply(start, moves[0]), (one - other)[0].expand(1, rows, width), atol=1e-4, rtol=1e-4
    )
    usual = float(moves.flatten(1).norm(dim=1).mean())
    assert space.way_between_pictures == pytest.approx(usual, rel=0.02)
    bounds = Bounds.of(sketch(), space, torch.zeros(1, 5, 4, 4))
    assert bounds.longest == pytest.approx(LONGEST_WAY * space.way_between_pictures)
    assert bounds.longest > LEAST_WAY
    assert bounds.familiar == pytest.approx(FAMILIAR_WAY * space.way_between_pictures)
    assert LEAST_WAY < bounds.familiar < bounds.longest
    longest = moves[0] * bounds.longest / moves[0].norm()
    assert float(bounds.excess(torch.ones(1, 5, 4, 4), longest)) == pytest.approx(1.0, rel=1e-4)
    assert float(bounds.excess(torch.ones(1, 5, 4, 4), 2 * longest)) == pytest.approx(2.0, rel=1e-4)


def test_where_w_has_few_dimensions_the_bound_is_not_shorter_than_single_directions_lead() -> None:
    space = LatentSpace(kind="w+", rows=4, factor=torch.eye(8))
    assert LONGEST_WAY * space.way_between_pictures < LEAST_WAY
    bounds = Bounds.of(sketch(), space, far_out(0.0))
    assert bounds.longest == bounds.familiar == LEAST_WAY


def test_without_a_sketch_there_are_none() -> None:
    space = LatentSpace(kind="w+", rows=4, factor=torch.eye(8))
    bounds = Bounds.of(None, space, far_out(0.0))
    assert float(bounds.excess(far_out(50.0), torch.full((4, 8), 1e3))) == 0


def test_the_worse_of_both_counts() -> None:
    space = LatentSpace(kind="w+", rows=4, factor=torch.eye(8))
    bounds = Bounds.of(sketch(), space, far_out(1.0))
    move = torch.zeros(4, 8)
    move[0, 0] = 0.5 * LEAST_WAY
    assert float(bounds.excess(far_out(1.0), move)) == pytest.approx(0.5)
    assert float(bounds.excess(far_out(4.0), move)) == pytest.approx(4.0)


def test_features_of_other_blocks_are_not_judged() -> None:
    """The range is that of one block, and another has other channels."""
    bounds = Bounds.of(sketch(), PLAIN, torch.zeros(1, 5, 4, 4))
    assert bounds.features is None
    assert float(bounds.excess(torch.full((1, 5, 4, 4), 1e9), torch.ones(2, 3))) == 0


def test_what_is_not_finite_is_not_within() -> None:
    bounds = Bounds.of(sketch(), PLAIN, far_out(1.0))
    for broken in (torch.nan, torch.inf):
        features = far_out(1.0)
        features[0, 1, 2, 3] = broken
        assert not float(bounds.excess(features, torch.zeros(2, 3))) <= 1
