import pytest
import torch
from torch import Tensor

from tugan.dragging.solvers.damped_step import DampedStep, damped_step

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
