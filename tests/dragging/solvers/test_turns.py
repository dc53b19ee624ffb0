"""With many points the derivatives of a few are computed in each step."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tugan.core.outcome import Ending
from tugan.dragging.feature_flow import feature_flow
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.dragging.solvers import device_work
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.newton_state import NewtonState
from tugan.dragging.solvers.saved_state import restored_state, saved_state
from tugan.dragging.solvers.turns import Turns
from tugan.generators.protocol import PretrainedGenerator, sample_z
from tugan.generators.toy import ToyGenerator

SETTINGS = NewtonSettings(rows=4, blocks_px=(64,), coupling=0.2)
SHIFT = torch.tensor([18.0, -12.0])


def points_of(count: int, *, seed: int = 1) -> Tensor:
    return 25 + 70 * torch.rand(count, 2, generator=torch.Generator().manual_seed(seed))


def problem_of(points: int, *, mask: Tensor | None = None) -> DragProblem:
    handles = points_of(points)
    return DragProblem(
        generator=ToyGenerator(size_hw=(128, 128)),
        ws=torch.zeros(1, 4, 8),
        handles_xy=handles,
        targets_xy=handles + SHIFT,
        mask=mask,
    )


def states(problem: DragProblem, solver: Newton, *, steps: int) -> Iterator[NewtonState]:
    state = solver.init(problem)
    for _ in range(steps):
        state = solver.update(problem, state, solver.observe(problem, state))
        yield state


class TestOrder:
    def test_each_is_the_farthest_from_those_before(self) -> None:
        points = points_of(30)
        order = Turns.of(points, at_once=4).order
        assert sorted(order.tolist()) == list(range(30))
        middle = (points - points.mean(dim=0)).norm(dim=1)
        assert middle[order[0]] == middle.min()
        for count in range(1, 30):
            away = torch.cdist(points, points[order[:count]]).amin(dim=1)
            assert away[order[count]] == pytest.approx(float(away.max()))

    def test_points_in_one_place_have_a_turn_each(self) -> None:
        points = torch.tensor([[3.0, 4.0], [9.0, 4.0]]).repeat_interleave(3, dim=0)
        turns = Turns.of(points, at_once=2)
        assert sorted(turns.order.tolist()) == list(range(6))
        first = points[turns.due(0)]
        assert not torch.equal(first[0], first[1])

    @pytest.mark.parametrize(("points", "turns"), [(1, 1), (4, 1), (5, 2), (8, 2), (68, 17)])
    def test_rounds(self, points: int, turns: int) -> None:
        found = Turns.of(points_of(points), at_once=4)
        assert found.in_a_round == turns
        assert found.needed == (points > 4)
        known = torch.zeros(points, dtype=torch.bool)
        for turn in range(turns):
            due = found.due(turn)
            assert len(due) == min(4, points)
            known[due] = True
            assert torch.equal(found.known(turn), known)
        assert known.all()
        assert found.known(turns + 3).all()

    def test_rounds_follow_without_a_gap(self) -> None:
        turns = Turns.of(points_of(6), at_once=4)
        later = torch.cat([turns.due(turn) for turn in range(3)])
        assert torch.equal(later, turns.order.repeat(2))


class TestForeseen:
    def test_known_points_keep_theirs(self) -> None:
        points, motion = points_of(20), torch.randn(20, 2)
        turns = Turns.of(points, at_once=8)
        known = turns.known(0)
        found = turns.foreseen(motion * known[:, None], points, turn=0)
        assert torch.equal(found[known], motion[known])
        assert torch.equal(turns.foreseen(motion, points, turn=2), motion)

    def test_others_move_like_their_neighbours(self) -> None:
        points = points_of(200)
        # a turn of a tenth around the middle
        motion = 0.1 * (points - 60) @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
        turns = Turns.of(points, at_once=48)
        known = turns.known(0)
        found = turns.foreseen(motion * known[:, None], points, turn=0)
        off = (found - motion)[~known].norm(dim=1)
        # on average the nearest are 6 px away, where all turns by 0.1 to 5
        assert float(off.mean()) < 0.25 * float(motion[~known].norm(dim=1).mean())

    def test_what_is_not_known_is_not_asked(self) -> None:
        points = points_of(20)
        turns = Turns.of(points, at_once=8)
        known = turns.known(0)[:, None]
        found = turns.foreseen(torch.where(known, 1.0, 1e6).expand(-1, 2), points, turn=0)
        torch.testing.assert_close(found, torch.ones(20, 2))

    def test_where_points_lie_on_each_other(self) -> None:
        points = torch.full((9, 2), 7.0)
        turns = Turns.of(points, at_once=2)
        known = turns.known(0)[:, None]
        found = turns.foreseen(known * torch.tensor([[2.0, 3.0]]), points, turn=0)
        torch.testing.assert_close(found, torch.tensor([[2.0, 3.0]]).expand(9, 2))


@pytest.mark.parametrize("points", [68, 200])
def test_a_step_computes_as_much_however_many_points_there_are(
    points: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = []

    def counting(*given: object, **named: object) -> object:
        computed.append(len(given[2]))  # type: ignore[arg-type]  # the points
        return feature_flow(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(device_work, "feature_flow", counting)
    list(states(problem_of(points), Newton(settings=SETTINGS), steps=6))
    assert computed == [SETTINGS.points_a_step] * 6


def test_few_points_have_no_turns() -> None:
    problem = problem_of(16)
    few, many = (
        [
            state.move
            for state in states(
                problem, Newton(settings=replace(SETTINGS, points_a_step=count)), steps=4
            )
        ]
        for count in (16, 1000)
    )
    for one, other in zip(few, many, strict=True):
        assert torch.equal(one, other)


def test_after_a_round_it_is_the_whole_jacobian() -> None:
    """The toy's points all move with the latent alike, wherever they are."""
    problem = problem_of(68)
    for state in states(problem, Newton(settings=SETTINGS), steps=5):
        assert state.jacobian is not None
        known = (state.jacobian != 0).any(dim=1).reshape(-1, 2).all(dim=1)
        assert torch.equal(known, state.turns.known(state.age))
    whole = next(states(problem, Newton(settings=replace(SETTINGS, points_a_step=68)), steps=1))
    assert state.jacobian is not None
    assert whole.jacobian is not None
    off = (state.jacobian - whole.jacobian).norm() / whole.jacobian.norm()
    assert float(off) < 0.1


