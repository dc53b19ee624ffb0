from collections.abc import Callable

import torch
from torch import Tensor

from tugan.dragging.solvers.curvature import (
    MOST,
    Curvature,
    WeighedStep,
    learnt,
    solved,
    solved_along,
)

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


WEIGHTS = torch.tensor([8.0, 2.0, 0.5, 0.125])


def along_two_directions(
    asked_px: Tensor, *, allowed: float
) -> tuple[WeighedStep, Callable[[float], Tensor], Tensor]:
    """What was found, the best step for a weight, and the Jacobian."""
    H, J, slope = positive(1), random_of(4, D, seed=6), 0.1 * random_of(D, seed=8)
    known, handles = learnt_of(H, random_of(2, D, seed=2)), J.T @ asked_px
    found = solved_along(
        handles,
        slope,
        jacobian=J,
        asked_px=asked_px,
        charge=0.3,
        weights=WEIGHTS,
        allowed=allowed,
        known=known,
    )
    V = known.directions

    def best(weight: float) -> Tensor:
        system = V @ (J.T @ J + 0.3 * torch.eye(D) + weight * H) @ V.T
        solution: Tensor = V.T @ torch.linalg.solve(system, V @ (handles - weight * slope))
        return solution

    return found, best, J


def test_a_solution_along_known_directions_is_the_best_of_them() -> None:
    found, best, _ = along_two_directions(torch.ones(4), allowed=10.0)
    assert found.weight == 8.0
    torch.testing.assert_close(found.change, best(8.0), atol=1e-4, rtol=1e-3)


def test_the_weight_falls_where_the_handles_would_stay_behind() -> None:
    asked = 3 * torch.ones(4)
    assert along_two_directions(asked, allowed=0.0)[0].weight == 0.125
    found, best, J = along_two_directions(asked, allowed=0.05)
    assert 0.125 < found.weight < 8.0

    def left(weight: float) -> float:
        return float((asked - J @ best(weight)).norm())

    limit = left(0.125) + 0.05 * float(asked.norm())
    assert left(found.weight) <= limit < left(4 * found.weight)


def test_where_nothing_curves_nothing_is_learnt() -> None:
    assert learnt(None, torch.zeros(D), torch.zeros(D)) is None
    known, direction = learnt_of(positive(1), random_of(2, D, seed=2)), random_of(D, seed=3)
    assert learnt(known, direction, torch.zeros(D)) is known
    assert learnt(known, direction, -direction) is known
    assert learnt(known, direction, torch.full((D,), torch.nan)) is known
    assert learnt(known, direction, torch.inf * direction) is known
