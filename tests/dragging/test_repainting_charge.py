import pytest
import torch
from torch import Tensor

from tugan.dragging.latent_space import LatentSpace
from tugan.dragging.repainting_charge import MoveMetric, RepaintingCharge
from tugan.generators.protocol import FeatureRange, LatentKind, RepaintingSketch

ROWS, D = 3, 5
WEIGHT = 0.3


def random_of(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def space_of(kind: LatentKind = "w+", *, rows: int = ROWS, whitened: bool = True) -> LatentSpace:
    factor = torch.linalg.cholesky(torch.cov(random_of(D, 40, seed=3))) if whitened else None
    return LatentSpace(kind=kind, rows=rows, factor=factor, coupling=0.2)


def sketch_of(
    probes: int, *, rows: int = ROWS, dtype: torch.dtype = torch.float
) -> RepaintingSketch:
    anything = FeatureRange(mean=torch.zeros(1), deviation=torch.ones(1), farthest=1.0)
    return RepaintingSketch(rows=random_of(probes, rows, D, seed=4).to(dtype), features=anything)


def dense_square(sketch: RepaintingSketch, space: LatentSpace) -> Tensor:
    """``R'R`` of flattened moves, of what moves do to ``ws``; scaled. In double."""
    moves = 1 if space.kind == "w" else space.rows
    start = torch.zeros(1, max(space.rows, sketch.rows.shape[1]), D)
    moved = torch.stack([space.apply(start, one.view(moves, D))[0] for one in torch.eye(moves * D)])
    known = sketch.rows.shape[1]
    R = torch.einsum("krd,mrd->km", sketch.rows.double(), moved[:, :known].double())
    square = R.T @ R
    return square * (len(square) / square.trace())


@pytest.mark.parametrize("probes", [4, 15, 40])
@pytest.mark.parametrize("kind", ["w", "w+"])
@pytest.mark.parametrize("whitened", [True, False])
def test_it_is_the_sketch_in_the_moves_coordinates(
    probes: int, kind: LatentKind, whitened: bool
) -> None:
    """Also of more probes than there are directions."""
    sketch, space = sketch_of(probes), space_of(kind, whitened=whitened)
    charge = RepaintingCharge.of(sketch, space)
    found = charge.directions.T.double() @ (charge.squares[:, None] * charge.directions.double())
    expected = dense_square(sketch, space)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    # a unit move costs one on average
    assert float(found.trace()) / len(found) == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("probes", [4, 40])
@pytest.mark.parametrize("weight", [0.01, 1.0, 100.0])
def test_easing_is_the_inverse_of_charging(probes: int, weight: float) -> None:
    sketch, space = sketch_of(probes), space_of()
    metric = MoveMetric(charge=RepaintingCharge.of(sketch, space), weight=weight)
    moves = random_of(2, ROWS * D, seed=5)
    for one in (moves, moves[0]):
        torch.testing.assert_close(metric.eased(metric.charged(one)), one, atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(metric.charged(metric.eased(one)), one, atol=1e-4, rtol=1e-3)
    G = torch.eye(ROWS * D, dtype=torch.float64) + weight * dense_square(sketch, space)
    expected = torch.linalg.solve(G, moves.double().T).T
    torch.testing.assert_close(metric.eased(moves).double(), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(
        metric.charged(moves).double(), moves.double() @ G, atol=1e-3, rtol=1e-4
    )


def test_what_is_taken_is_a_share() -> None:
    charge = RepaintingCharge.of(sketch_of(6), space_of())
    taken = MoveMetric(charge=charge, weight=WEIGHT).taken()
    assert ((taken > 0) & (taken < 1)).all()
    along = charge.directions[-1]
    eased = MoveMetric(charge=charge, weight=WEIGHT).eased(along)
    torch.testing.assert_close(eased, along * (1 - float(taken[-1])), atol=1e-5, rtol=1e-5)
    assert not MoveMetric(charge=charge, weight=0.0).taken().any()


def test_without_a_charge_nothing_changes() -> None:
    moves = random_of(2, ROWS * D, seed=5)
    assert MoveMetric().eased(moves) is moves
    assert MoveMetric().charged(moves) is moves
    assert MoveMetric().taken().shape == (0,)


def test_rows_that_the_sketch_does_not_know_repaint_nothing() -> None:
    """Those beyond the features' block are not in it."""
    sketch = sketch_of(6, rows=2)
    space = LatentSpace(kind="w+", rows=4)
    charge = RepaintingCharge.of(sketch, space)
    assert charge.directions.shape == (6, 4 * D)
    assert not charge.directions.view(6, 4, D)[:, 2:].any()
    metric = MoveMetric(charge=charge, weight=10.0)
    beyond = torch.zeros(4, D)
    beyond[3] = 1
    torch.testing.assert_close(metric.eased(beyond.flatten()), beyond.flatten())


def test_rows_that_do_not_move_are_left_out() -> None:
    sketch, space = sketch_of(6), LatentSpace(kind="w+", rows=2)
    charge = RepaintingCharge.of(sketch, space)
    assert charge.directions.shape == (6, 2 * D)
    expected = dense_square(sketch, space)
    found = charge.directions.T.double() @ (charge.squares[:, None] * charge.directions.double())
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_it_is_kept_with_the_sketch() -> None:
    sketch = sketch_of(6)
    first, second = (RepaintingCharge.of(sketch, space_of()) for _ in range(2))
    assert first.directions is second.directions
    assert first.squares is second.squares
    others = [
        RepaintingCharge.of(sketch, space)
        for space in (space_of("w"), space_of(rows=2), space_of(whitened=False))
    ]
    assert len({id(one.directions) for one in (first, *others)}) == 4
    assert RepaintingCharge.of(sketch_of(6), space_of()).directions is not first.directions


def test_sketches_of_half_precision_are_read() -> None:
    """As they are kept in files."""
    whole, half = (
        RepaintingCharge.of(sketch_of(6, dtype=dtype), space_of())
        for dtype in (torch.float32, torch.float16)
    )
    assert half.directions.dtype == torch.float32
    torch.testing.assert_close(half.squares, whole.squares, atol=0, rtol=1e-2)
