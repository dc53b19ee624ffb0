"""Drags through a session: history, stopping and going on, new goals under way."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from session.conftest import Person, Sit
from session.documents import same
from tugan.core.outcome import Ending
from tugan.core.outcome_words import left_words
from tugan.dragging.methods import SolverName
from tugan.session.engine import Engine
from tugan.session.events import (
    Changed,
    Event,
    HistoryPicture,
    OriginalReady,
    PictureReady,
    Reported,
    StepShown,
)
from tugan.session.session import PointInput

HANDLE, GOAL = (24.0, 28.0), (36.0, 34.0)


def on_step(person: Person, number: int, action: Callable[[], None]) -> None:
    """Do it as soon as that step is shown, on the engine's own thread."""
    remember = person.events.append

    def listen(event: Event) -> None:
        remember(event)
        if isinstance(event, StepShown) and event.step == number:
            action()

    person.session.listener = listen


def choose(person: Person, solver: SolverName, *, max_steps: int = 40) -> None:
    person.session.set_method(solver, latent="w+", rows=4, feature_px=32, max_steps=max_steps)


def stopped_at(step: StepShown) -> str:
    """What the history says of a drag of ``HANDLE`` to ``GOAL`` that was stopped there."""
    left = left_words(asked_px=math.dist(HANDLE, GOAL), left_px=step.farthest_px)
    return f"Drag: stopped, {left}"


def test_a_drag_is_shown_and_becomes_one_entry(person: Person) -> None:
    person.point(HANDLE, GOAL)
    person.drag()
    document = person.document
    assert document.outcome is not None
    assert document.outcome.reached
    assert person.texts == ["Start", "Add a point", f"Drag: reached in {document.steps} steps"]
    steps = person.of(StepShown)
    assert [one.step for one in steps] == list(range(document.steps + 1))
    assert steps[-1].farthest_px <= 1
    assert steps[-1].points == ((1, document.points[0].handle_xy, False),)
    assert steps[0].preview is None
    assert {one.preview.shape for one in steps[1:] if one.preview is not None} == {(64, 64, 3)}
    assert document.points[0].start_xy == HANDLE
    assert document.points[0].goal_xy == GOAL
    assert len(person.of(PictureReady)) == 2
    assert {one.entry for one in person.of(HistoryPicture)} == {0, 2}
    assert person.session.snapshot().phase == "idle"


def test_nothing_to_drag(person: Person) -> None:
    for setting in ((HANDLE, None), (HANDLE, HANDLE)):
        person.point(*setting)
        with pytest.raises(ValueError, match="No point has a goal"):
            person.session.start()


def test_points_without_a_goal_are_left_alone(person: Person) -> None:
    person.session.set_points(
        [
            PointInput(id=1, handle_xy=HANDLE, goal_xy=GOAL),
            PointInput(id=2, handle_xy=(10, 10)),
            PointInput(id=3, handle_xy=(40, 40), goal_xy=(40, 40)),
        ]
    )
    person.drag()
    assert [point.handle_xy for point in person.document.points[1:]] == [(10, 10), (40, 40)]
    assert [point_id for point_id, _, _ in person.of(StepShown)[-1].points] == [1]


def test_undo_and_redo_restore_document_and_picture_to_the_bit(person: Person) -> None:
    person.point(HANDLE, GOAL)
    before = person.document
    first = person.session.picture()
    person.drag()
    after, second = person.document, person.session.picture()
    assert not np.array_equal(first, second)
    person.session.undo()
    assert person.document is before
    assert np.array_equal(person.session.picture(), first)
    person.session.redo()
    assert person.document is after
    assert np.array_equal(person.session.picture(), second)
    person.settle()
    assert np.array_equal(person.of(PictureReady)[-1].pixels, second)


def test_a_picture_drawn_anew_is_the_same(sit: Sit) -> None:
    from tugan.session.limits import SessionLimits

    person = sit(limits=SessionLimits(pictures_bytes=1))
    person.point(HANDLE, GOAL)
    first = person.session.picture()
    person.drag()
    person.session.undo()
    person.settle()
    assert np.array_equal(person.of(PictureReady)[-1].pixels, first)


@pytest.mark.parametrize("solver", ["newton", "adam"])
@pytest.mark.parametrize("by_undo", [False, True])
def test_stop_and_start_go_on_as_if_nothing_had_happened(
    sit: Sit, solver: SolverName, by_undo: bool
) -> None:
    whole, halved = sit(), sit()
    for person in (whole, halved):
        choose(person, solver)
        person.point(HANDLE, GOAL)
    whole.drag()
    on_step(halved, 3, halved.session.stop)
    halved.drag()
    stopped = halved.document
    assert stopped.outcome is not None
    assert stopped.outcome.ending is Ending.CANCELLED
    assert stopped.steps == 3
    if by_undo:
        halved.session.undo()
        halved.session.redo()
        halved.point((10, 10), (12, 12), id=9)
        halved.session.undo()
        assert halved.document is stopped
    halved.session.listener = halved.events.append
    halved.drag()
    assert torch.equal(halved.document.ws, whole.document.ws)
    assert halved.document.points == whole.document.points
    assert halved.document.steps == whole.document.steps
    assert halved.document.outcome == whole.document.outcome
    assert same(halved.document.trail, whole.document.trail)


