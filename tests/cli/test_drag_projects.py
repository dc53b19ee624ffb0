"""Saving a drag, repeating it, and going on from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.program import Tugan
from tugan.session.engine import Engine
from tugan.session.events import Event, StepShown
from tugan.session.model_store import ModelStore
from tugan.session.project_file import load_project
from tugan.session.session import PointInput, Session

POINT = ("--point", "40,50:60,70")


@pytest.fixture
def saved(drag: Tugan, here: Path) -> Path:
    """A drag of three steps, saved with its picture ``a.png``."""
    assert drag(*POINT, "--seed", "3", "--out", "a.png", "--save-project", "a.tugan").code == 0
    return here / "a.tugan"


def test_a_saved_drag_knows_what_was_asked_and_what_came_out(saved: Path, model: Path) -> None:
    project = load_project(saved)
    assert project.header.model.name_or_path == str(model.resolve())
    assert project.header.outcome is not None
    assert "3 steps" in project.header.outcome.sentence
    assert project.handles_xy.tolist() == [[40, 50]]
    assert project.targets_xy.tolist() == [[60, 70]]
    assert project.mask is None
    assert not project.result_ws.equal(project.ws)


def test_a_saved_drag_replays_to_the_bit(tugan: Tugan, saved: Path, here: Path) -> None:
    ran = tugan("drag", "--project", saved, "--out", "b.png", "--save-project", "b.tugan", "--json")
    assert ran.code == 0
    assert (here / "b.png").read_bytes() == (here / "a.png").read_bytes()
    before, after = load_project(saved), load_project(here / "b.tugan")
    assert after.header == before.header
    assert after.result_ws.equal(before.result_ws)
    assert ran.json()["points"][0]["final"] == before.result_handles_xy[0].tolist()


def test_a_mask_is_part_of_what_is_replayed(
    tugan: Tugan, drag: Tugan, here: Path, half_mask: Path
) -> None:
    drag(*POINT, "--mask", half_mask, "--out", "a.png", "--save-project", "a.tugan")
    assert tugan("drag", "--project", "a.tugan", "--out", "b.png").code == 0
    assert (here / "b.png").read_bytes() == (here / "a.png").read_bytes()


def test_a_mask_can_be_left_out(tugan: Tugan, drag: Tugan, here: Path, half_mask: Path) -> None:
    drag(*POINT, "--out", "free.png")
    drag(*POINT, "--mask", half_mask, "--out", "held.png", "--save-project", "a.tugan")
    assert tugan("drag", "--project", "a.tugan", "--no-mask", "--out", "b.png").code == 0
    assert (here / "b.png").read_bytes() == (here / "free.png").read_bytes()
    assert (here / "b.png").read_bytes() != (here / "held.png").read_bytes()


def test_points_go_on_from_where_it_ended(tugan: Tugan, saved: Path, here: Path) -> None:
    more = ("--point", "90,90:100,100")
    ran = tugan("drag", "--project", saved, *more, "--steps", "0", "--out", "b.png", "--json")
    assert ran.code == 0
    assert [point["start"] for point in ran.json()["points"]] == [[90, 90]]
    assert (here / "b.png").read_bytes() == (here / "a.png").read_bytes()


def test_other_steps_replace_the_saved_limit(tugan: Tugan, saved: Path) -> None:
    ran = tugan("drag", "--project", saved, "--steps", "1", "--out", "b.png", "--json")
    assert ran.json()["steps"] == 1


def test_another_preset_replaces_the_saved_settings(tugan: Tugan, saved: Path, here: Path) -> None:
    again = ("--preset", "original", "--steps", "3", "--out", "b.png")
    assert tugan("drag", "--project", saved, *again).code == 0
    assert (here / "b.png").read_bytes() != (here / "a.png").read_bytes()


def test_a_project_may_be_saved_over_itself(tugan: Tugan, saved: Path) -> None:
    ran = tugan("drag", "--project", saved, "--steps", "1", "--save-project", saved)
    assert ran.code == 0
    outcome = load_project(saved).header.outcome
    assert outcome is not None
    assert "1 step." in outcome.sentence


def test_a_model_may_be_given_from_another_place(
    tugan: Tugan, saved: Path, here: Path, model: Path
) -> None:
    moved = here / "moved.pkl"
    moved.write_bytes(model.read_bytes())
    assert tugan("drag", "--project", saved, "--model", moved, "--out", "b.png").code == 0
    assert (here / "b.png").read_bytes() == (here / "a.png").read_bytes()


def test_a_drag_without_a_step_can_be_saved(drag: Tugan, here: Path) -> None:
    assert drag(*POINT, "--steps", "0", "--save-project", "a.tugan").code == 0
    assert load_project(here / "a.tugan").handles_xy.tolist() == [[40, 50]]


def test_another_solver_replaces_the_saved_one(tugan: Tugan, saved: Path, here: Path) -> None:
    again = ("--solver", "adam", "--steps", "3", "--out", "b.png", "--save-project", "b.tugan")
    assert tugan("drag", "--project", saved, *again).code == 0
    header = load_project(here / "b.tugan").header
    assert header.solver == "adam"
    assert (here / "b.png").read_bytes() != (here / "a.png").read_bytes()


def test_what_the_studio_did_last_is_repeated_to_the_bit(
    tugan: Tugan, here: Path, model: Path
) -> None:
    engine = Engine()
    session = Session("a", engine, ModelStore("cpu"))
    session.open_default(str(model))
    engine.wait_for("a")
    session.set_points([PointInput(id=4, handle_xy=(40, 50), goal_xy=(60, 70))])
    session.set_method("newton", latent="w+", rows=4, feature_px=32, max_steps=3)
    session.start()
    engine.wait_for("a")
    session.save_project(here / "studio.tugan")
    picture, document = session.picture(), session.snapshot().document
    session.close()
    engine.close()
    ran = tugan("drag", "--project", "studio.tugan", "--out", "b.png", "--json")
    assert ran.code == 0
    assert document is not None
    assert ran.json()["steps"] == document.steps == 3
    assert tuple(ran.json()["points"][0]["final"]) == document.points[0].handle_xy
    with Image.open(here / "b.png") as opened:
        assert np.array_equal(np.asarray(opened), picture)


# ---- stopped by hand -------------------------------------------------------------------------


@contextmanager
def sitting(model: Path) -> Iterator[tuple[Session, Engine]]:
    """A session whose drag goes on for long: handle and goal are far apart."""
    engine = Engine()
    session = Session("a", engine, ModelStore("cpu"))
    session.open_default(str(model))
    engine.wait_for("a")
    session.set_points([PointInput(id=4, handle_xy=(20, 20), goal_xy=(110, 110))])
    session.set_method("adam", latent="w+", rows=4, feature_px=32, max_steps=60)
    engine.wait_for("a")
    yield session, engine
    session.close()
    engine.close()


def stop_after(session: Session, engine: Engine, steps: int) -> None:
    def look(event: Event) -> None:
        if isinstance(event, StepShown) and event.step >= steps:
            session.stop()

    session.listener = look
    session.start()
    engine.wait_for("a")
    session.listener = None


@pytest.mark.parametrize("then", ["at once", "after an edit", "after going on"])
def test_what_was_stopped_by_hand_is_repeated_as_far_as_it_was_kept(
    tugan: Tugan, here: Path, model: Path, then: str
) -> None:
    with sitting(model) as (session, engine):
        stop_after(session, engine, 3)
        if then == "after going on":
            stop_after(session, engine, 6)
        if then == "after an edit":
            session.set_points([], change="clear")
            engine.wait_for("a")
        session.save_project(here / "studio.tugan")
        picture, document = session.picture(), session.snapshot().document
    assert document is not None
    assert 0 < document.steps < 20
    again = ("--out", "b.png", "--save-project", "b.tugan", "--json")
    ran = tugan("drag", "--project", "studio.tugan", *again)
    # it is not stopped now: what was asked is done
    assert ran.code == 0
    assert ran.json()["steps"] == document.steps
    assert ran.json()["outcome"] == "cancelled"
    with Image.open(here / "b.png") as opened:
        assert np.array_equal(np.asarray(opened), picture)
    # and what was saved of that is the same again
    assert tugan("drag", "--project", "b.tugan", "--out", "c.png").code == 0
    assert (here / "c.png").read_bytes() == (here / "b.png").read_bytes()


def test_a_drag_that_was_stopped_goes_to_its_end_if_that_is_asked(
    tugan: Tugan, here: Path, model: Path
) -> None:
    with sitting(model) as (session, engine):
        stop_after(session, engine, 2)
        session.save_project(here / "studio.tugan")
    ran = tugan("drag", "--project", "studio.tugan", "--steps", "9", "--out", "b.png", "--json")
    assert (ran.code, ran.json()["steps"]) == (0, 9)


def test_a_drag_that_was_allowed_more_steps_is_repeated_with_them(
    tugan: Tugan, here: Path, model: Path
) -> None:
    with sitting(model) as (session, engine):
        session.set_method("adam", latent="w+", rows=4, feature_px=32, max_steps=3)
        for _ in range(2):
            session.start()
            engine.wait_for("a")
        session.save_project(here / "studio.tugan")
        picture, document = session.picture(), session.snapshot().document
    assert document is not None
    assert document.steps == 6
    ran = tugan("drag", "--project", "studio.tugan", "--out", "b.png", "--json")
    assert (ran.code, ran.json()["steps"], ran.json()["outcome"]) == (0, 6, "step-limit")
    with Image.open(here / "b.png") as opened:
        assert np.array_equal(np.asarray(opened), picture)
