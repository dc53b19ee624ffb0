"""The solver freedrag on the toy, where the answer of every drag is known, and on faces."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tugan.core.errors import InvalidDragError
from tugan.core.outcome import Ending
from tugan.dragging.methods import ALL_SOLVERS, make_solver
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.freedrag import FreeDrag, FreeDragState
from tugan.dragging.solvers.freedrag_saved import restored_freedrag, saved_freedrag
from tugan.dragging.solvers.freedrag_settings import FreeDragSettings
from tugan.dragging.step import DragStep
from tugan.dragging.trackers.patch import Patch
from tugan.generators.protocol import LatentKind, PretrainedGenerator, sample_z
from tugan.generators.toy import ToyGenerator

SHIFT = torch.tensor([18.0, -12.0])
SETTINGS = FreeDragSettings(rows=4, feature_px=64, learning_rate=2e-2, patience_steps=40)
FREEDRAG = FreeDrag(settings=SETTINGS)


@pytest.fixture
def large_toy() -> ToyGenerator:
    return ToyGenerator(size_hw=(128, 128))


def shift_of(toy: ToyGenerator, *, points: int = 1, mask: Tensor | None = None) -> DragProblem:
    handles = torch.tensor([[40.0, 60.0], [80.0, 70.0], [60.0, 44.0]])[:points]
    return DragProblem(
        generator=toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=handles,
        targets_xy=handles + SHIFT,
        mask=mask,
    )


def steps_of(problem: DragProblem, settings: FreeDragSettings = SETTINGS) -> list[DragStep]:
    return list(drag(problem, solver=FreeDrag(settings=settings)))


def ending(step: DragStep) -> Ending:
    assert step.outcome is not None
    return step.outcome.ending


def after(problem: DragProblem, updates: int) -> FreeDragState:
    state = FREEDRAG.init(problem)
    for _ in range(updates):
        state = FREEDRAG.update(problem, state, FREEDRAG.observe(problem, state))
    return state


@pytest.mark.parametrize("points", [1, 3])
@pytest.mark.parametrize("whitened", [False, True])
@pytest.mark.parametrize("latent", ["w", "w+"])
def test_a_drag_arrives_by_its_own_account_and_falls_short_by_the_templates_drift(
    large_toy: ToyGenerator, latent: LatentKind, whitened: bool, points: int
) -> None:
    settings = replace(SETTINGS, latent=latent, whitened=whitened)
    last = steps_of(shift_of(large_toy, points=points), settings)[-1]
    assert ending(last) is Ending.REACHED
    assert torch.equal(last.handles_xy, last.targets_xy)
    # a sub-motion is good with up to half of its way left, and the template takes part of that over
    left = (SHIFT - large_toy.shift_px(last.ws)[0]).norm() / SHIFT.norm()
    assert 0.05 < float(left) < 0.5


def test_stricter_sub_motions_fall_less_short(large_toy: ToyGenerator) -> None:
    problem, left = shift_of(large_toy), []
    for share in (0.6, 0.4, 0.2):
        last = steps_of(problem, replace(SETTINGS, good_share=share))[-1]
        assert ending(last) is Ending.REACHED
        left.append(float((SHIFT - large_toy.shift_px(last.ws)[0]).norm()))
    assert left[0] > left[1] > left[2]


def test_places_keep_to_the_line_and_within_their_reach(large_toy: ToyGenerator) -> None:
    problem = shift_of(large_toy)
    along = SHIFT / SHIFT.norm()
    state, at = FREEDRAG.init(problem), [0.0]
    while FREEDRAG.terminate(problem, state, seen := FREEDRAG.observe(problem, state)) is None:
        state = FREEDRAG.update(problem, state, seen)
        way = (state.places_xy - problem.handles_xy)[0]
        assert float((way - (way @ along) * along).norm()) < 1e-3
        at.append(float(way @ along))
    moves = torch.tensor(at).diff()
    reach = SETTINGS.reach_px(problem.image_hw)
    assert reach == 3.0
    # the last one may also be put on the goal
    assert float(moves[:-1].max()) <= reach + 1e-3
    assert float(moves.min()) >= -reach - 1e-3
    assert at[-1] == pytest.approx(float(SHIFT.norm()), abs=1e-3)


def test_a_sub_motion_has_at_most_five_steps_and_ends_early_where_it_is_good(
    large_toy: ToyGenerator,
) -> None:
    # so slow that no sub-motion ends well
    slow = FreeDrag(settings=replace(SETTINGS, learning_rate=1e-6))
    problem = shift_of(large_toy)
    state, taken = slow.init(problem), []
    for _ in range(12):
        state = slow.update(problem, state, slow.observe(problem, state))
        taken.append(state.taken)
    assert taken == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]
    # the same place, and the template does not give in
    assert torch.equal(state.places_xy, slow_place(slow, problem))
    assert torch.equal(state.templates, slow.init(problem).templates)
    quick = FreeDrag(settings=replace(SETTINGS, learning_rate=8e-2))
    state = quick.init(problem)
    for _ in range(6):
        state = quick.update(problem, state, quick.observe(problem, state))
    assert state.taken < 5


def slow_place(solver: FreeDrag, problem: DragProblem) -> Tensor:
    state = solver.init(problem)
    return solver.update(problem, state, solver.observe(problem, state)).places_xy


def test_a_sub_motion_that_ended_worse_than_it_began_goes_back(large_toy: ToyGenerator) -> None:
    problem = shift_of(large_toy)
    state = after(problem, 1)
    there = state.places_xy
    # the picture went the other way, and all steps are used up
    wrong = replace(state, move=-4 * state.move, taken=SETTINGS.steps_a_motion)
    seen = FREEDRAG.observe(problem, wrong)
    back = FREEDRAG.update(problem, wrong, seen)
    before, behind = ((place - problem.handles_xy)[0] @ SHIFT for place in (there, back.places_xy))
    assert 0 <= float(behind) < float(before)
    assert torch.equal(back.templates, state.templates)
    # it does not say that the handle is where it is not
    assert torch.equal(back.handles_xy, back.places_xy)


def test_a_handle_is_only_said_to_be_where_its_features_arrived(large_toy: ToyGenerator) -> None:
    problem = shift_of(large_toy)
    state = after(problem, 1)
    assert not torch.equal(state.places_xy, problem.handles_xy)
    unmoved = replace(state, move=torch.zeros_like(state.move))
    assert torch.equal(FREEDRAG.observe(problem, unmoved).handles_xy, problem.handles_xy)
    moved = torch.zeros_like(state.move)
    moved[:, :2] = (state.places_xy - problem.handles_xy)[0] / 12.0
    arrived = FREEDRAG.observe(problem, replace(state, move=moved))
    assert torch.equal(arrived.handles_xy, state.places_xy)


def test_goals_that_contradict_each_other_end_without_progress(large_toy: ToyGenerator) -> None:
    handles = torch.tensor([[40.0, 60.0], [90.0, 60.0]])
    problem = DragProblem(
        generator=large_toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=handles,
        targets_xy=handles + torch.tensor([[-16.0, 0.0], [16.0, 0.0]]),
    )
    steps = steps_of(problem)
    assert ending(steps[-1]) is Ending.NO_PROGRESS
    assert float(steps[-1].distances_px.sum()) == min(
        float(step.distances_px.sum()) for step in steps
    )
    assert torch.isfinite(steps[-1].ws).all()


def test_a_mask_holds_the_picture(large_toy: ToyGenerator) -> None:
    ends = {}
    for name, weight in (("free", 0.0), ("held", 1000.0)):
        problem = shift_of(large_toy, mask=torch.zeros(128, 128))
        last = steps_of(problem, replace(SETTINGS, mask_weight=weight, max_steps=60))[-1]
        ends[name] = float(large_toy.shift_px(last.ws).norm())
    assert ends["held"] < 0.3 * ends["free"]


def test_a_drag_that_becomes_nan_keeps_the_last_good_state() -> None:
    toy = ToyGenerator(size_hw=(128, 128), spoiled_beyond=0.3)
    last = steps_of(shift_of(toy))[-1]
    assert ending(last) is Ending.NOT_FINITE
    assert float(last.ws.abs().max()) <= 0.3


def test_the_step_limit(large_toy: ToyGenerator) -> None:
    last = steps_of(shift_of(large_toy), replace(SETTINGS, max_steps=4))[-1]
    assert (ending(last), last.index) == (Ending.STEP_LIMIT, 4)


def test_steps_are_pure(large_toy: ToyGenerator) -> None:
    problem = shift_of(large_toy, points=3)
    state = after(problem, 7)
    kept = state.templates.clone()
    one, other = (FREEDRAG.update(problem, state, FREEDRAG.observe(problem, state)) for _ in "ab")
    assert torch.equal(one.move, other.move)
    assert torch.equal(state.templates, kept)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("updates", [2, 9])
def test_a_drag_goes_on_to_the_bit_from_what_is_kept(
    large_toy: ToyGenerator, updates: int, masked: bool
) -> None:
    mask = torch.zeros(128, 128)
    mask[:, :90] = 1
    problem = shift_of(large_toy, points=3, mask=mask if masked else None)
    solver = FreeDrag(settings=replace(SETTINGS, max_steps=16))
    whole = drag(problem, solver=solver)
    for _ in range(updates + 1):
        step = next(whole)
    checkpoint = step.checkpoint()
    assert isinstance(checkpoint.state, FreeDragState)
    state = restored_freedrag(solver, problem, saved_freedrag(checkpoint.state))
    resumed = drag(problem, solver=solver, resume=replace(checkpoint, state=state))
    assert torch.equal(next(resumed).ws, step.ws)
    for one, other in zip(resumed, whole, strict=True):
        assert torch.equal(one.ws, other.ws)
        assert torch.equal(one.handles_xy, other.handles_xy)
        assert one.outcome == other.outcome


def test_the_state_of_another_drag_is_refused(large_toy: ToyGenerator) -> None:
    saved = saved_freedrag(FREEDRAG.init(shift_of(large_toy)))
    with pytest.raises(InvalidDragError, match=r"places_xy is \(1, 2\), but this drag's is"):
        restored_freedrag(FREEDRAG, shift_of(large_toy, points=3), saved)


def test_another_goal_has_the_patience_of_a_start(large_toy: ToyGenerator) -> None:
    problem = shift_of(large_toy)
    state = after(problem, 6)
    anew = FREEDRAG.aimed_anew(state)
    assert anew.least_left_px == float("inf")
    assert anew.least_left_step == FREEDRAG.steps_taken(anew) == 6
    assert torch.equal(anew.move, state.move)


def test_a_nose_follows_on_a_face(faces: PretrainedGenerator) -> None:
    problem = DragProblem(
        generator=faces,
        ws=faces.map(sample_z(14, z_dim=512)),
        handles_xy=torch.tensor([[531.0, 639.0]]),
        targets_xy=torch.tensor([[556.0, 639.0]]),
    )
    solver = make_solver(ALL_SOLVERS["freedrag"].presets["auto"](faces.info))
    start, *_, last = drag(problem, solver=solver)
    assert ending(last) is Ending.REACHED
    # how far it came is seen by a solver that tracks: most of the 25 px, and not all
    tracked = Adam(settings=DragSettings.for_generator(faces.info), tracker=Patch())
    state = tracked.init(problem)
    move = (last.ws - start.ws)[0, :1]
    seen = tracked.observe(problem, replace(state, steps=1, move=move))
    assert float((seen.handles_xy - problem.targets_xy).norm()) < 12.5
    assert torch.equal(last.ws[:, faces.info.hints.rows :], start.ws[:, faces.info.hints.rows :])


def test_presets() -> None:
    toy = ToyGenerator()
    paper = ALL_SOLVERS["freedrag"].presets["paper"](toy.info)
    assert paper == FreeDragSettings()
    assert isinstance(paper, FreeDragSettings)
    assert (paper.expected_difference, paper.reach_px_at_512, paper.mask_weight) == (0.3, 3.0, 10.0)
    auto = ALL_SOLVERS["freedrag"].presets["auto"](toy.info)
    assert (auto.rows, auto.latent) == (4, "w+")
    assert isinstance(make_solver(auto), FreeDrag)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows": 0}, "at least one row"),
        ({"learning_rate": 0.0}, "learning rate"),
        ({"feature_px": 0}, "feature block"),
        ({"reach_px_at_512": 0.0}, "reach_px_at_512"),
        ({"radius_px_at_512": 1000.0}, "radius_px_at_512"),
        ({"snap_px_at_512": -1.0}, "snap_px_at_512"),
        ({"expected_difference": 0.0}, "expected_difference"),
        ({"good_share": 1.0}, "good_share"),
        ({"steps_a_motion": 0}, "steps_a_motion"),
        ({"mask_weight": -1.0}, "mask"),
        ({"max_steps": -1}, "step limit"),
        ({"patience_steps": 0}, "patience"),
    ],
)
def test_settings_that_mean_nothing(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidDragError, match=said):
        replace(FreeDragSettings(), **changes)  # type: ignore[arg-type]  # wrong on purpose
