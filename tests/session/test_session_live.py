"""The picture follows the finger."""

import threading
import time

import numpy as np
import pytest
import torch

from patience import HANG_S
from session.conftest import Person, Sit
from tugan.session.events import HELD_ID, Event, FinishedShown, PictureReady, Reported, StepShown
from tugan.session.hand_rest import REST_S
from tugan.session.session import PointInput


class Watch:
    """Waits until the held point is somewhere, or finished pictures have come."""

    def __init__(self, person: Person) -> None:
        self._near = threading.Condition()
        self._place = (-99.0, -99.0)
        self._finished = 0
        remember = person.events.append

        def listen(event: Event) -> None:
            remember(event)
            if isinstance(event, FinishedShown):
                with self._near:
                    self._finished += 1
                    self._near.notify_all()
            if isinstance(event, StepShown):
                with self._near:
                    self._place = event.points[0][1]
                    self._near.notify_all()

        person.session.listener = listen

    def wait_for(self, x: float, y: float) -> None:
        def there() -> bool:
            return abs(self._place[0] - x) <= 1.5 and abs(self._place[1] - y) <= 1.5

        with self._near:
            assert self._near.wait_for(there, HANG_S), self._place

    def wait_for_finished(self, count: int) -> None:
        with self._near:
            assert self._near.wait_for(lambda: self._finished >= count, HANG_S)


def test_it_follows_and_becomes_one_entry(person: Person) -> None:
    watch = Watch(person)
    person.session.grab((30, 30))
    for x, y in ((36, 30), (36, 38), (28, 34)):
        person.session.move((x, y))
        watch.wait_for(x, y)
        assert person.session.snapshot().phase == "live"
    person.session.release()
    person.settle()
    assert person.texts == ["Start", "Live drag"]
    assert person.of(StepShown)[0].points[0][0] == HELD_ID
    shown = person.of(PictureReady)
    assert len(shown) == 2
    assert not np.array_equal(shown[0].pixels, shown[1].pixels)
    assert person.session.snapshot().phase == "idle"
    person.session.undo()
    person.settle()
    assert np.array_equal(person.of(PictureReady)[-1].pixels, shown[0].pixels)


def test_what_was_asked_before_the_release_is_still_done(person: Person) -> None:
    person.session.grab((30, 30))
    person.session.move((38, 30))
    person.session.release()
    person.session.move((5, 5))  # too late: nothing is held
    person.settle()
    assert person.texts == ["Start", "Live drag"]
    place = person.of(StepShown)[-1].points[0][1]
    assert abs(place[0] - 38) <= 1.5
    assert abs(place[1] - 30) <= 1.5


def test_goals_outside_are_taken_at_the_border(person: Person) -> None:
    person.session.grab((30, 30))
    person.session.move((1e6, -1e6))
    person.session.release()
    person.settle()
    assert person.document.record is not None
    assert person.document.record.points[0].goal_xy == (63, 0)
    with pytest.raises(ValueError, match="no place"):
        person.session.move((float("nan"), 3))


@pytest.mark.parametrize("at", [(-1, 3), (3, 64), (float("nan"), 3)])
def test_a_place_outside_cannot_be_grabbed(person: Person, at: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="place"):
        person.session.grab(at)
    assert person.session.snapshot().phase == "idle"


def test_letting_go_without_moving_changes_nothing(person: Person) -> None:
    person.session.grab((30, 30))
    person.session.release()
    person.settle()
    assert person.texts == ["Start"]


def test_grabbing_again_lets_go_first(person: Person) -> None:
    watch = Watch(person)
    person.session.grab((30, 30))
    person.session.move((36, 30))
    watch.wait_for(36, 30)
    person.session.grab((20, 20))
    person.session.move((20, 28))
    watch.wait_for(20, 28)
    person.session.release()
    person.settle()
    assert person.texts == ["Start", "Live drag", "Live drag"]


def test_stop_ends_it(person: Person) -> None:
    watch = Watch(person)
    person.session.grab((30, 30))
    person.session.move((36, 30))
    watch.wait_for(36, 30)
    person.session.stop()
    person.settle()
    assert person.texts == ["Start", "Live drag"]


def test_other_points_are_followed_and_one_that_is_grabbed_is_held(sit: Sit) -> None:
    person = sit("toy-128")
    person.session.set_points(
        [
            PointInput(id=1, handle_xy=(60, 60), goal_xy=(90, 90)),
            PointInput(id=2, handle_xy=(61, 63)),
        ]
    )
    person.session.grab((60.5, 60.5))
    person.session.move((68, 60.5))
    person.session.release()
    person.settle()
    first, second = person.document.points
    # the toy moves as a whole: what goes along goes as far
    assert abs(first.handle_xy[0] - 67.5) <= 3
    assert abs(second.handle_xy[0] - 68.5) <= 3
    assert first.goal_xy == (90, 90)
    assert {point_id for point_id, _, _ in person.of(StepShown)[-1].points} == {HELD_ID, 1, 2}


