"""Dragging with goals that move."""

import threading
from dataclasses import replace

import pytest
import torch

from patience import HANG_S
from tugan.core.errors import InvalidDragError
from tugan.dragging.feature_flow import feature_flow
from tugan.dragging.live import LiveDrag
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers import device_work
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.newton_state import NewtonState
from tugan.dragging.solvers.protocol import Observation
from tugan.dragging.step import DragStep
from tugan.generators.preview_store import preview_head_of
from tugan.generators.protocol import PretrainedGenerator, sample_z
from tugan.generators.repainting_store import kept_repainting
from tugan.generators.toy import ToyGenerator

SETTINGS = NewtonSettings(rows=4, blocks_px=(64,))
HANDLE = torch.tensor([[50.0, 60.0]])


@pytest.fixture
def live() -> LiveDrag:
    """Holding a point of a 128 px toy."""
    toy = ToyGenerator(size_hw=(128, 128))
    held = LiveDrag(toy, torch.zeros(1, 4, 8), settings=SETTINGS)
    held.grab(HANDLE)
    return held


def follow(live: LiveDrag) -> DragStep:
    """Until there is nothing to do."""
    last = None
    while (step := live.step()) is not None:
        last = step
    assert last is not None
    return last


def test_it_follows_every_new_goal(live: LiveDrag) -> None:
    for goal in ([60.0, 60.0], [66.0, 50.0], [44.0, 64.0]):
        live.move(torch.tensor([goal]))
        last = follow(live)
        assert last.outcome is not None
        assert last.outcome.reached
        assert last.farthest_px <= 1.0
        torch.testing.assert_close(live.ws, last.ws)
    toy = ToyGenerator(size_hw=(128, 128))
    torch.testing.assert_close(toy.shift_px(live.ws), torch.tensor([[-6.0, 4.0]]), atol=1.5, rtol=0)


def test_the_newest_goal_wins(live: LiveDrag) -> None:
    for x in range(51, 80):
        live.move(torch.tensor([[float(x), 60.0]]))
    live.move(torch.tensor([[50.0, 70.0]]))
    step = live.step()
    assert step is not None
    torch.testing.assert_close(step.targets_xy, torch.tensor([[50.0, 70.0]]))
    # the goals that came and went left no trace
    assert abs(float(step.handles_xy[0, 0]) - 50) < 0.3
    assert float(step.handles_xy[0, 1]) > 60.5


def test_a_goal_changes_between_steps(live: LiveDrag) -> None:
    live.move(torch.tensor([[70.0, 60.0]]))
    first = live.step()
    live.move(torch.tensor([[30.0, 60.0]]))
    second = live.step()
    assert first is not None
    assert second is not None
    assert float(first.handles_xy[0, 0]) > 50
    assert float(second.handles_xy[0, 0]) < float(first.handles_xy[0, 0])


def test_a_goal_comes_back_to_the_start(live: LiveDrag) -> None:
    live.move(HANDLE + 6)
    follow(live)
    live.move(HANDLE)
    assert follow(live).farthest_px <= 1.0


def test_nothing_to_do(live: LiveDrag) -> None:
    assert live.step() is None


def test_frames_from_another_thread(live: LiveDrag) -> None:
    arrived = threading.Event()
    seen: list[DragStep] = []

    def watch() -> None:
        for step in live.frames():
            seen.append(step)
            if step.outcome is not None and step.outcome.reached:
                arrived.set()

    watcher = threading.Thread(target=watch)
    for goal in ([58.0, 60.0], [50.0, 66.0]):
        arrived.clear()
        live.move(torch.tensor([goal]))
        if not watcher.is_alive():
            watcher.start()
        assert arrived.wait(HANG_S)
        torch.testing.assert_close(seen[-1].handles_xy[0], torch.tensor(goal), atol=1.0, rtol=0)
    live.close()
    watcher.join(HANG_S)
    assert not watcher.is_alive()


def test_letting_go_keeps_the_picture_and_another_point_can_be_taken(live: LiveDrag) -> None:
    live.move(HANDLE + 8)
    follow(live)
    kept = live.ws
    live.release()
    assert live.step() is None
    assert list(live.frames()) == []
    with pytest.raises(InvalidDragError, match="grab"):
        live.move(HANDLE)
    live.grab(torch.tensor([[80.0, 80.0]]))
    torch.testing.assert_close(live.ws, kept)
    live.move(torch.tensor([[74.0, 80.0]]))
    assert follow(live).farthest_px <= 1.0


def test_goals_outside_are_refused_where_they_are_given(live: LiveDrag) -> None:
    with pytest.raises(InvalidDragError, match="outside"):
        live.move(torch.tensor([[500.0, 60.0]]))
    with pytest.raises(InvalidDragError, match=r"goals must be \(1, 2\)"):
        live.move(torch.tensor([[60.0, 60.0], [61.0, 60.0]]))
    live.move(HANDLE + 4)
    assert follow(live).farthest_px <= 1.0


