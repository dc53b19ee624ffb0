"""Steps of newton that were wrong are taken back, and what a mask promises is kept."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from generators.random_stylegan2 import random_network
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.dragging.solvers.held_region import HeldRegion
from tugan.dragging.solvers.newton import MASK_EXCESS, Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.newton_state import NewtonState
from tugan.dragging.solvers.protocol import Observation
from tugan.dragging.solvers.saved_state import restored_state, saved_state
from tugan.dragging.solvers.trust import GROWTH, LEAST_RADIUS, MOST_TRIES, TAKEN_BACK
from tugan.dragging.step import DragStep
from tugan.dragging.trackers.patch import Patch
from tugan.dragging.trackers.protocol import Tracking
from tugan.generators.protocol import Generator, PretrainedGenerator, sample_z
from tugan.generators.toy import ToyGenerator

SETTINGS = NewtonSettings(rows=4, blocks_px=(128,), coupling=0.2)
SOLVER = Newton(settings=SETTINGS)


@pytest.fixture
def wide() -> ToyGenerator:
    """512 px: a step asks for 8 of them, and the tracker looks 12 around."""
    return ToyGenerator(size_hw=(512, 512))


def problem_of(toy: ToyGenerator, *, px: float = 30.0, points: int = 1) -> DragProblem:
    handles = torch.tensor([[200.0, 240.0], [300.0, 180.0]])[:points]
    return DragProblem(
        generator=toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([0.8 * px, -0.6 * px]),
    )


def after_steps(problem: DragProblem, count: int, solver: Newton = SOLVER) -> NewtonState:
    state = solver.init(problem)
    for _ in range(count):
        state = solver.update(problem, state, solver.observe(problem, state))
    return state


def gone_wrong(state: NewtonState, times: float) -> NewtonState:
    """The last step so many times as long, which nobody foresaw."""
    change = state.last_change
    assert change is not None
    more = (times - 1) * change
    return replace(
        state, move=state.move + more.reshape(state.move.shape), last_change=change + more
    )


def start_of(state: NewtonState) -> Tensor:
    """Of its last step."""
    assert state.last_change is not None
    return state.move - state.last_change.reshape(state.move.shape)


def to_the_end(problem: DragProblem, state: NewtonState, solver: Newton = SOLVER) -> Observation:
    """As the loop does it; the drag arrives."""
    for _ in range(40):
        seen = solver.observe(problem, state)
        again = solver.retried(problem, state, seen)
        if again is not None:
            state = again
            continue
        outcome = solver.terminate(problem, state, seen)
        if outcome is not None:
            assert outcome.reached
            return seen
        state = solver.update(problem, state, seen)
    raise AssertionError("no end")


@pytest.mark.parametrize("points", [1, 2])
@pytest.mark.parametrize(("times", "px"), [(-0.4, 30.0), (2.8, 6.0)])
def test_a_step_that_was_wrong_is_taken_back(
    wide: ToyGenerator, times: float, px: float, points: int
) -> None:
    """One that led away, and one that led far beyond."""
    problem = problem_of(wide, px=px, points=points)
    good = after_steps(problem, 1)
    assert SOLVER.retried(problem, good, SOLVER.observe(problem, good)) is None
    bad = gone_wrong(good, times)
    again = SOLVER.retried(problem, bad, SOLVER.observe(problem, bad))
    assert again is not None
    start = start_of(bad)
    torch.testing.assert_close(start_of(again), start, atol=1e-5, rtol=0)
    assert 0 < (again.move - start).norm() < (bad.move - start).norm()
    assert again.radius == pytest.approx(TAKEN_BACK * bad.radius)
    assert (again.steps, again.tries, again.taken_back) == (bad.steps, 1, 1)
    # derivatives are fresh, and it asks for less: a share of the radius
    assert again.age == 0
    moved = wide.shift_px(SOLVER.observe(problem, again).ws)[0]
    assert float(moved.norm()) <= 1.5 * TAKEN_BACK * SETTINGS.trust_px_at_512
    seen = to_the_end(problem, bad)
    torch.testing.assert_close(
        wide.shift_px(seen.ws)[0], problem.targets_xy[0] - problem.handles_xy[0], atol=2.0, rtol=0
    )


def test_a_step_is_judged_in_the_middle_of_a_drag_too(wide: ToyGenerator) -> None:
    """Where the Jacobian had been corrected by what was seen."""
    solver = Newton(settings=replace(SETTINGS, fresh_points=0))
    problem = problem_of(wide, px=40.0)
    state = after_steps(problem, 3, solver)
    assert state.age > 0
    bad = gone_wrong(state, -0.4)
    again = solver.retried(problem, bad, solver.observe(problem, bad))
    assert again is not None
    assert again.age == 0
    assert again.steps == 3
    to_the_end(problem, bad, solver)


def test_the_radius_recovers(wide: ToyGenerator) -> None:
    problem = problem_of(wide, px=40.0)
    bad = gone_wrong(after_steps(problem, 1), -0.4)
    again = SOLVER.retried(problem, bad, SOLVER.observe(problem, bad))
    assert again is not None
    following = SOLVER.update(problem, again, SOLVER.observe(problem, again))
    assert following.radius == pytest.approx(GROWTH * TAKEN_BACK)
    # tries are of one place, what was taken back of the whole drag
    assert (following.tries, following.taken_back) == (0, 1)


def test_only_so_often_from_one_place(wide: ToyGenerator) -> None:
    problem = problem_of(wide)
    tired = replace(gone_wrong(after_steps(problem, 1), -0.4), tries=MOST_TRIES)
    assert SOLVER.retried(problem, tired, SOLVER.observe(problem, tired)) is None


def test_a_radius_has_a_least(wide: ToyGenerator) -> None:
    problem = problem_of(wide)
    bad = replace(gone_wrong(after_steps(problem, 1), -0.4), radius=LEAST_RADIUS)
    again = SOLVER.retried(problem, bad, SOLVER.observe(problem, bad))
    assert again is not None
    assert again.radius == LEAST_RADIUS


def test_what_was_taken_back_counts_as_steps(wide: ToyGenerator) -> None:
    """Otherwise a drag could go on for ever."""
    solver = Newton(settings=replace(SETTINGS, max_steps=5))
    problem = problem_of(wide, px=40.0)
    state = replace(after_steps(problem, 2, solver), taken_back=3)
    seen = solver.observe(problem, state)
    outcome = solver.terminate(problem, state, seen)
    assert outcome is not None
    assert outcome.ending is Ending.STEP_LIMIT
    assert solver.terminate(problem, replace(state, taken_back=2), seen) is None


def test_features_that_became_nan_are_taken_back() -> None:
    spoilt = ToyGenerator(size_hw=(512, 512), spoiled_beyond=1.5)
    problem = problem_of(spoilt, px=12.0)
    good = after_steps(problem, 1)
    bad = gone_wrong(good, 4.0)
    assert float(bad.move.abs().max()) > 1.5
    seen = SOLVER.observe(problem, bad)
    assert not seen.finite
    again = SOLVER.retried(problem, bad, seen)
    assert again is not None
    assert torch.isfinite(again.move).all()
    assert SOLVER.observe(problem, again).finite
    to_the_end(problem, bad)


def test_a_drag_that_cannot_go_on_but_into_nan_stops_before_it() -> None:
    spoilt = ToyGenerator(size_hw=(512, 512), spoiled_beyond=0.5)
    *_, last = drag(problem_of(spoilt, px=40.0), solver=SOLVER)
    assert last.outcome is not None
    assert last.outcome.ending is Ending.NO_PROGRESS
    # it came as far as smaller and smaller steps do
    assert 0.4 < float(last.ws.abs().max()) <= 0.5


def test_a_step_to_a_finer_block_is_judged_too(wide: ToyGenerator) -> None:
    solver = Newton(settings=replace(SETTINGS, blocks_px=(64, 128)))
    problem = problem_of(wide, px=12.0)
    state = solver.init(problem)
    while state.level == 0:
        state = solver.update(problem, state, solver.observe(problem, state))
    assert state.jacobian is None
    change = state.last_change
    assert change is not None
    bad = gone_wrong(state, 1 - 5.0 / float(12 * change.view(4, 8)[:, :2].norm(dim=1).mean()))
    again = solver.retried(problem, bad, solver.observe(problem, bad))
    assert again is not None
    assert again.level == 1
    to_the_end(problem, bad, solver)


class Blind:
    """Loses every point."""

    def __init__(self) -> None:
        self.inner = Patch()

    def reference(
        self, features: Tensor, points_xy: Tensor, *, image_hw: tuple[int, int]
    ) -> Tensor:
        return self.inner.reference(features, points_xy, image_hw=image_hw)

    def track(
        self, features: Tensor, reference: Tensor, points_xy: Tensor, *, image_hw: tuple[int, int]
    ) -> Tracking:
        found = self.inner.track(features, reference, points_xy, image_hw=image_hw)
        return replace(found, confidence=torch.zeros(len(points_xy)))


def test_where_all_are_lost_nothing_is_learnt_of_the_step(wide: ToyGenerator) -> None:
    problem = problem_of(wide)
    state = replace(after_steps(problem, 1), radius=0.3)
    blind = Newton(settings=SETTINGS, tracker=Blind())
    seen = blind.observe(problem, state)
    assert seen.lost.all()
    assert blind.retried(problem, state, seen) is None
    assert blind.update(problem, state, seen).radius == 0.3


def test_a_saved_state_has_its_radius_and_its_tries(wide: ToyGenerator) -> None:
    problem = problem_of(wide, px=40.0)
    state = replace(after_steps(problem, 2), radius=0.3, tries=2, taken_back=5)
    back = restored_state(SOLVER, problem, saved_state(state))
    assert isinstance(back, NewtonState)
    assert (back.radius, back.tries, back.taken_back) == (0.3, 2, 5)
    following = [
        SOLVER.update(problem, one, SOLVER.observe(problem, one))
        for one in (state, back, replace(back, radius=1.0))
    ]
    assert torch.equal(following[0].move, following[1].move)
    assert following[0].radius == following[1].radius == pytest.approx(0.3 * GROWTH)
    # and it matters
    assert not torch.allclose(following[0].move, following[2].move, atol=1e-2)


def test_a_step_that_was_shown_is_shown_again_whatever_is_thought_of_it(
    wide: ToyGenerator,
) -> None:
    """As that of an older project, which nobody judged."""
    problem = problem_of(wide)
    step = next(drag(problem, solver=SOLVER))
    bad = gone_wrong(after_steps(problem, 1), -0.4)
    checkpoint = replace(step.checkpoint(), state=bad, nearest=None)
    first, *_, last = drag(problem, solver=SOLVER, resume=checkpoint)
    assert torch.equal(first.ws, SOLVER.observe(problem, bad).ws)
    assert last.outcome is not None
    assert last.outcome.reached


# ---- what a mask promises ----


def energies(
    generator: Generator, problem: DragProblem, steps: list[DragStep], px: int
) -> list[float]:
    """Of what is shown, in parts of what is allowed."""
    assert problem.mask is not None

    def features(ws: Tensor) -> Tensor:
        found: Tensor = generator.advance(generator.begin(ws), until_px=px).features
        return found.detach()

    region = HeldRegion.of(features(problem.ws), problem.mask)
    return [float(region.energy(features(step.ws))) for step in steps]


def test_no_step_of_the_toy_breaks_the_promise(wide: ToyGenerator) -> None:
    """It can only move as a whole, so that the least shift is seen outside."""
    mask = torch.zeros(512, 512)
    mask[150:330, 120:300] = 1
    problem = replace(problem_of(wide), mask=mask)
    steps = list(drag(problem, solver=SOLVER))
    found = energies(wide, problem, steps, 128)
    assert max(found) <= MASK_EXCESS * (1 + 1e-4)
    # what is allowed is used, and the drag says that it came no further
    assert max(found) > 0.5
    outcome = steps[-1].outcome
    assert outcome is not None
    assert outcome.ending is Ending.NO_PROGRESS
    assert "px left" in outcome.sentence


@pytest.mark.parametrize("seed", range(3))
def test_no_step_of_a_network_breaks_the_promise(seed: int) -> None:
    network = random_network((4, 4), blocks=6)
    side = network.info.size_hw[0]
    mask = torch.zeros(side, side)
    mask[: side // 2] = 1
    handles = side * torch.tensor([[0.4, 0.25]])
    problem = DragProblem(
        generator=network,
        ws=network.map(sample_z(seed, z_dim=8)),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([[8.0, 3.0]]),
        mask=mask,
    )
    settings = NewtonSettings(rows=4, blocks_px=(32,))
    steps = list(drag(problem, solver=Newton(settings=settings)))
    assert max(energies(network, problem, steps, 32)) <= MASK_EXCESS * (1 + 1e-3)
    free = list(drag(replace(problem, mask=None), solver=Newton(settings=settings)))
    assert max(energies(network, problem, free, 32)) > MASK_EXCESS


def test_a_mask_that_forbids_everything_ends_where_it_began(wide: ToyGenerator) -> None:
    problem = replace(problem_of(wide), mask=torch.zeros(512, 512))
    steps = list(drag(problem, solver=SOLVER))
    outcome = steps[-1].outcome
    assert outcome is not None
    assert outcome.ending is Ending.NO_PROGRESS
    assert " of 30 px left" in outcome.sentence
    # a pixel is let through, and no more
    assert float(wide.shift_px(steps[-1].ws).norm()) < 1.2
    assert max(energies(wide, problem, steps, 128)) <= MASK_EXCESS * (1 + 1e-4)


def test_where_no_smaller_step_keeps_the_promise_the_picture_stays(wide: ToyGenerator) -> None:
    problem = replace(problem_of(wide), mask=torch.zeros(512, 512))
    first = after_steps(problem, 1)
    tired = replace(gone_wrong(first, 6.0), tries=MOST_TRIES)
    stayed = SOLVER.retried(problem, tired, SOLVER.observe(problem, tired))
    assert stayed is not None
    torch.testing.assert_close(stayed.move, start_of(tired), atol=1e-6, rtol=0)
    assert (stayed.steps, stayed.taken_back) == (tired.steps - 1, tired.taken_back + 1)
    seen = SOLVER.observe(problem, stayed)
    assert SOLVER.retried(problem, stayed, seen) is None
    outcome = SOLVER.terminate(problem, stayed, seen)
    assert outcome is not None
    assert outcome.ending is Ending.NO_PROGRESS


def test_a_hand_that_goes_on_where_a_drag_stopped_gets_one_more_step(wide: ToyGenerator) -> None:
    """And not five, for each of its places: it would have to wait for all of them."""
    problem = replace(problem_of(wide), mask=torch.zeros(512, 512))
    tired = replace(gone_wrong(after_steps(problem, 1), 6.0), tries=MOST_TRIES)
    stopped = SOLVER.retried(problem, tired, SOLVER.observe(problem, tired))
    assert stopped is not None
    aimed = SOLVER.aimed_anew(stopped)
    seen = SOLVER.observe(problem, aimed)
    assert SOLVER.terminate(problem, aimed, seen) is None
    following = SOLVER.update(problem, aimed, seen)
    assert following.radius == stopped.radius < 1
    assert following.tries == MOST_TRIES - 1
    # a step that is kept sets it at rest
    if SOLVER.retried(problem, following, SOLVER.observe(problem, following)) is None:
        after = SOLVER.update(problem, following, SOLVER.observe(problem, following))
        assert after.tries == 0


def test_a_masked_drag_of_a_face_holds_the_rest(faces: PretrainedGenerator) -> None:
    """Of the default model, by what is seen of the finished pictures."""
    handles = torch.tensor([[608.0, 762.0]])
    mask = torch.zeros(1024, 1024)
    mask[100:1024, 100:924] = 1
    problem = DragProblem(
        generator=faces,
        ws=faces.map(sample_z(14, z_dim=512)),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([[28.0, -40.0]]),
        mask=mask,
    )
    before, *_, after = drag(problem)
    assert after.farthest_px < 0.5 * before.farthest_px
    changed = 127.5 * (after.image() - before.image()).abs().mean(dim=1)[0]
    # 1.4 were measured; a mean over thousands of pixels hardly depends on the processor
    assert float(changed[mask == 0].mean()) < 2.0