def test_a_live_drag_with_nothing_to_do_costs_nothing(sit: Sit) -> None:
    holding, other = sit(), sit()
    holding.session.grab((30, 30))
    deadline = time.monotonic() + HANG_S
    while holding.engine.waiting(other.session.id) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert holding.engine.waiting(other.session.id) == 0
    other.point((24, 28), (34, 28))
    other.drag()
    assert other.document.outcome is not None
    holding.session.move((36, 30))
    holding.session.release()
    holding.settle()
    assert holding.texts == ["Start", "Live drag"]


def test_a_live_drag_can_be_repeated_as_a_drag(person: Person) -> None:
    from tugan.session.project_drag import project_of_history
    from tugan.session.project_file import read_history

    person.session.grab((30, 30))
    person.session.move((36, 30))
    person.session.release()
    person.settle()
    project = project_of_history(read_history(person.session.project_bytes()))
    assert project.handles_xy.tolist() == [[30, 30]]
    assert project.targets_xy.tolist() == [[36, 30]]
    assert torch.equal(project.result_ws, person.document.ws)


def test_a_hand_that_rests_is_shown_the_finished_picture_once(person: Person) -> None:
    watch = Watch(person)
    person.session.grab((30, 30))
    person.session.move((36, 30))
    watch.wait_for_finished(1)
    person.session.move((36, 38))
    watch.wait_for_finished(2)
    person.session.move((36, 38))  # not a new place: nothing is drawn again
    person.session.release()
    person.settle()
    first, second = person.of(FinishedShown)
    assert not np.array_equal(first.pixels, second.pixels)
    kept = person.of(PictureReady)[-1]
    assert np.array_equal(second.pixels, kept.pixels)
    steps = person.of(StepShown)
    assert [first.step, second.step] == sorted({first.step, second.step})
    assert second.step == steps[-1].step


def test_a_hand_that_has_not_moved_is_shown_nothing(person: Person) -> None:
    person.session.grab((30, 30))
    time.sleep(2 * REST_S)
    person.session.release()
    person.settle()
    assert person.of(FinishedShown) == []


def test_live_holds_as_much_as_the_document_says(person: Person) -> None:
    person.session.set_method("adam", latent="w", rows=2, feature_px=16, max_steps=7, hold=0.9)
    person.session.grab((30, 30))
    person.session.move((36, 30))
    person.session.release()
    person.settle()
    record = person.document.record
    assert record is not None
    assert (record.solver, record.settings.hold) == ("newton", 0.9)
    assert person.document.settings.hold == 0.9


def test_how_much_is_held_is_undone_saved_and_changes_no_drag_that_goes_on(person: Person) -> None:
    from tugan.session.project_file import read_history

    usual = person.document.settings.hold
    person.session.set_method("newton", latent="w", rows=2, feature_px=16, max_steps=7, hold=0.8)
    watch = Watch(person)
    person.session.grab((30, 30))
    person.session.move((36, 30))
    watch.wait_for(36, 30)
    person.session.set_method("newton", latent="w", rows=2, feature_px=16, max_steps=7, hold=0.1)
    person.settle()
    assert person.texts == ["Start", "Method newton", "Live drag", "Hold 10%"]
    saved = read_history(person.session.project_bytes()).document
    assert saved.settings.hold == 0.1
    assert saved.record is not None
    assert saved.record.settings.hold == 0.8
    person.session.undo()
    person.settle()
    assert person.document.settings.hold == 0.8
    person.session.undo()
    person.session.undo()
    person.settle()
    assert person.document.settings.hold == usual


def test_what_is_held_counts_among_the_points_that_there_can_be(person: Person) -> None:
    points = [
        PointInput(id=i, handle_xy=(4.0 + 3 * (i % 20), 4.0 + 5 * (i // 20))) for i in range(200)
    ]
    person.session.set_points(points, "add")
    person.settle()
    person.session.grab((5.5, 6.5))
    person.settle()
    assert [one.code for one in person.of(Reported)][-1:] == ["too-many-points"]
    assert person.texts == ["Start", "Add a point"]
    assert person.session.snapshot().phase == "idle"
    # one of them can be held
    person.session.grab((4, 4))
    person.session.release()
    person.settle()
    assert [one.code for one in person.of(Reported)] == ["too-many-points"]
