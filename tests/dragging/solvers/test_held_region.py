from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tugan.dragging.repainting_charge import MoveMetric, RepaintingCharge
from tugan.dragging.solvers.curvature import Curvature
from tugan.dragging.solvers.held_region import ALLOWED_PX_AT_512, HeldRegion
from tugan.generators.toy import ToyGenerator

MAP = (3, 8, 6)
DIMENSIONS, EQUATIONS = 30, 4
CHARGE = 0.7
WEIGHTS = torch.logspace(-2, 4, 25)
"""That are tried."""


def left_half() -> Tensor:
    """May change."""
    mask = torch.zeros(16, 12)
    mask[:, :6] = 1
    return mask


def random_of(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def linear(B: Tensor, base: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda move: base + (B @ move).reshape(1, *MAP)


def allowing(region: HeldRegion, allowed: float) -> HeldRegion:
    """So much of its energy, instead of 1."""
    return replace(region, scale=region.scale / allowed)


def refined(
    region: HeldRegion,
    B: Tensor,
    J: Tensor,
    change: Tensor,
    move: Tensor,
    *,
    allowed: float,
    charge: float = CHARGE,
    metric: MoveMetric | None = None,
    known: Curvature | None = None,
) -> tuple[Tensor, Curvature | None]:
    """With features that are a matrix times the move."""
    region = allowing(region, allowed)
    synthesise = linear(B, region.initial)
    return region.refined(
        change,
        jacobian=J,
        metric=metric or MoveMetric(),
        charge=charge,
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


def dense(
    region: HeldRegion,
    B: Tensor,
    J: Tensor,
    change: Tensor,
    move: Tensor,
    *,
    weight: float,
) -> Tensor:
    """The solution that the refined step approaches."""
    S = weight * region.scale.expand(MAP).flatten()
    held = B.T @ (S[:, None] * B)
    handles = J.T @ J + CHARGE * torch.eye(DIMENSIONS)
    found: Tensor = torch.linalg.solve(handles + held, handles @ change - B.T @ (S * (B @ move)))
    return found


def energy_of(region: HeldRegion, B: Tensor, move: Tensor) -> float:
    return float(region.energy(linear(B, region.initial)(move)))


def least(
    region: HeldRegion, dense_of: Callable[[float], Tensor], B: Tensor, move: Tensor
) -> Tensor:
    """The solution with the least of the weights that keep the energy within 1."""
    for weight in WEIGHTS:
        found = dense_of(float(weight))
        if energy_of(region, B, move + found) <= 1:
            return found
    raise AssertionError("no weight holds it")


def expected_of(region: HeldRegion, B: Tensor, J: Tensor, change: Tensor, move: Tensor) -> Tensor:
    return least(region, lambda weight: dense(region, B, J, change, move, weight=weight), B, move)


def little_allowed(
    region: HeldRegion, B: Tensor, moved: Tensor, *, share: float = 0.01
) -> HeldRegion:
    """This share of what this changes."""
    return allowing(region, share * energy_of(region, B, moved))


def refined_and_dense(
    B: Tensor, region: HeldRegion, *, share: float = 0.01
) -> tuple[Tensor, Tensor, Tensor]:
    """And the step that both began with."""
    J, move, change = (
        random_of(EQUATIONS, DIMENSIONS, seed=5),
        0.4 * random_of(DIMENSIONS, seed=6),
        random_of(DIMENSIONS, seed=7),
    )
    region = little_allowed(region, B, move + change, share=share)
    found, _ = refined(region, B, J, change, move, allowed=1.0)
    return found, expected_of(region, B, J, change, move), change


@pytest.mark.parametrize(("rank", "tolerance"), [(1, 2e-3), (3, 2e-3), (4, 1e-2)])
def test_few_directions_are_solved_exactly(rank: int, tolerance: float) -> None:
    region = HeldRegion.of(random_of(1, *MAP, seed=1), left_half())
    found, expected, start = refined_and_dense(matrix(rank), region)
    assert (start - expected).norm() > 0.1 * expected.norm()
    assert (found - expected).norm() < tolerance * expected.norm()


def test_many_directions_are_solved_nearly() -> None:
    region = HeldRegion.of(random_of(1, *MAP, seed=1), left_half())
    found, expected, start = refined_and_dense(matrix(20, decay=0.7), region, share=0.1)
    assert (start - expected).norm() > 0.2 * expected.norm()
    assert (found - expected).norm() < 0.05 * expected.norm()


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_no_more_changes_than_is_allowed(share: float) -> None:
    """And not much less: what is allowed is used."""
    region, B = HeldRegion.of(random_of(1, *MAP, seed=1), left_half()), matrix(3)
    J, move = random_of(EQUATIONS, DIMENSIONS, seed=5), torch.zeros(DIMENSIONS)
    change = random_of(DIMENSIONS, seed=7)
    allowed = share * energy_of(region, B, change)
    found, _ = refined(region, B, J, change, move, allowed=allowed)
    assert 0.2 * allowed < energy_of(region, B, move + found) < 1.02 * allowed


def test_a_step_that_changes_little_is_nearly_free() -> None:
    region, B = HeldRegion.of(random_of(1, *MAP, seed=1), left_half()), matrix(3)
    J, nothing = random_of(EQUATIONS, DIMENSIONS, seed=5), torch.zeros(DIMENSIONS)
    change = random_of(DIMENSIONS, seed=7)
    allowed = 2 * energy_of(region, B, change)
    found, _ = refined(region, B, J, change, nothing, allowed=allowed)
    # the least weight is not zero, but next to it; and of the step's directions only those are
    # asked that were learnt
    assert (J @ (found - change)).norm() < 0.1 * (J @ change).norm()


def test_the_metric_of_the_handles_is_that_of_the_region() -> None:
    """With what is held besides: the equations are those of the step without the region."""
    region, B = HeldRegion.of(random_of(1, *MAP, seed=1), left_half()), matrix(1)
    J, move, change = (
        random_of(EQUATIONS, DIMENSIONS, seed=5),
        0.4 * random_of(DIMENSIONS, seed=6),
        random_of(DIMENSIONS, seed=7),
    )
    V = torch.linalg.qr(random_of(DIMENSIONS, 4, seed=9))[0].T
    squares = torch.tensor([0.5, 2.0, 8.0, 40.0], dtype=torch.float64)
    metric = MoveMetric(charge=RepaintingCharge(directions=V, squares=squares), weight=2.0)
    G = torch.eye(DIMENSIONS) + 2.0 * V.T @ (squares.float()[:, None] * V)
    right = J.T @ J + CHARGE * G
    handles = right @ change

    region = little_allowed(region, B, move + change)

    def dense_of(weight: float) -> Tensor:
        S = weight * region.scale.expand(MAP).flatten()
        system = right + B.T @ (S[:, None] * B)
        found: Tensor = torch.linalg.solve(system, handles - B.T @ (S * (B @ move)))
        return found

    found, _ = refined(region, B, J, change, move, allowed=1.0, metric=metric)
    expected = least(region, dense_of, B, move)
    assert (change - expected).norm() > 0.1 * expected.norm()
    assert (found - expected).norm() < 5e-3 * expected.norm()
    # without it they are others
    plain, _ = refined(region, B, J, change, move, allowed=1.0)
    assert (plain - expected).norm() > 0.02 * expected.norm()


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
        if step == 0:
            region = little_allowed(region, B, move + change, share=0.1)
        found, known = region.refined(
            change,
            jacobian=J,
            metric=MoveMetric(),
            charge=CHARGE,
            move=move,
            features=synthesise(move),
            synthesise=synthesise,
            pulled_back=pulled_back,
            known=known,
        )
        # one more is the gradient
        assert products - before == (6 if step == 0 else 2)
        expected = expected_of(region, B, J, change, move)
        errors.append(float((found - expected).norm() / expected.norm()))
    assert max(errors) < 0.05
    assert errors[-1] < errors[0]


def test_what_has_changed_since_the_start_is_taken_back() -> None:
    region = HeldRegion.of(random_of(1, *MAP, seed=1), left_half())
    B, move = matrix(3), random_of(DIMENSIONS, seed=6)
    nothing = torch.zeros(DIMENSIONS)
    J = torch.zeros(EQUATIONS, DIMENSIONS)
    back, _ = refined(region, B, J, nothing, move, charge=1e-3, allowed=1e-6)
    held = (region.scale > 0).expand(MAP).flatten()
    assert (B @ (move + back))[held].norm() < 0.05 * (B @ move)[held].norm()


def test_with_no_charge_the_step_stays() -> None:
    region = HeldRegion.of(random_of(1, *MAP, seed=1), left_half())
    change = random_of(DIMENSIONS, seed=7)
    J = torch.zeros(EQUATIONS, DIMENSIONS)
    found, _ = refined(region, matrix(2), J, change, change, charge=0.0, allowed=1.0)
    assert torch.equal(found, change)


def test_a_smaller_weight_allows_more() -> None:
    features, changed = random_of(1, *MAP, seed=1), random_of(1, *MAP, seed=2)
    one, third = (HeldRegion.of(features, left_half(), weight=weight) for weight in (1.0, 1 / 3))
    assert float(one.energy(changed)) == pytest.approx(9 * float(third.energy(changed)), rel=1e-5)
    assert float(one.energy(features)) == 0


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
    # one at 512 px, of which so much is allowed
    shift_at_512 = 512 / max(hw)
    counted = float(region.energy(after)) * (ALLOWED_PX_AT_512 / shift_at_512) ** 2
    assert 0.5 < counted < 2
