"""Starts, models, galleries, thumbnails, advice, exports, and what a session weighs."""

import gc
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from patience import HANG_S
from session.conftest import Person, Sit
from tugan.core.errors import MissingExtraError, OutputError
from tugan.generators.toy import ToyGenerator
from tugan.session.engine import Engine
from tugan.session.errors import SessionError
from tugan.session.events import (
    Advised,
    Changed,
    Event,
    GalleryPicture,
    HistoryPicture,
    OriginalReady,
    PictureReady,
    Reported,
    StepShown,
)
from tugan.session.history_budget import parts_of
from tugan.session.limits import SessionLimits
from tugan.session.live_job import LiveControl
from tugan.session.model_store import ModelStore
from tugan.session.session import PointInput, Session


def test_a_new_session_shows_a_picture(person: Person) -> None:
    assert person.texts == ["Start"]
    assert person.document.start.seed == 14
    assert person.document.start.psi == 0.7
    assert person.document.points == ()
    assert [type(event).__name__ for event in person.events] == [
        "Changed",
        "Changed",
        "PictureReady",
        "HistoryPicture",
        "OriginalReady",
        "Changed",
    ]
    snapshot = person.session.snapshot()
    assert snapshot.phase == "idle"
    assert snapshot.model is not None
    assert snapshot.model.info.name == "toy"
    assert not snapshot.can_undo


def test_another_start_is_an_entry_and_keeps_the_method(person: Person) -> None:
    person.session.set_method("adam", latent="w", rows=2, feature_px=16, max_steps=7)
    person.point((20, 20), (30, 30))
    person.session.set_mask(np.full((64, 64), 255, np.uint8))
    person.session.set_start(5, psi=0.5)
    person.settle()
    assert person.texts[-1] == "Seed 5"
    assert list(person.document.points) == []
    assert person.document.mask is None
    assert person.document.solver == "adam"
    assert torch.equal(person.document.ws, person.document.origin_ws)
    person.session.undo()
    assert person.document.points[0].goal_xy == (30, 30)
    assert person.document.mask is not None


def test_a_slider_of_the_truncation_is_one_entry(person: Person) -> None:
    for psi in (0.5, 0.6, 0.65):
        person.session.set_start(5, psi=psi)
        person.settle()
    assert person.texts == ["Start", "Seed 5"]
    assert person.document.start.psi == 0.65
    thumbnails = [one for one in person.of(HistoryPicture) if one.entry == 1]
    assert not np.array_equal(thumbnails[0].pixels, thumbnails[-1].pixels)


def test_the_pointer_of_one_gesture_makes_one_entry(person: Person) -> None:
    for x in range(10):
        person.session.set_points(
            [PointInput(id=1, handle_xy=(20, 20), goal_xy=(25 + x, 20))], "move", "g1"
        )
    person.session.set_points([PointInput(id=1, handle_xy=(20, 20))], "move", "g2")
    assert person.texts == ["Start", "Move a point", "Move a point"]


@pytest.mark.parametrize(
    ("seed", "psi", "label"), [(-1, 0.7, None), (2**32, 0.7, None), (1, 2.5, None), (1, 0.7, 0)]
)
def test_starts_that_are_none_are_refused(
    person: Person, seed: int, psi: float, label: int | None
) -> None:
    with pytest.raises(SessionError) as caught:
        person.session.set_start(seed, psi, label)
    assert caught.value.code == "bad-start"


def test_another_model_and_back(person: Person) -> None:
    person.point((20, 20), (30, 30))
    before, picture = person.document, person.session.picture()
    person.session.set_model("toy-128")
    person.settle()
    assert person.texts[-1] == "Model toy"
    assert person.document.start.seed == 14
    assert person.of(PictureReady)[-1].pixels.shape == (128, 128, 3)
    person.session.undo()
    person.settle()
    assert person.document is before
    model = person.session.snapshot().model
    assert model is not None
    assert model.name == "toy"
    assert np.array_equal(person.of(PictureReady)[-1].pixels, picture)
    person.drag()
    assert person.document.outcome is not None
    assert person.document.outcome.reached


def test_a_model_that_is_unknown_or_broken_changes_nothing(
    sit: Sit, tmp_path: Path, person: Person
) -> None:
    with pytest.raises(SessionError) as caught:
        person.session.set_model("/etc/passwd")
    assert caught.value.code == "unknown-model"
    assert "faces-1024" in caught.value.remedy
    broken = tmp_path / "broken.pkl"
    broken.write_bytes(b"nothing of a model")
    empty = sit(str(broken))
    assert [one.code for one in empty.of(Reported)] == ["bad-model"]
    assert empty.session.snapshot().phase == "idle"
    assert empty.session.snapshot().document is None
    empty.session.set_model("toy")
    empty.settle()
    assert empty.texts == ["Start"]