def test_a_step_limit_is_gone_beyond_by_starting_again(person: Person) -> None:
    choose(person, "newton", max_steps=3)
    person.point(HANDLE, GOAL)
    person.drag()
    assert person.document.outcome is not None
    assert person.document.outcome.ending is Ending.STEP_LIMIT
    person.drag()
    assert person.document.steps == 6
    person.drag()
    assert person.document.steps > 6
    assert person.texts[-1].startswith("Drag: ")


def test_any_change_makes_it_begin_anew(person: Person) -> None:
    choose(person, "newton", max_steps=3)
    person.point(HANDLE, GOAL)
    person.drag()
    assert person.document.run is not None
    person.session.set_mask(np.full((64, 64), 255, np.uint8))
    assert person.document.run is None
    person.drag()
    assert person.document.steps == 3


def test_a_drag_that_is_there_already_is_no_entry(person: Person) -> None:
    person.point(HANDLE, GOAL)
    person.drag()
    before = person.texts
    person.drag()
    assert person.texts == before
    assert person.document.outcome is not None
    assert "Nothing was moved" in person.document.outcome.sentence


def test_new_goals_under_way_are_aimed_at(person: Person) -> None:
    goal = (20.0, 40.0)

    def aim() -> None:
        seen = person.of(StepShown)[-1].points[0][1]
        person.session.set_points([PointInput(id=1, handle_xy=seen, goal_xy=goal)], "move")

    person.point(HANDLE, GOAL)
    on_step(person, 4, aim)
    person.drag()
    assert person.texts[:2] == ["Start", "Add a point"]
    assert len(person.texts) == 3
    assert person.document.points[0].goal_xy == goal
    assert person.document.outcome is not None
    assert person.document.outcome.reached
    assert [one.step for one in person.of(StepShown)] == list(range(person.document.steps + 1))
    person.session.undo()
    assert person.document.points[0].goal_xy == GOAL


@pytest.mark.parametrize("solver", ["newton", "adam"])
def test_a_page_that_lags_behind_moves_no_handles(person: Person, solver: SolverName) -> None:
    def aim() -> None:
        # the handle as it was shown some steps ago
        person.session.set_points([PointInput(id=1, handle_xy=HANDLE, goal_xy=(34, 36))])

    choose(person, solver)
    person.point(HANDLE, GOAL)
    on_step(person, 3, aim)
    person.drag()
    assert person.document.points[0].goal_xy == (34, 36)
    assert len(person.of(StepShown)) > 5
    # and a moment after the end
    handle = person.document.points[0].handle_xy
    person.session.set_points([PointInput(id=1, handle_xy=HANDLE, goal_xy=(30, 30))])
    assert person.document.points[0].handle_xy == handle
    assert person.document.points[0].goal_xy == (30, 30)


def test_a_new_point_under_way_stops_the_drag_and_comes_on_top(person: Person) -> None:
    def add() -> None:
        person.session.set_points(
            [
                PointInput(id=1, handle_xy=person.of(StepShown)[-1].points[0][1], goal_xy=GOAL),
                PointInput(id=2, handle_xy=(50, 50)),
            ],
            "add",
        )

    person.point(HANDLE, GOAL)
    on_step(person, 2, add)
    person.drag()
    stopped = stopped_at(person.of(StepShown)[-1])
    assert person.texts == ["Start", "Add a point", stopped, "Add a point"]
    assert [point.id for point in person.document.points] == [1, 2]
    assert person.document.points[0].start_xy == HANDLE


def test_undo_under_way_takes_back_the_drag(person: Person) -> None:
    person.point(HANDLE, GOAL)
    before = person.document
    on_step(person, 2, person.session.undo)
    person.drag()
    assert person.document is before
    assert person.session.snapshot().can_redo


def test_another_start_under_way_comes_after_the_drag(person: Person) -> None:
    person.point(HANDLE, GOAL)
    on_step(person, 2, lambda: person.session.set_start(5))
    person.drag()
    assert person.texts[-2:] == [stopped_at(person.of(StepShown)[-1]), "Seed 5"]
    assert person.document.points == ()
    assert person.of(OriginalReady)