@pytest.mark.parametrize("points", [17, 68, 200])
@pytest.mark.parametrize("masked", [False, True])
def test_the_goal_is_reached(points: int, masked: bool) -> None:
    problem = problem_of(points, mask=torch.ones(128, 128) if masked else None)
    *_, last = drag(problem, solver=Newton(settings=SETTINGS))
    assert last.outcome is not None
    assert last.outcome.ending is Ending.REACHED
    generator = problem.generator
    assert isinstance(generator, ToyGenerator)
    torch.testing.assert_close(generator.shift_px(last.ws)[0], SHIFT, atol=2.6, rtol=0)


def test_nobody_is_given_up_on_who_was_not_pulled() -> None:
    """Every other point asks for the opposite, so that a drag is stuck from the first step on."""
    handles = points_of(40)
    towards = torch.where(torch.arange(40)[:, None] % 2 == 0, 1.0, -1.0) * SHIFT
    problem = replace(problem_of(40), handles_xy=handles, targets_xy=handles + towards)
    in_turns, at_once = (
        list(drag(problem, solver=Newton(settings=replace(SETTINGS, points_a_step=count))))
        for count in (4, 40)
    )
    for steps in (in_turns, at_once):
        assert steps[-1].outcome is not None
        assert steps[-1].outcome.ending is Ending.NO_PROGRESS
    assert in_turns[-1].index >= 10 > at_once[-1].index


def test_it_goes_on_to_the_bit_in_the_middle_of_a_round() -> None:
    problem, solver = problem_of(68), Newton(settings=SETTINGS)
    *_, state = states(problem, solver, steps=2)
    again = restored_state(solver, problem, saved_state(state))
    assert isinstance(again, NewtonState)
    assert again.age == 1
    for _ in range(3):
        state = solver.update(problem, state, solver.observe(problem, state))
        again = solver.update(problem, again, solver.observe(problem, again))
        assert torch.equal(again.move, state.move)
        assert torch.equal(again.expected_xy, state.expected_xy)


def test_a_whole_jacobian_from_before_there_were_turns_is_used_whole() -> None:
    problem = problem_of(68)
    before = next(states(problem, Newton(settings=replace(SETTINGS, points_a_step=68)), steps=1))
    solver = Newton(settings=SETTINGS)
    again = restored_state(solver, problem, saved_state(before))
    assert isinstance(again, NewtonState)
    assert again.turns.known(again.age).all()
    later = solver.update(problem, again, solver.observe(problem, again))
    assert later.turns.known(later.age).all()


def test_many_points_of_a_face_follow(faces: PretrainedGenerator) -> None:
    """A grid on the face of seed 5, all of it moved to the right."""
    steps = torch.linspace(0, 1, 6)
    grid = torch.cartesian_prod(steps, steps)
    handles = torch.tensor([380.0, 420.0]) + grid * torch.tensor([260.0, 330.0])
    problem = DragProblem(
        generator=faces,
        ws=faces.map(sample_z(5, z_dim=512)),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([40.0, 0.0]),
    )
    *_, last = drag(problem, solver=Newton(settings=NewtonSettings.for_generator(faces.info)))
    assert float(last.distances_px.mean()) < 12
    assert int(last.lost.sum()) <= 2