def test_models_are_loaded_once_and_the_last_used_are_kept() -> None:
    loaded: list[str] = []

    def loader(name: str, device: torch.device) -> ToyGenerator:
        loaded.append(name)
        return ToyGenerator()

    loaders = {name: partial(loader, name) for name in "abc"}
    store = ModelStore("cpu", keep=2, loaders=loaders)
    for name in "abaca":
        store.get(name)
    assert loaded == ["a", "b", "c"]
    store.get("b")
    assert loaded == ["a", "b", "c", "b"]


def test_a_gallery(person: Person) -> None:
    person.session.gallery((1, 2, 3))
    person.settle()
    pictures = person.of(GalleryPicture)
    assert [one.seed for one in pictures] == [1, 2, 3]
    assert max(pictures[0].pixels.shape) <= 160
    assert person.texts == ["Start"]
    with pytest.raises(SessionError) as caught:
        person.session.gallery(range(25))
    assert caught.value.code == "too-many-seeds"


def test_a_new_gallery_ends_the_one_before(person: Person) -> None:
    def listen(event: Event) -> None:
        person.events.append(event)
        if isinstance(event, GalleryPicture) and event.seed == 1:
            person.session.gallery((101, 102))

    person.session.listener = listen
    person.session.gallery((1, 2, 3, 4, 5))
    person.settle()
    assert [one.seed for one in person.of(GalleryPicture)] == [1, 101, 102]


def test_all_pictures_again(person: Person) -> None:
    person.point((24, 28), (34, 28))
    person.drag()
    person.session.set_start(3)
    person.settle()
    person.events.clear()
    person.session.request_pictures()
    person.settle()
    assert len(person.of(PictureReady)) == 1
    assert len(person.of(OriginalReady)) == 1
    assert {one.entry for one in person.of(HistoryPicture)} == {0, 2, 3}
    assert not person.of(Changed)


def test_thumbnails_of_opened_work_are_drawn(person: Person) -> None:
    person.session.set_start(3)
    person.settle()
    content = person.session.project_bytes()
    person.session.set_start(4)
    person.settle()
    person.session.open_project(content)
    person.settle()
    person.events.clear()
    person.session.request_pictures()
    person.settle()
    assert {one.entry for one in person.of(HistoryPicture)} == {0, 1}


def test_a_handle_without_texture_is_advised_on_once_it_is_set(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tugan.dragging import texture

    monkeypatch.setattr(texture, "POOR_SCORE", 2.0)
    person.session.set_points(
        [
            PointInput(id=7, handle_xy=(20, 20), goal_xy=(30, 30)),
            PointInput(id=8, handle_xy=(40, 40)),
        ],
        "add",
    )
    person.settle()
    assert [one.point_id for one in person.of(Advised)] == [7, 8]
    assert "little texture" in person.of(Advised)[0].text
    person.session.set_points([PointInput(id=7, handle_xy=(20, 20), goal_xy=(31, 30))], "remove")
    person.settle()
    assert len(person.of(Advised)) == 2


def test_the_picture_with_its_points(person: Person) -> None:
    bare, marked = person.session.picture(), person.session.picture(points=True)
    assert np.array_equal(bare, marked)
    person.point((24, 28), (34, 28))
    marked = person.session.picture(points=True)
    assert bare.shape == marked.shape == (64, 64, 3)
    assert not np.array_equal(bare, marked)
    assert np.array_equal(bare, person.session.picture())


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
@pytest.mark.parametrize("points", [False, True])
def test_an_animation_of_the_last_drag(
    person: Person, tmp_path: Path, suffix: str, points: bool
) -> None:
    person.point((24, 28), (36, 34))
    person.drag()
    person.session.animation(tmp_path / f"a{suffix}", points=points)
    with Image.open(tmp_path / f"a{suffix}") as opened:
        assert getattr(opened, "n_frames", 1) == person.document.steps + 1


def test_no_animation_without_a_drag(person: Person, tmp_path: Path) -> None:
    with pytest.raises(SessionError) as caught:
        person.session.animation(tmp_path / "a.gif")
    assert caught.value.code == "no-drag"
    person.point((24, 28), (36, 34))
    person.drag()
    with pytest.raises((OutputError, MissingExtraError)):
        person.session.animation(tmp_path / "a.txt")


def test_waiting_on_the_engines_thread_is_refused(person: Person) -> None:
    faults: list[str] = []

    def listen(event: Event) -> None:
        try:
            person.session.picture()
        except RuntimeError as error:
            faults.append(str(error))

    person.session.listener = listen
    person.session.request_pictures()
    person.settle()
    assert faults
    assert "another thread" in faults[0]


def test_a_picture_asked_of_a_closed_session_does_not_wait_for_ever(
    models: ModelStore,
) -> None:
    engine = Engine()
    session = Session("a", engine, models)
    session.open_default("toy")
    engine.wait_for("a")
    engine.close()
    with pytest.raises(SessionError) as caught:
        session.picture()
    assert caught.value.code == "closed"
    session.close()


def test_a_listener_that_fails_or_is_none_disturbs_nothing(person: Person) -> None:
    def fail(event: Event) -> None:
        raise ValueError

    person.session.listener = fail
    person.point((24, 28), (34, 28))
    person.drag()
    person.session.listener = None
    person.session.undo()
    person.drag()
    assert person.document.outcome is not None
    assert person.document.outcome.reached


def test_commands_from_many_threads(person: Person) -> None:
    """Nothing hangs, nothing is torn: the history is a tree and the session goes on."""
    session = person.session
    person.point((24, 28), (36, 34))
    faults: list[BaseException] = []

    def hammer(number: int) -> None:
        rng = np.random.default_rng(number)
        for _ in range(60):
            x, y = (float(value) for value in rng.uniform(0, 63, 2))
            commands = (
                session.start,
                session.stop,
                session.undo,
                session.redo,
                session.release,
                lambda x=x, y=y: session.grab((x, y)),
                lambda x=x, y=y: session.move((x, y)),
                lambda x=x, y=y: session.set_points([PointInput(id=1, handle_xy=(x, y))]),
                lambda x=x, y=y: session.set_points(
                    [PointInput(id=1, handle_xy=(24, 28), goal_xy=(x, y))]
                ),
                lambda: session.set_mask(np.full((64, 64), 255, np.uint8)),
                session.snapshot,
                session.request_pictures,
            )
            try:
                commands[rng.integers(len(commands))]()
            except SessionError:
                continue
            except BaseException as error:  # noqa: BLE001 (of another thread)
                faults.append(error)

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_S)
    session.stop()
    session.release()
    person.settle()
    assert not faults
    assert not [one for one in person.of(Reported) if one.code == "failed"]
    snapshot = session.snapshot()
    assert snapshot.phase == "idle"
    ids = [entry.id for entry in snapshot.entries]
    assert len(set(ids)) == len(ids)
    assert snapshot.current in ids
    session.open_project(session.project_bytes())
    person.settle()
    person.point((24, 28), (36, 34), id=5)
    person.drag()
    assert person.document.outcome is not None


