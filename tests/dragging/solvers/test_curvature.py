import torch
from torch import Tensor

from tugan.dragging.solvers.curvature import MOST, Curvature, learnt, solved

D = 20


def random_of(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def positive(seed: int) -> Tensor:
    half = random_of(D, D, seed=seed)
    return half @ half.T / D


def learnt_of(H: Tensor, directions: Tensor) -> Curvature:
    known = None
    for direction in directions:
        known = learnt(known, direction, H @ direction)
    assert known is not None
    return known


def as_matrix(known: Curvature) -> Tensor:
    inner = known.directions @ known.products.T
    found: Tensor = known.products.T @ torch.linalg.inv(inner) @ known.products
    return found


def test_it_is_exact_along_what_was_learnt() -> None:
    H, directions = positive(1), random_of(5, D, seed=2)
    known = learnt_of(H, directions)
    torch.testing.assert_close(known.directions.norm(dim=1), torch.ones(5))
    found = as_matrix(known)
    torch.testing.assert_close(found @ directions.T, H @ directions.T, atol=1e-4, rtol=1e-4)
    # and elsewhere it is less than the truth
    assert torch.linalg.eigvalsh(H - found).min() > -1e-3


def test_what_is_newer_is_right() -> None:
    """Where the curvature has changed."""
    before, now = positive(1), positive(2)
    known, direction = learnt_of(before, random_of(4, D, seed=3)), random_of(D, seed=4)
    changed = learnt(known, direction, now @ direction)
    assert changed is not None
    found = as_matrix(changed) @ direction
    torch.testing.assert_close(found, now @ direction, atol=1e-4, rtol=1e-4)


def test_the_same_direction_again_takes_the_older_one_s_place() -> None:
    H, directions = positive(1), random_of(3, D, seed=2)
    known = learnt_of(H, directions)
    again = learnt(known, 3 * directions[2] + 0.01 * random_of(D, seed=5), H @ (3 * directions[2]))
    assert again is not None
    assert len(again.directions) == 3


def test_so_many_are_kept() -> None:
    known = learnt_of(positive(1), random_of(MOST + 3, D, seed=2))
    assert len(known.directions) == MOST
    newest = random_of(MOST + 3, D, seed=2)[-1]
    assert (known.directions @ newest).norm() > 0.99 * newest.norm()


def test_equations_with_it_are_solved() -> None:
    J, asked, charge = random_of(4, D, seed=6), random_of(D, seed=7), 0.3
    known = learnt_of(positive(1), random_of(6, D, seed=2))
    for some in (None, known):
        H = torch.zeros(D, D) if some is None else as_matrix(some)
        found = solved(asked, jacobian=J, charge=charge, known=some)
        expected = torch.linalg.solve(J.T @ J + charge * torch.eye(D) + H, asked)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_where_nothing_curves_nothing_is_learnt() -> None:
    assert learnt(None, torch.zeros(D), torch.zeros(D)) is None
    known, direction = learnt_of(positive(1), random_of(2, D, seed=2)), random_of(D, seed=3)
    assert learnt(known, direction, torch.zeros(D)) is known
    assert learnt(known, direction, -direction) is known
    assert learnt(known, direction, torch.full((D,), torch.nan)) is known