@pytest.mark.parametrize(
    ("solver", "ending"),
    # newton takes steps into what is not finite back, and says that it comes no further
    [("newton", Ending.NO_PROGRESS), ("adam", Ending.NOT_FINITE)],
)
def test_a_drag_that_breaks_down_keeps_the_last_good_step(
    sit: Sit, solver: SolverName, ending: Ending
) -> None:
    person = sit("spoiled")
    person.session.set_start(3, psi=0.5)
    person.settle()
    choose(person, solver, max_steps=1000)
    person.point((30, 30), (63, 30))
    person.drag()
    assert person.document.outcome is not None
    assert person.document.outcome.ending is ending
    assert torch.isfinite(person.document.ws).all()


def test_out_of_memory_in_a_drag_keeps_what_was_reached(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tugan.session import drag_job

    real, calls = drag_job.preview_of, []

    def failing(*arguments: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise MemoryError
        return real(*arguments, **named)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(drag_job, "preview_of", failing)
    person.point(HANDLE, GOAL)
    person.drag()
    assert [one.code for one in person.of(Reported)] == ["out-of-memory"]
    assert person.texts[-1] == "Drag: failed after 3 steps"
    assert person.session.snapshot().phase == "idle"
    person.drag()
    assert person.document.outcome is not None
    assert person.document.outcome.reached


def test_cautions_are_told(person: Person) -> None:
    person.point(HANDLE, GOAL)
    person.session.set_mask(np.zeros((64, 64), np.uint8))
    person.drag()
    texts = [one.text for one in person.of(Reported) if one.code == "caution"]
    assert any("mask" in text for text in texts)


def test_two_hundred_points(person: Person) -> None:
    places = [(4.0 + 2.8 * (index % 20), 4.0 + 5.5 * (index // 20)) for index in range(200)]
    person.session.set_points(
        [
            PointInput(id=index, handle_xy=(x, y), goal_xy=(min(x + 20, 63), y + 3))
            for index, (x, y) in enumerate(places)
        ],
        "add",
    )
    choose(person, "newton", max_steps=4)
    on_step(person, 1, person.session.stop)
    person.drag()
    assert len(person.document.points) == 200
    assert person.document.run is not None
    assert len(person.of(StepShown)[-1].points) == 200
    person.session.listener = person.events.append
    person.drag()
    assert person.document.outcome is not None


def test_two_sessions_take_turns(sit: Sit, engine: Engine) -> None:
    order: list[str] = []
    people = [sit(), sit()]
    for person in people:
        choose(person, "adam", max_steps=30)
        person.point(HANDLE, (40, 40))

        def listen(event: Event, name: str = person.session.id) -> None:
            if isinstance(event, StepShown):
                order.append(name)

        person.session.listener = listen
    for person in people:
        person.session.start()
    for person in people:
        person.settle()
    both = order[order.index(people[1].session.id) :][:40]
    changes = sum(one != other for one, other in pairwise(both))
    assert changes >= len(both) // 2


def test_closing_keeps_the_step_that_was_made(sit: Sit, engine: Engine) -> None:
    person = sit()
    person.point(HANDLE, GOAL)
    begun: list[int] = []
    on_step(person, 2, lambda: begun.append(1))
    person.session.start()
    while not begun:
        pass
    person.session.close()
    engine.wait_for(person.session.id)
    assert person.texts[-1].startswith("Drag: ")


def test_out_of_order_commands_are_harmless(person: Person) -> None:
    person.session.stop()
    person.session.release()
    person.session.move((3, 3))
    for command in (person.session.undo, person.session.redo):
        with pytest.raises(ValueError, match="There is nothing to"):
            command()
    with pytest.raises(ValueError, match="no entry 77"):
        person.session.go_to(77)
    assert person.texts == ["Start"]
    person.point(HANDLE, GOAL)
    person.session.start()
    person.session.start()
    person.settle()
    assert len(person.texts) == 3


def test_every_command_of_a_session_without_a_model_says_so(sit: Sit) -> None:
    session = sit(None).session
    for command in (
        session.start,
        session.undo,
        session.redo,
        session.picture,
        session.project_bytes,
        lambda: session.set_points([]),
        lambda: session.set_mask(None),
        lambda: session.set_method(None),
        lambda: session.grab((1, 1)),
        lambda: session.go_to(0),
        lambda: session.gallery([1]),
        lambda: session.set_start(1),
    ):
        with pytest.raises(ValueError, match="still loading"):
            command()
    session.request_pictures()
    session.stop()
    assert session.snapshot().document is None


def test_changes_are_told(person: Person) -> None:
    before = len(person.of(Changed))
    person.point(HANDLE, GOAL)
    assert len(person.of(Changed)) > before
    assert same(replace(person.document), person.document)