def test_a_finger_put_down_while_another_is_lifted_can_be_lifted_too(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drag of a finger that nobody can lift any more would never end."""
    session = person.session
    other = threading.Thread(target=session.grab, args=((30.0, 30.0),))
    lift = LiveControl.release

    def lift_slowly(control: LiveControl) -> None:
        monkeypatch.setattr(LiveControl, "release", lift)
        lift(control)
        other.start()
        other.join(0.5)

    session.grab((20.0, 30.0))
    monkeypatch.setattr(LiveControl, "release", lift_slowly)
    session.release()
    other.join(HANG_S)
    session.release()
    settled = threading.Thread(target=person.settle, daemon=True)
    settled.start()
    settled.join(HANG_S)
    assert not settled.is_alive()


def test_the_default_model_begins_with_a_sample_and_its_nose_follows(sit: Sit) -> None:
    person = sit("faces-1024")
    (point,) = person.document.points
    assert (point.handle_xy, point.goal_xy) == ((608, 762), (636, 722))
    seen: list[int] = []

    def listen(event: Event) -> None:
        person.events.append(event)
        if isinstance(event, StepShown):
            seen.append(event.step)
            if event.step == 2:
                person.session.stop()

    person.session.listener = listen
    first = person.session.picture()
    person.drag()
    assert seen == [0, 1, 2]
    steps = person.of(StepShown)
    assert steps[0].preview is None
    assert steps[1].preview is not None
    assert steps[1].preview.shape == (512, 512, 3)
    assert steps[2].farthest_px < steps[0].farthest_px / 2
    small = np.asarray(Image.fromarray(first).resize((512, 512), Image.Resampling.BOX))
    assert np.abs(small.astype(int) - steps[1].preview).mean() < 12
    person.session.undo()
    assert np.array_equal(person.session.picture(), first)
    assert weight(person) < 30 << 20


def weight(person: Person) -> int:
    """Bytes of what a session keeps beside its model."""
    desk = person.session.__dict__["_desk"]
    parts = {
        id(part): part.nbytes
        for entry in desk.history().entries
        for part in parts_of(entry.document)
    }
    return sum(parts.values()) + int(desk.pictures.nbytes)


def test_a_long_session_stays_below_its_limits(sit: Sit) -> None:
    limits = SessionLimits(history_bytes=1 << 20, pictures_bytes=64 * 64 * 3 * 4, max_entries=20)
    person = sit(limits=limits)
    for round_ in range(8):
        person.session.set_start(round_)
        person.settle()
        person.point((24, 28), (36, 34), id=round_)
        person.drag()
        rng = np.random.default_rng(round_)
        person.session.set_mask(rng.integers(0, 256, (64, 64), dtype=np.uint8))
        person.session.picture()
    gc.collect()
    assert len(person.texts) <= 20
    assert weight(person) <= (1 << 20) + 64 * 64 * 3 * (4 + 20)
    person.session.undo()
    person.settle()
