from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tugan.dragging.repainting_charge import MoveMetric, RepaintingCharge
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


def metric_of(kind: str) -> tuple[MoveMetric, Tensor]:
    """And ``G`` as a matrix."""
    if kind == "plain":
        return MoveMetric(), torch.eye(D)
    directions = torch.linalg.qr(random_of(D, 5, seed=9))[0].T
    squares = torch.tensor([0.1, 0.5, 2.0, 8.0, 40.0], dtype=torch.float64)
    charge = RepaintingCharge(directions=directions, squares=squares)
    dense = torch.eye(D) + 0.7 * directions.T @ (squares.float()[:, None] * directions)
    return MoveMetric(charge=charge, weight=0.7), dense


def as_matrix_of_positive(known: Curvature) -> Tensor:
    """Where the curvature is of lower rank than the directions."""
    inner = known.directions @ known.products.T
    found: Tensor = known.products.T @ torch.linalg.pinv(inner, rtol=1e-4) @ known.products
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


def test_a_direction_in_which_nothing_curves_stays_known() -> None:
    """It is where one may go: among the newest direction alone there would be no choice."""
    H = torch.outer(first := random_of(D, seed=1), first)
    directions = random_of(2, D, seed=2)
    known = learnt_of(H, directions)
    assert len(known.directions) == 2
    found = known.directions.double()
    # they span what was learnt, and what they say of it is true
    within = directions.double() @ torch.linalg.pinv(found) @ found
    torch.testing.assert_close(within, directions.double(), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(as_matrix_of_positive(known), H, atol=1e-2, rtol=1e-3)


def test_so_many_are_kept() -> None:
    known = learnt_of(positive(1), random_of(MOST + 3, D, seed=2))
    assert len(known.directions) == MOST
    newest = random_of(MOST + 3, D, seed=2)[-1]
    assert (known.directions @ newest).norm() > 0.99 * newest.norm()


@pytest.mark.parametrize("kind", ["plain", "held"])
def test_equations_with_it_are_solved(kind: str) -> None:
    metric, G = metric_of(kind)
    J, asked, charge = random_of(4, D, seed=6), random_of(D, seed=7), 0.3
    known = learnt_of(positive(1), random_of(6, D, seed=2))
    for some in (None, known):
        H = torch.zeros(D, D) if some is None else as_matrix(some)
        found = solved(asked, jacobian=J, metric=metric, charge=charge, known=some)
        expected = torch.linalg.solve(J.T @ J + charge * G + H, asked)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


WEIGHTS = torch.tensor([0.125, 0.5, 2.0, 8.0])
ENERGY = 1.0
"""Of where the step begins."""


def along_two_directions(
    *, allowed: float, kind: str = "plain"
) -> tuple[WeighedStep, Callable[[float], Tensor], Callable[[Tensor], float]]:
    """What was found, the best step for a weight, and a step's predicted energy."""
    metric, G = metric_of(kind)
    H, J, slope = positive(1), random_of(4, D, seed=6), 0.1 * random_of(D, seed=8)
    known, handles = learnt_of(H, random_of(2, D, seed=2)), J.T @ torch.ones(4)
    found = solved_along(
        handles,
        slope,
        jacobian=J,
        metric=metric,
        charge=0.3,
        energy=torch.tensor(ENERGY),
        allowed=allowed,
        weights=WEIGHTS,
        known=known,
    )
    V = known.directions

    def best(weight: float) -> Tensor:
        system = V @ (J.T @ J + 0.3 * G + weight * H) @ V.T
        solution: Tensor = V.T @ torch.linalg.solve(system, V @ (handles - weight * slope))
        return solution

    def energy(step: Tensor) -> float:
        return ENERGY + 2 * float(slope @ step) + float(step @ H @ step)

    return found, best, energy


@pytest.mark.parametrize("kind", ["plain", "held"])
def test_a_solution_along_known_directions_is_the_best_of_them(kind: str) -> None:
    found, best, _ = along_two_directions(allowed=10.0, kind=kind)
    assert found.weight == 0.125
    torch.testing.assert_close(found.change, best(0.125), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("index", range(4))
def test_the_weight_is_the_least_that_keeps_the_energy_within_what_is_allowed(index: int) -> None:
    _, best, energy = along_two_directions(allowed=10.0)
    energies = [energy(best(float(weight))) for weight in WEIGHTS]
    # more of it holds better, so that the question has an answer
    assert energies == sorted(energies, reverse=True)
    found = along_two_directions(allowed=energies[index] + 1e-5)[0]
    assert found.weight == float(WEIGHTS[index])


def test_where_no_weight_keeps_it_the_largest_is_taken() -> None:
    found, best, _ = along_two_directions(allowed=0.0)
    assert found.weight == 8.0
    torch.testing.assert_close(found.change, best(8.0), atol=1e-4, rtol=1e-3)


def test_where_nothing_curves_nothing_is_learnt() -> None:
    assert learnt(None, torch.zeros(D), torch.zeros(D)) is None
    known, direction = learnt_of(positive(1), random_of(2, D, seed=2)), random_of(D, seed=3)
    assert learnt(known, direction, torch.zeros(D)) is known
    assert learnt(known, direction, -direction) is known
    assert learnt(known, direction, torch.full((D,), torch.nan)) is known
    assert learnt(known, direction, torch.inf * direction) is known
