import math

import pytest
import torch
from torch import Tensor

from tugan.dragging.hold import DEFAULT_HOLD, FREE_LENGTH, allowed_length
from tugan.dragging.repainting_charge import MoveMetric, RepaintingCharge
from tugan.dragging.solvers.damped_step import (
    DampedStep,
    HeldPicture,
    damped_step,
)

DAMPING = 1e-2


def random_parts(rows: int, columns: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """A Jacobian, what is asked (10 px or so), and a move."""
    rng = torch.Generator().manual_seed(seed)
    return (
        torch.randn(rows, columns, generator=rng),
        10 * torch.randn(rows, generator=rng),
        0.3 * torch.randn(columns, generator=rng),
    )


def plainly(jacobian: Tensor, asked: Tensor, move: Tensor, charge: float) -> Tensor:
    """The minimum's normal equations, of the size of the move."""
    J, s, a = jacobian.double(), asked.double(), move.double()
    system = J.T @ J + charge * torch.eye(len(a), dtype=torch.float64)
    found: Tensor = torch.linalg.solve(system, J.T @ (s + J @ a)) - a
    return found


def worst_left_px(jacobian: Tensor, asked: Tensor, change: Tensor) -> float:
    left = asked.double() - jacobian.double() @ change.double()
    return float(left.reshape(-1, 2).norm(dim=1).max())


def checked(
    parts: tuple[Tensor, Tensor, Tensor], *, slack_px: float, damping: float = DAMPING
) -> DampedStep:
    step = damped_step(*parts, damping=damping, slack_px=slack_px)
    expected = plainly(*parts, step.charge).float()
    torch.testing.assert_close(step.change, expected, rtol=1e-3, atol=1e-4)
    return step


@pytest.mark.parametrize("rows", [2, 6, 10])
@pytest.mark.parametrize("slack_px", [0.0, 1.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_the_minimum(rows: int, slack_px: float, seed: int) -> None:
    checked(random_parts(rows, 7, seed), slack_px=slack_px)


@pytest.mark.parametrize("seed", range(5))
def test_the_charge_is_the_largest_that_comes_near_enough(seed: int) -> None:
    parts = random_parts(4, 20, seed)
    step = checked(parts, slack_px=0.5)
    jacobian, asked, move = parts
    assert worst_left_px(jacobian, asked, step.change) == pytest.approx(0.5, rel=1e-3)
    more = plainly(*parts, 1.05 * step.charge)
    assert worst_left_px(jacobian, asked, more) > 0.5
    assert step.charge > DAMPING * float((jacobian @ jacobian.T).diagonal().mean())
    # and so it moves less than a smaller charge would
    without = damped_step(*parts, damping=DAMPING, slack_px=0.0).change
    assert (move + step.change).norm() < (move + without).norm()


def test_the_charge_is_not_below_the_damping() -> None:
    parts = random_parts(4, 20)
    mean = float((parts[0] @ parts[0].T).diagonal().mean())
    step = checked(parts, slack_px=0.5, damping=2.0)
    assert step.charge == pytest.approx(2.0 * mean, rel=1e-5)
    assert worst_left_px(parts[0], parts[1], step.change) > 0.5


def test_a_goal_that_is_reached_asks_for_the_least_move() -> None:
    jacobian, asked, move = random_parts(4, 20)
    step = damped_step(jacobian, 0 * asked, move, damping=DAMPING, slack_px=1e3)
    assert (move + step.change).norm() < 1e-2 * move.norm()


def test_zero_rows_ask_nothing() -> None:
    jacobian, asked, move = random_parts(4, 20)
    without = damped_step(jacobian, asked, move, damping=DAMPING, slack_px=0.5)
    nothing = torch.zeros(2, 20)
    step = damped_step(
        torch.cat([jacobian[:2], nothing, jacobian[2:]]),
        torch.cat([asked[:2], torch.zeros(2), asked[2:]]),
        move,
        damping=DAMPING,
        slack_px=0.5,
    )
    assert step.charge == pytest.approx(without.charge, rel=1e-4)
    torch.testing.assert_close(step.change, without.change, rtol=1e-3, atol=1e-4)
    # also at the floor, which is of the rows that ask
    floors = [
        damped_step(J, s, move, damping=3.0, slack_px=0.0).charge
        for J, s in (
            (jacobian, asked),
            (torch.cat([jacobian, nothing]), torch.cat([asked, torch.zeros(2)])),
        )
    ]
    assert floors[0] == pytest.approx(floors[1], rel=1e-5)


def test_a_few_of_many_rows_are_solved_alone() -> None:
    jacobian, asked, move = random_parts(32, 3072)
    without = damped_step(jacobian, asked, move, damping=DAMPING, slack_px=0.5)
    rows, wanted = torch.zeros(400, 3072), torch.zeros(400)
    rows[40:72], wanted[40:72] = jacobian, asked
    step = damped_step(rows, wanted, move, damping=DAMPING, slack_px=0.5)
    assert step.charge == pytest.approx(without.charge, rel=1e-4)
    torch.testing.assert_close(step.change, without.change, rtol=1e-3, atol=1e-4)


def test_where_nothing_moves_there_is_no_step() -> None:
    _, asked, move = random_parts(4, 20)
    step = damped_step(torch.zeros(4, 20), asked, move, damping=DAMPING, slack_px=0.5)
    assert torch.equal(step.change, torch.zeros(20))
    assert step.charge == 0


def test_contradictory_goals_meet_in_the_middle() -> None:
    jacobian, _, move = random_parts(2, 20)
    asked = torch.tensor([8.0, 2.0, -4.0, 6.0])
    step = damped_step(jacobian.repeat(2, 1), asked, 0 * move, damping=1e-4, slack_px=0.5)
    assert step.change.isfinite().all()
    torch.testing.assert_close(jacobian @ step.change, torch.tensor([2.0, 4.0]), rtol=1e-2, atol=0)
    assert step.charge == pytest.approx(
        1e-4 * float((jacobian @ jacobian.T).trace()) * 2 / 4, rel=1e-4
    )


def test_a_jacobian_that_is_not_finite_gives_a_step_that_is_not() -> None:
    jacobian, asked, move = random_parts(4, 20)
    jacobian[2, 3] = torch.nan
    step = damped_step(jacobian, asked, move, damping=DAMPING, slack_px=0.5)
    assert step.change.isnan().all()


# ---- what earlier steps left ----


@pytest.mark.parametrize("longest", [0.0, 0.1, 0.3, 1e3])
def test_what_goes_back_has_a_longest_length(longest: float) -> None:
    parts = random_parts(4, 20)
    step = damped_step(*parts, damping=DAMPING, slack_px=0.5, longest_return=longest)
    jacobian, asked, move = parts
    whole = plainly(*parts, step.charge)
    pull = plainly(jacobian, asked, 0 * move, step.charge)
    back = whole - pull
    assert back.norm() > 1
    share = min(1.0, longest / float(back.norm()))
    # what is asked is done in full
    torch.testing.assert_close(step.change.double(), pull + share * back, rtol=1e-3, atol=1e-4)
    assert (step.change.double() - pull).norm() <= longest + 1e-3


# ---- a picture that is held ----


def held_of(
    columns: int, way: Tensor, *, weight: float = 0.5, kept: int = 5
) -> tuple[HeldPicture, Tensor]:
    """And ``R'R``."""
    rng = torch.Generator().manual_seed(11)
    directions = torch.linalg.qr(torch.randn(columns, kept, generator=rng))[0].T
    squares = 10.0 ** torch.linspace(-1, 1.5, kept, dtype=torch.float64)
    charge = RepaintingCharge(directions=directions, squares=squares)
    R2 = directions.T.double() @ (squares[:, None] * directions.double())
    return HeldPicture(charge=charge, weight=weight, way=way), R2


def held_plainly(parts: tuple[Tensor, Tensor, Tensor], charge: float, G: Tensor) -> Tensor:
    """As :func:`plainly`, with ``G`` for what a move costs."""
    J, s, a = (one.double() for one in parts)
    found: Tensor = torch.linalg.solve(J.T @ J + charge * G, J.T @ (s + J @ a)) - a
    return found


@pytest.mark.parametrize("rows", [2, 6, 10])
@pytest.mark.parametrize("slack_px", [0.0, 1.0])
def test_a_held_step_is_the_minimum(rows: int, slack_px: float) -> None:
    parts = random_parts(rows, 14)
    held, R2 = held_of(14, parts[1])
    step = damped_step(*parts, damping=DAMPING, slack_px=slack_px, held=held)
    G = torch.eye(14, dtype=torch.float64) + step.metric.weight * R2
    expected = held_plainly(parts, step.charge, G).float()
    torch.testing.assert_close(step.change, expected, rtol=2e-3, atol=2e-4)
    assert 0 < step.metric.weight <= held.weight
    free = damped_step(*parts, damping=DAMPING, slack_px=slack_px)
    assert (free.change - step.change).norm() > 1e-2 * free.change.norm()
    # and it repaints less, for as much motion
    moves = [(parts[2] + one.change).double() for one in (free, step)]
    assert moves[1] @ R2 @ moves[1] < moves[0] @ R2 @ moves[0]


@pytest.mark.parametrize("rows", [2, 4])
def test_a_held_step_comes_as_near(rows: int) -> None:
    parts = random_parts(rows, 14)
    held, _ = held_of(14, parts[1])
    step = damped_step(*parts, damping=DAMPING, slack_px=0.5, held=held)
    assert worst_left_px(parts[0], parts[1], step.change) == pytest.approx(0.5, rel=1e-2)


def two_ways(*, other: float) -> tuple[Tensor, RepaintingCharge]:
    """A coordinate that moves a point and repaints, and one that moves it ``other`` times as much
    and does not; the same of the other axis."""
    jacobian = torch.zeros(2, 4)
    jacobian[0, :2] = jacobian[1, 2:] = torch.tensor([1.0, other])
    directions = torch.zeros(2, 4)
    directions[0, 0] = directions[1, 2] = 1
    charge = RepaintingCharge(
        directions=directions, squares=torch.full((2,), 2.0, dtype=torch.float64)
    )
    return jacobian, charge


def test_a_direction_that_repaints_is_used_less() -> None:
    jacobian, charge = two_ways(other=1.0)
    asked, nothing = torch.tensor([1.0, 0.0]), torch.zeros(4)
    held = HeldPicture(charge=charge, weight=2.0, way=asked)
    free, step = (
        damped_step(jacobian, asked, nothing, damping=1e-4, slack_px=0.0, held=one).change
        for one in (None, held)
    )
    torch.testing.assert_close(free[0], free[1])
    # a fifth, as it costs 1 + 2 * 2
    assert float(step[0] / step[1]) == pytest.approx(0.2, rel=1e-4)
    assert float(jacobian[0] @ step) == pytest.approx(1.0, rel=1e-2)


def test_a_weight_of_nothing_is_the_free_step() -> None:
    parts = random_parts(4, 14)
    held, _ = held_of(14, parts[1], weight=0.0)
    step, free = (
        damped_step(*parts, damping=DAMPING, slack_px=0.5, held=one) for one in (held, None)
    )
    torch.testing.assert_close(step.change, free.change, rtol=1e-4, atol=1e-5)


def length_of(jacobian: Tensor, charge: RepaintingCharge, way: Tensor, weight: float) -> float:
    """Of the move that goes all of the way, nearly."""
    V = charge.directions.double()
    G = torch.eye(V.shape[1], dtype=torch.float64) + weight * V.T @ (charge.squares[:, None] * V)
    J = jacobian.double()
    gram = J @ torch.linalg.solve(G, J.T)
    eye = torch.eye(len(J), dtype=torch.float64)
    weights = torch.linalg.solve(gram + DAMPING * gram.diagonal().mean() * eye, way.double())
    return float((torch.linalg.solve(G, J.T) @ weights).norm())


def test_a_long_way_is_held_less() -> None:
    """Where little else moves the points the move would go far along that."""
    jacobian, charge = two_ways(other=0.2)

    def weight_for(way_px: float) -> float:
        way = torch.tensor([way_px, 0.0])
        held = HeldPicture(charge=charge, weight=1e3, way=way)
        asked = way.clamp(max=1.0)
        step = damped_step(
            jacobian, asked, torch.zeros(4), damping=DAMPING, slack_px=0.0, held=held
        )
        return step.metric.weight

    # five units of the other coordinate for a pixel
    assert weight_for(0.3) == 1e3
    eased = weight_for(30.0)
    assert eased < 100
    way = torch.tensor([30.0, 0.0])
    shortest = length_of(jacobian, charge, way, 0.0)
    allowed = allowed_length(DEFAULT_HOLD, shortest)
    assert allowed > FREE_LENGTH * DEFAULT_HOLD
    # eight halvings of three powers of ten: to a thirtieth
    assert length_of(jacobian, charge, way, eased) <= allowed * (1 + 1e-6)
    assert length_of(jacobian, charge, way, 1.05 * eased) > allowed


def test_a_way_that_has_been_made_counts() -> None:
    """It is the whole move that may not become long, not the step."""
    jacobian, charge = two_ways(other=0.2)
    move = torch.tensor([30.0, 0.0, 0.0, 0.0])
    little = torch.tensor([0.3, 0.0])
    held = HeldPicture(charge=charge, weight=1e3, way=little)
    step = damped_step(jacobian, little, move, damping=DAMPING, slack_px=0.0, held=held)
    assert step.metric.weight < 100


def test_points_that_ask_nothing_do_not_ease_it() -> None:
    jacobian, charge = two_ways(other=0.2)
    both = torch.cat([jacobian, torch.zeros(2, 4)])
    way = torch.tensor([0.3, 0.0, 500.0, 500.0])
    held = HeldPicture(charge=charge, weight=1e3, way=way)
    asked = torch.tensor([0.3, 0.0, 0.0, 0.0])
    step = damped_step(both, asked, torch.zeros(4), damping=DAMPING, slack_px=0.0, held=held)
    assert step.metric.weight == 1e3


def test_a_held_step_of_a_jacobian_that_is_not_finite_is_not() -> None:
    jacobian, charge = two_ways(other=1.0)
    jacobian[0, 0] = math.inf
    asked = torch.tensor([1.0, 0.0])
    held = HeldPicture(charge=charge, weight=1.0, way=asked)
    step = damped_step(jacobian, asked, torch.zeros(4), damping=DAMPING, slack_px=0.5, held=held)
    assert step.change.isnan().all()
    assert step.metric == MoveMetric()


@pytest.mark.parametrize("seed", range(5))
def test_a_move_that_would_be_too_long_is_shortened_to_what_is_allowed(seed: int) -> None:
    jacobian, asked, move = random_parts(4, 20, seed)
    move *= 0.1
    free = damped_step(jacobian, asked, move, damping=DAMPING, slack_px=0.5)
    length = float((move + free.change).norm())
    same = damped_step(
        jacobian, asked, move, damping=DAMPING, slack_px=0.5, most_length=1.01 * length
    )
    torch.testing.assert_close(same.change, free.change, rtol=0, atol=0)
    short = damped_step(
        jacobian, asked, move, damping=DAMPING, slack_px=0.5, most_length=0.6 * length
    )
    assert 0.5 * length < float((move + short.change).norm()) <= 0.6 * length
    assert short.charge > free.charge
    # it is the likeliest move of its charge, and still goes the way that is asked
    expected = plainly(jacobian, asked, move, short.charge).float()
    torch.testing.assert_close(short.change, expected, rtol=1e-3, atol=1e-4)
    assert float((jacobian @ short.change) @ asked) > 0


def test_a_held_move_is_shortened_too() -> None:
    jacobian, asked, move = random_parts(4, 20)
    held, _ = held_of(20, asked)
    free = damped_step(jacobian, asked, 0 * move, damping=DAMPING, slack_px=0.5, held=held)
    limit = 0.5 * float(free.change.norm())
    short = damped_step(
        jacobian, asked, 0 * move, damping=DAMPING, slack_px=0.5, held=held, most_length=limit
    )
    assert 0.8 * limit < float(short.change.norm()) <= limit