def test_previews_look_like_the_picture(faces: PretrainedGenerator) -> None:
    live = LiveDrag(faces, faces.map(sample_z(14, z_dim=512)))
    live.grab(torch.tensor([[608.0, 762.0]]))
    live.move(torch.tensor([[620.0, 745.0]]))
    step = live.step()
    assert step is not None
    preview = step.preview(preview_head_of(faces))
    picture = torch.nn.functional.interpolate(step.image(), size=preview.shape[2:], mode="area")
    assert float((preview - picture).square().mean()) < 0.04
    step.frame.release()
    torch.testing.assert_close(step.preview(preview_head_of(faces)), preview, atol=1e-4, rtol=0)


def test_under_a_hand_a_point_of_a_face_costs_derivatives_in_a_third_of_the_steps_at_most(
    faces: PretrainedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However surprised: and so it stays nearer to a goal that circles. A step that was wrong is
    taken back, which asks for new ones."""
    computed, taken_back = 0, 0

    def counting(*given: object, **named: object) -> object:
        nonlocal computed
        computed += 1
        return feature_flow(*given, **named)  # type: ignore[arg-type]

    retried = Newton.retried

    def noting(*given: object) -> NewtonState | None:
        nonlocal taken_back
        again = retried(*given)  # type: ignore[arg-type]
        taken_back += again is not None
        return again

    monkeypatch.setattr(device_work, "feature_flow", counting)
    monkeypatch.setattr(Newton, "retried", noting)
    handle = torch.tensor([[608.0, 762.0]])
    live = LiveDrag(faces, faces.map(sample_z(14, z_dim=512)))
    live.grab(handle)
    taken, missed_px = 0, 0.0
    for index in range(1, 25):
        angle = torch.tensor(index / 40 * 2 * torch.pi)
        goal = handle + 30 * torch.stack([angle.sin(), 1 - angle.cos()])
        live.move(goal)
        step = live.step()
        if step is not None:
            taken += 1
            missed_px += float(step.farthest_px)
    assert taken >= 20
    assert computed <= -(-taken // 4) + taken_back
    assert taken_back <= taken // 6
    assert missed_px / taken < 15


def test_a_step_that_was_wrong_is_not_shown(
    live: LiveDrag, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is what it led to kept: the hand's next goal starts from the smaller step."""
    update, looks = Newton.update, 0

    def overshooting(
        solver: Newton, problem: DragProblem, state: NewtonState, seen: Observation
    ) -> NewtonState:
        nonlocal looks
        looks += 1
        right = update(solver, problem, state, seen)
        assert right.last_change is not None
        back = -2 * right.last_change
        return replace(
            right, move=right.move + back.view(right.move.shape), last_change=-right.last_change
        )

    monkeypatch.setattr(Newton, "update", overshooting)
    live.move(HANDLE + torch.tensor([[2.0, 0.0]]))
    step = live.step()
    assert looks == 1
    assert step is not None
    # a step the wrong way would have ended at 48
    assert 50 < float(step.handles_xy[0, 0]) < 52
    toy = ToyGenerator(size_hw=(128, 128))
    assert float(toy.shift_px(live.ws)[0, 0]) > 0
    torch.testing.assert_close(live.ws, step.ws)


def test_a_hand_that_jumps_across_the_picture_leaves_it_whole() -> None:
    """Fifty times a second is as often as the loop looks: once a step."""
    live = LiveDrag(ToyGenerator(size_hw=(128, 128)), torch.zeros(1, 4, 8), settings=SETTINGS)
    live.grab(HANDLE)
    corners = torch.tensor([[4.0, 4.0], [124.0, 124.0], [4.0, 124.0], [124.0, 4.0]])
    for index in range(50):
        live.move(corners[index % 4][None])
        step = live.step()
        assert step is not None
        assert torch.isfinite(step.ws).all()
    live.move(HANDLE + 8)
    assert follow(live).farthest_px <= 1.0


def test_a_hand_that_jumps_across_the_picture_leaves_a_picture(
    faces: PretrainedGenerator,
) -> None:
    """Fifty times a second, to places where no face could follow: nothing is lost, and what is
    shown stays what the model draws."""
    sketch = kept_repainting(faces)
    assert sketch is not None
    live = LiveDrag(faces, faces.map(sample_z(14, z_dim=512)))
    live.grab(torch.tensor([[608.0, 762.0]]))
    places = torch.tensor([[0.0, 0.0], [1023.0, 1023.0], [1023.0, 0.0], [0.0, 1023.0]])
    steps = []
    for index in range(8):
        for jump in range(5):
            live.move(places[(index + jump) % 4][None])
        step = live.step()
        if step is not None:
            steps.append(step)
    assert steps
    for step in steps:
        assert bool(torch.isfinite(step.ws).all())
        assert bool(((step.handles_xy >= 0) & (step.handles_xy <= 1023)).all())
    features = faces.advance(faces.begin(live.ws), until_px=64).features
    assert float(sketch.features.square(features)) <= sketch.features.farthest
    found = live.look_again()
    assert found is not None
    assert found.handles_xy.shape == (1, 2)
    live.release()
    assert live.look_again() is None
