"""Photographs in a session: found, brought in, kept, dragged, pasted back, saved."""

import io
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from patience import HANG_S
from session.conftest import Person, Sit
from tugan.core.images import RgbArray
from tugan.generators.toy import ToyGenerator
from tugan.inversion.align import Alignment, manual_crop
from tugan.inversion.photo_edit_file import save_photo_edit
from tugan.inversion.settings import InversionSettings, TuningSettings
from tugan.render.photo_file import Photo
from tugan.session.document_photo import DocumentPhoto
from tugan.session.errors import SessionError
from tugan.session.events import (
    OriginalReady,
    PhotoShown,
    PhotoStepShown,
    PictureReady,
    Reported,
    TargetShown,
)
from tugan.session.history import History
from tugan.session.incoming import Incoming, PhotoSettings
from tugan.session.limits import SessionLimits
from tugan.session.model_store import ModelStore
from tugan.session.photo_export import PhotoExport
from tugan.session.project_file import history_bytes

FEW_STEPS = PhotoSettings(
    inversion=InversionSettings(steps=10), tuning=TuningSettings(steps=16), more_steps=8
)
SQUARE = manual_crop((140.0, 120.0), side_px=120.0, angle_deg=5.0)


@pytest.fixture(scope="module")
def small_model(oracle_dir: Path) -> str:
    """A StyleGAN2 of 128 px with random weights."""
    return str(oracle_dir / "nvidia-stylegan2-128.pkl")


@pytest.fixture(scope="module")
def models() -> ModelStore:
    """With a toy that has no weights."""
    return ModelStore("cpu", keep=3, loaders={"toy": lambda device: ToyGenerator()})


@pytest.fixture
def person(sit: Sit, small_model: str) -> Person:
    """In front of the small model."""
    return sit(small_model, photos=FEW_STEPS)


@pytest.fixture(scope="module")
def pixels() -> RgbArray:
    """A photograph of nothing: 300 x 240 px of smooth colours."""
    rows, columns = np.mgrid[:240, :300].astype(float)
    waves = [np.sin(columns / 30 + shift) + np.cos(rows / 40 - shift) for shift in (0, 1, 2)]
    return (np.stack(waves, axis=-1) * 60 + 128).astype(np.uint8)


