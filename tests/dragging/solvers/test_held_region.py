from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tugan.dragging.solvers.curvature import Curvature
from tugan.dragging.solvers.held_region import HeldRegion
from tugan.generators.toy import ToyGenerator

MAP = (3, 8, 6)
DIMENSIONS, EQUATIONS = 30, 4
CHARGE, WEIGHT = 0.7, 5.0
FAR = torch.full((EQUATIONS,), 1e6)
"""Asked of the handles: so much that no weight makes a difference, and the largest is the one."""


def left_half() -> Tensor:
    """May change."""
    mask = torch.zeros(16, 12)
    mask[:, :6] = 1
    return mask


def random_of(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def linear(B: Tensor, base: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda move: base + (B @ move).reshape(1, *MAP)


def refined(
    region: HeldRegion,
    B: Tensor,
    J: Tensor,
    change: Tensor,
    move: Tensor,
    *,
    charge: float = CHARGE,
    weight: float = WEIGHT,
    known: Curvature | None = None,
) -> tuple[Tensor, Curvature | None]:
    """With features that are a matrix times the move."""
    synthesise = linear(B, region.initial)
    return region.refined(
        change,
        jacobian=J,
        asked_px=FAR,
        charge=charge,
        weight=weight,
        move=move,
        features=synthesise(move),
        synthesise=synthesise,
        pulled_back=lambda upstream: B.T @ upstream.flatten(),
        known=known,
    )


def matrix(rank: int, *, decay: float = 1.0) -> Tensor:
    """From moves to features, of this rank."""
    strengths = 2 * decay ** torch.arange(rank)
    left = random_of(torch.Size(MAP).numel(), rank, seed=3) / 10
    return (left * strengths) @ random_of(rank, DIMENSIONS, seed=4) / 3


def dense(region: HeldRegion, B: Tensor, J: Tensor, change: Tensor, move: Tensor) -> Tensor:
    """The solution that the refined step approaches."""
    S = WEIGHT * region.scale.expand(MAP).flatten()
    held = B.T @ (S[:, None] * B)
    handles = J.T @ J + CHARGE * torch.eye(DIMENSIONS)
    found: Tensor = torch.linalg.solve(handles + held, handles @ change - B.T @ (S * (B @ move)))
    return found


def refined_and_dense(B: Tensor, region: HeldRegion) -> tuple[Tensor, Tensor, Tensor]:
    """And the step that both began with."""
    J, move, change = (
        random_of(EQUATIONS, DIMENSIONS, seed=5),
        0.4 * random_of(DIMENSIONS, seed=6),
        random_of(DIMENSIONS, seed=7),
    )
    found, _ = refined(region, B, J, change, move)
    return found, dense(region, B, J, change, move), change


@pytest.mark.parametrize(("rank", "tolerance"), [(1, 2e-3), (3, 2e-3), (4, 1e-2)])
def test_few_directions_are_solved_exactly(rank: int, tolerance: float) -> None:
    region = HeldRegion.of(random_of(1, *MAP, seed=1), left_half())
    found, expected, start = refined_and_dense(matrix(rank), region)
    assert (start - expected).norm() > 0.1 * expected.norm()
    assert (found - expected).norm() < tolerance * expected.norm()


def test_many_directions_are_solved_nearly() -> None:
    region = HeldRegion.of(random_of(1, *MAP, seed=1), left_half())
    found, expected, start = refined_and_dense(matrix(20, decay=0.7), region)
    assert (start - expected).norm() > 0.2 * expected.norm()
    assert (found - expected).norm() < 0.05 * expected.norm()


def test_what_is_known_is_used_in_later_steps() -> None:
    """With a product a step, it comes nearer to the solution than the first step's five did."""
    region, B = HeldRegion.of(random_of(1, *MAP, seed=1), left_half()), matrix(20, decay=0.7)
    J, known, errors, products = random_of(EQUATIONS, DIMENSIONS, seed=5), None, [], 0

    def pulled_back(upstream: Tensor) -> Tensor:
        nonlocal products
        products += 1
        return B.T @ upstream.flatten()

    synthesise = linear(B, region.initial)
    for step in range(6):
        move = 0.4 * random_of(DIMENSIONS, seed=6) + 0.02 * random_of(DIMENSIONS, seed=50 + step)
        change = random_of(DIMENSIONS, seed=7) + 0.2 * random_of(DIMENSIONS, seed=60 + step)
        before = products
        found, known = region.refined(
            change,
            jacobian=J,
            asked_px=FAR,
            charge=CHARGE,
            weight=WEIGHT,
            move=move,
            features=synthesise(move),
            synthesise=synthesise,
            pulled_back=pulled_back,
            known=known,
        )
        # one more is the gradient
        assert products - before == (6 if step == 0 else 2)
        expected = dense(region, B, J, change, move)
        errors.append(float((found - expected).norm() / expected.norm()))
    assert max(errors) < 0.05
    assert errors[-1] < errors[0]


def test_what_has_changed_since_the_start_is_taken_back() -> None:
    region = HeldRegion.of(random_of(1, *MAP, seed=1), left_half())
    B, move = matrix(3), random_of(DIMENSIONS, seed=6)
    nothing = torch.zeros(DIMENSIONS)
    J = torch.zeros(EQUATIONS, DIMENSIONS)
    back, _ = refined(region, B, J, nothing, move, charge=1e-3, weight=1e3)
    held = (region.scale > 0).expand(MAP).flatten()
    assert (B @ (move + back))[held].norm() < 0.05 * (B @ move)[held].norm()


def test_with_no_charge_the_step_stays() -> None:
    region = HeldRegion.of(random_of(1, *MAP, seed=1), left_half())
    change = random_of(DIMENSIONS, seed=7)
    J = torch.zeros(EQUATIONS, DIMENSIONS)
    found, _ = refined(region, matrix(2), J, change, change, charge=0.0)
    assert torch.equal(found, change)


def test_only_what_must_stay_is_held() -> None:
    region = HeldRegion.of(random_of(1, *MAP, seed=1), left_half())
    assert not region.empty
    assert not region.scale[:, :3].any()
    assert (region.scale[:, 3:] > 0).all()
    assert HeldRegion.of(region.initial, torch.ones(16, 12)).empty


@pytest.mark.parametrize("hw", [(64, 64), (64, 128)])
@pytest.mark.parametrize("px", [32, 64])
@pytest.mark.parametrize("shift_px", [(1.0, 0.0), (0.0, 1.0), (-0.6, 0.8)])
@pytest.mark.parametrize("half", [False, True])
def test_a_shift_by_a_pixel_counts_as_one(
    hw: tuple[int, int], px: int, shift_px: tuple[float, float], half: bool
) -> None:
    toy = ToyGenerator(size_hw=hw)
    still, moved = torch.zeros(1, 4, 8), torch.zeros(1, 4, 8)
    moved[..., :2] = torch.tensor(shift_px) / 12.0
    before, after = (toy.advance(toy.begin(ws), until_px=px).features for ws in (still, moved))
    mask = torch.zeros(hw)
    if half:
        mask[:, : hw[1] // 2] = 1
    region = HeldRegion.of(before, mask)
    counted = float((region.scale * (after - before).square()).sum())
    assert 0.5 < counted < 2