@pytest.fixture(scope="module")
def png(pixels: RgbArray) -> bytes:
    """The same as a file."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "PNG")
    return target.getvalue()


def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    ends_s = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < ends_s
        time.sleep(0.01)


def incoming(person: Person) -> Incoming:
    found = person.session.snapshot().incoming
    assert found is not None
    return found


def photo(person: Person) -> DocumentPhoto:
    found = person.document.photo
    assert found is not None
    return found


def steps(person: Person, stage: str) -> list[PhotoStepShown]:
    return [one for one in person.of(PhotoStepShown) if one.stage == stage]


def begin(person: Person, png: bytes, *, square: Alignment = SQUARE) -> None:
    """Bring the square in, and come back while it is on its way."""
    person.events.clear()
    person.session.open_photo(png, "waves.png")
    person.settle()
    person.session.begin_photo(square=square)
    until(lambda: bool(steps(person, "invert")))


def keep(person: Person, png: bytes) -> None:
    """As it is after a few steps of tuning."""
    begin(person, png)
    until(lambda: bool(steps(person, "tune")))
    person.session.keep_photo()
    person.settle()


def last_picture(person: Person) -> RgbArray:
    return person.of(PictureReady)[-1].pixels


def decoded(encoded: bytes) -> RgbArray:
    with Image.open(io.BytesIO(encoded)) as opened:
        return np.asarray(opened.convert("RGB"))


def test_a_model_of_something_else_asks_for_a_square(person: Person, png: bytes) -> None:
    person.session.open_photo(png, "waves.png")
    person.settle()
    now = incoming(person)
    assert (now.stage, now.faces, now.size_hw) == ("choose", (), (240, 300))
    assert "by hand" in now.warning
    assert now.chosen is not None
    assert now.chosen.side_px == pytest.approx(240)
    assert person.of(PhotoShown)[-1].pixels.shape == (240, 300, 3)
    assert len(person.texts) == 1


def test_it_is_inverted_then_tuned_then_ready(person: Person, png: bytes) -> None:
    begin(person, png)
    person.settle()
    inverting, tuning = steps(person, "invert"), steps(person, "tune")
    assert inverting[-1].step == inverting[-1].total
    assert tuning[-1].psnr_db > inverting[0].psnr_db
    assert inverting[0].left_s is None
    lefts = [one.left_s for one in inverting[2:]]
    assert all(left is not None and left > 0 for left in lefts)
    assert person.of(TargetShown)[-1].pixels.shape == (128, 128, 3)
    assert {one.preview.shape for one in tuning} == {(128, 128, 3)}
    now = incoming(person)
    assert (now.stage, now.finished) == ("ready", True)
    assert now.edit is not None
    assert now.edit.quality is not None
    assert len(person.texts) == 1
    # more tuning goes on from there, and comes nearer
    before = now.edit.quality.psnr_db
    person.session.more_photo()
    person.settle()
    better = incoming(person).edit
    assert better is not None
    assert better.quality is not None
    assert better.quality.psnr_db > before
    # stopped at once it is at least what it was
    reached = better.quality.face_psnr_db
    person.events.clear()
    person.session.more_photo()
    until(lambda: bool(steps(person, "tune")))
    person.session.stop()
    person.settle()
    kept = incoming(person).edit
    assert kept is not None
    assert kept.quality is not None
    assert kept.quality.face_psnr_db >= reached


def test_kept_half_way_it_is_an_entry_with_the_photograph_as_its_original(
    person: Person, png: bytes
) -> None:
    untouched = last_picture(person)
    keep(person, png)
    assert person.texts == ["Start", "Photo waves.png"]
    assert person.session.snapshot().incoming is None
    assert photo(person).size_hw == (240, 300)
    assert np.array_equal(person.of(OriginalReady)[-1].pixels, photo(person).square(128))
    kept = last_picture(person)
    apart = np.abs(kept.astype(int) - photo(person).square(128)).mean()
    assert apart < np.abs(untouched.astype(int) - photo(person).square(128)).mean()
    person.session.undo()
    person.settle()
    assert np.array_equal(last_picture(person), untouched)
    assert person.document.photo is None
    person.session.redo()
    person.settle()
    assert np.array_equal(last_picture(person), kept)
    # the model itself is as it was
    person.session.set_start(3)
    person.settle()
    assert person.document.photo is None
    drawn = last_picture(person)
    person.session.go_to(0)
    person.settle()
    person.session.set_start(3)
    person.settle()
    assert np.array_equal(last_picture(person), drawn)


def test_it_is_dragged_and_pasted_back(person: Person, png: bytes, pixels: RgbArray) -> None:
    keep(person, png)
    kept = last_picture(person)
    person.point((60, 60), (68, 60))
    person.drag()
    assert not np.array_equal(last_picture(person), kept)
    found = decoded(person.session.photograph().encoded("png"))
    assert found.shape == pixels.shape
    changed = np.argwhere((found != pixels).any(axis=2))[:, ::-1]
    assert len(changed)
    inside = SQUARE.to_photo(128).inverse().apply(changed.astype(float))
    assert inside.min() > -1
    assert inside.max() < 128
    # a mask limits what is pasted, too
    mask = np.zeros((128, 128), np.uint8)
    mask[:64] = 255
    person.session.set_mask(mask)
    person.settle()
    upper = decoded(person.session.photograph().encoded("png"))
    changed = np.argwhere((upper != pixels).any(axis=2))[:, ::-1]
    assert len(changed)
    assert SQUARE.to_photo(128).inverse().apply(changed.astype(float))[:, 1].max() < 64


def test_without_a_drag_the_photograph_is_itself(
    person: Person, png: bytes, pixels: RgbArray
) -> None:
    keep(person, png)
    export = person.session.photograph()
    assert export.name == "waves"
    assert np.array_equal(decoded(export.encoded("png")), pixels)
    marked = decoded(export.encoded("png", mark=True))
    assert marked.shape == pixels.shape
    assert not np.array_equal(marked, pixels)
    assert decoded(export.encoded("jpg")).shape == pixels.shape


def test_a_photograph_that_an_encoder_refuses_is_said() -> None:
    wide = Photo(pixels=np.zeros((64, 17_000, 3), np.uint8))  # WebP has at most 16383 px
    export = PhotoExport(name="wide", photo=wide)
    with pytest.raises(SessionError, match="could not be written") as caught:
        export.encoded("webp")
    assert caught.value.code == "not-exported"
    assert decoded(export.encoded("png")).shape == wide.pixels.shape


def test_a_photograph_of_nothing_cannot_be_exported(person: Person) -> None:
    with pytest.raises(SessionError) as caught:
        person.session.photograph()
    assert caught.value.code == "no-photo"


def test_a_live_drag_of_a_photograph(person: Person, png: bytes) -> None:
    keep(person, png)
    kept = last_picture(person)
    person.session.grab((60, 60))
    person.session.move((66, 60))
    person.session.release()
    person.settle()
    assert person.texts[-1] == "Live drag"
    assert person.document.photo is not None
    assert not np.array_equal(last_picture(person), kept)


def test_stopped_it_waits_and_goes_on(person: Person, png: bytes) -> None:
    begin(person, png)
    person.session.stop()
    person.settle()
    now = incoming(person)
    assert (now.stage, now.finished) == ("ready", False)
    assert now.edit is not None
    assert now.edit.quality is not None
    reached = steps(person, "invert")[-1].step
    person.events.clear()
    person.session.more_photo()
    until(lambda: len(steps(person, "invert")) > 3)
    person.session.stop()
    person.settle()
    assert steps(person, "invert")[0].step >= reached
    person.session.keep_photo()
    person.settle()
    assert person.texts[-1] == "Photo waves.png"


def test_another_command_stops_it_but_drops_nothing(person: Person, png: bytes) -> None:
    begin(person, png)
    person.point((20, 20), (30, 20))
    person.settle()
    assert incoming(person).stage == "ready"
    assert person.texts == ["Start", "Add a point"]


@pytest.mark.parametrize("at", ["choose", "invert", "ready"])
def test_cancelled_nothing_is_left_of_it(person: Person, png: bytes, at: str) -> None:
    if at == "choose":
        person.session.open_photo(png, "waves.png")
    else:
        begin(person, png)
        if at == "ready":
            person.session.stop()
    if at != "invert":
        person.settle()
    person.session.cancel_photo()
    person.settle()
    assert person.session.snapshot().incoming is None
    assert person.texts == ["Start"]
    with pytest.raises(SessionError, match="Drop a photograph"):
        person.session.keep_photo()


def test_another_square_can_be_chosen(person: Person, png: bytes) -> None:
    begin(person, png)
    person.session.choose_photo()
    person.settle()
    assert incoming(person).stage == "choose"
    assert incoming(person).chosen == SQUARE
    other = manual_crop((100.0, 100.0), side_px=90.0)
    person.session.begin_photo(square=other)
    until(lambda: incoming(person).chosen == other and incoming(person).stage == "invert")
    person.session.keep_photo()
    person.settle()
    assert photo(person).edit.alignment == other


def test_another_photograph_takes_its_place(person: Person, png: bytes) -> None:
    begin(person, png)
    person.session.open_photo(png, "second.png")
    person.settle()
    assert (incoming(person).stage, incoming(person).source.name) == ("choose", "second.png")


def test_what_cannot_be_done_is_refused(person: Person, png: bytes, sit: Sit) -> None:
    session = person.session
    with pytest.raises(SessionError, match="cannot be read as a picture") as caught:
        session.open_photo(b"hello", "a.jpg")
    assert caught.value.code == "bad-photo"
    for command in (session.begin_photo, session.more_photo, session.choose_photo):
        with pytest.raises(SessionError) as caught:
            command()
        assert caught.value.code == "no-photo"
    session.open_photo(png, "waves.png")
    person.settle()
    with pytest.raises(SessionError, match="no face 3: 0 were found"):
        session.begin_photo(face=2)
    session.keep_photo()
    session.begin_photo(square=manual_crop((900.0, 900.0), side_px=50.0))
    person.settle()
    told = [one.text for one in person.of(Reported)]
    assert any("Nothing of the photograph" in text for text in told)
    assert any("outside the photograph" in text for text in told)
    assert incoming(person).stage == "choose"
    assert person.texts == ["Start"]


def test_a_model_that_takes_no_photographs_says_so(png: bytes, sit: Sit) -> None:
    person = sit("toy")
    with pytest.raises(SessionError, match="cannot take photographs"):
        person.session.open_photo(png, "waves.png")


def test_a_project_brings_it_back_to_the_bit(person: Person, png: bytes, sit: Sit) -> None:
    keep(person, png)
    person.point((60, 60), (66, 60))
    person.drag()
    seen, pasted = last_picture(person), person.session.photograph().photo.pixels
    project = person.session.project_bytes()
    again = sit(None, photos=FEW_STEPS)
    again.session.open_project(project)
    again.settle()
    assert np.array_equal(last_picture(again), seen)
    assert np.array_equal(again.session.photograph().photo.pixels, pasted)
    assert again.texts == person.texts
    assert len(project) < 2 * len(photo(person).archived.tensors) + 3_000_000


def test_photographs_of_several_entries_are_all_saved(person: Person, png: bytes, sit: Sit) -> None:
    keep(person, png)
    first = last_picture(person)
    begin(person, png, square=manual_crop((100.0, 100.0), side_px=80.0))
    person.session.keep_photo()
    person.settle()
    second = last_picture(person)
    assert not np.array_equal(first, second)
    again = sit(None, photos=FEW_STEPS)
    again.session.open_project(person.session.project_bytes())
    again.settle()
    assert np.array_equal(last_picture(again), second)
    again.session.undo()
    again.settle()
    assert np.array_equal(last_picture(again), first)


def test_saved_as_it_goes_it_survives(
    sit: Sit, small_model: str, png: bytes, tmp_path: Path
) -> None:
    person = sit(small_model, photos=FEW_STEPS, autosave=tmp_path / "saved.tugan")
    keep(person, png)
    seen = last_picture(person)
    person.session.close()
    again = sit(None, photos=FEW_STEPS)
    again.session.open_project(tmp_path / "saved.tugan")
    again.settle()
    assert np.array_equal(last_picture(again), seen)


@pytest.mark.parametrize("in_memory", [True, False])
def test_what_the_command_line_left_half_way_goes_on_here(
    person: Person, png: bytes, sit: Sit, tmp_path: Path, in_memory: bool
) -> None:
    begin(person, png)
    person.session.stop()
    person.settle()
    edit = incoming(person).edit
    assert edit is not None
    path = tmp_path / "me.tugan"
    save_photo_edit(path, edit)
    again = sit(None, photos=FEW_STEPS)
    again.session.open_project(path.read_bytes() if in_memory else path)
    again.settle()
    now = incoming(again)
    assert (now.stage, now.finished, now.source.name) == ("ready", False, "waves.png")
    assert len(again.of(PhotoShown)) == len(again.of(TargetShown)) == 1
    again.session.more_photo()
    until(lambda: len(steps(again, "invert")) > 1)
    again.session.keep_photo()
    again.settle()
    assert again.texts[-1] == "Photo waves.png"


def test_a_name_alone_is_never_followed(person: Person, png: bytes, tmp_path: Path) -> None:
    keep(person, png)
    (tmp_path / "waves.png").write_bytes(png)
    here = photo(person)
    source = replace(here.edit.source, content=None, name=str(tmp_path / "waves.png"))
    document = replace(person.document, photo=DocumentPhoto(edit=replace(here.edit, source=source)))
    person.session.open_project(history_bytes(History.begun(document, text="Start")))
    person.settle()
    assert photo(person).size_hw == (0, 0)
    person.point((60, 60), (66, 60))
    person.drag()
    with pytest.raises(SessionError) as caught:
        person.session.photograph()
    assert caught.value.code == "photo-gone"


def test_old_photographs_go_before_memory_does(sit: Sit, small_model: str, png: bytes) -> None:
    person = sit(small_model, photos=FEW_STEPS)
    keep(person, png)
    one = photo(person).nbytes
    limits = SessionLimits(photos_bytes=int(1.5 * one))
    person = sit(small_model, limits=limits, photos=FEW_STEPS)
    keep(person, png)
    begin(person, png, square=manual_crop((100.0, 100.0), side_px=80.0))
    until(lambda: len(steps(person, "tune")) > 1)
    person.session.keep_photo()
    person.settle()
    kept = {id(entry) for entry in person.session.snapshot().entries}
    assert len(kept) == 1
    assert photo(person).edit.alignment.side_px == pytest.approx(80.0)


def test_after_a_reconnect_all_its_pictures_come_again(person: Person, png: bytes) -> None:
    begin(person, png)
    person.session.stop()
    person.settle()
    person.events.clear()
    person.session.request_pictures()
    person.settle()
    for kind in (PhotoShown, TargetShown, PhotoStepShown, PictureReady):
        assert len(person.of(kind)) == 1
    # and of one that was kept, to compare with
    person.session.keep_photo()
    person.settle()
    person.events.clear()
    person.session.request_pictures()
    person.settle()
    assert person.of(PhotoShown)[0].pixels.shape == (240, 300, 3)
    assert not person.of(TargetShown)


def test_two_sessions_share_the_model_but_not_the_tuning(
    person: Person, png: bytes, sit: Sit, small_model: str
) -> None:
    other = sit(small_model)
    before = last_picture(other)
    keep(person, png)
    other.session.set_start(5)
    other.session.undo()
    other.settle()
    assert np.array_equal(last_picture(other), before)


def test_the_one_face_of_a_portrait_is_brought_in_at_once(sit: Sit) -> None:
    person = sit("faces-1024")
    face = Image.fromarray(last_picture(person)).resize((400, 400))
    portrait = Image.new("RGB", (700, 560), (90, 120, 150))
    portrait.paste(face, (150, 80))
    target = io.BytesIO()
    portrait.save(target, "JPEG", quality=95)
    person.session.open_photo(target.getvalue(), "me.jpg")
    until(lambda: len(steps(person, "invert")) > 1)
    person.session.stop()
    person.settle()
    now = incoming(person)
    assert len(now.faces) == 1
    assert now.chosen == now.faces[0]
    assert now.chosen.centre_xy == pytest.approx((350, 280), abs=40)
    assert now.warning == ""


def test_one_that_is_still_being_brought_in_survives_a_crash(
    sit: Sit, small_model: str, png: bytes, tmp_path: Path
) -> None:
    person = sit(small_model, photos=FEW_STEPS, autosave=tmp_path / "saved.tugan")
    begin(person, png)
    person.session.stop()
    person.settle()
    edit = incoming(person).edit
    assert edit is not None
    person.session.finish_saving()
    again = sit(None, photos=FEW_STEPS)
    again.session.open_project(tmp_path / "saved.tugan")
    again.settle()
    now = incoming(again)
    assert now.stage == "ready"
    assert now.edit is not None
    assert now.edit.ws.equal(edit.ws)
    assert again.texts == ["Start"]
    again.session.more_photo()
    until(lambda: bool(steps(again, "tune")))
    again.session.keep_photo()
    again.settle()
    assert again.texts == ["Start", "Photo waves.png"]
    # once it is dropped, it is gone from the file too
    person.session.cancel_photo()
    person.settle()
    person.session.finish_saving()
    third = sit(None)
    third.session.open_project(tmp_path / "saved.tugan")
    third.settle()
    assert third.session.snapshot().incoming is None


def test_a_project_saved_meanwhile_has_it(person: Person, png: bytes, sit: Sit) -> None:
    begin(person, png)
    person.session.stop()
    person.settle()
    again = sit(None, photos=FEW_STEPS)
    again.session.open_project(person.session.project_bytes())
    again.settle()
    assert incoming(again).source.name == "waves.png"
