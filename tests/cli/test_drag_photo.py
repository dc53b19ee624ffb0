"""Dragging photographs: in one go, after ``tugan invert``, and again from a project."""

import hashlib
import importlib.util
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cli.photographs import ARTIST, CROP, POINT, SIZE, pixels_of
from cli.program import Ran, Tugan
from tugan.core.images import RgbArray, to_rgb_array
from tugan.dragging.solve import drag as dragged
from tugan.dragging.step import DragStep
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize
from tugan.inversion.photo_edit import PhotoSource
from tugan.inversion.photo_edit_file import load_photo_edit, save_photo_edit
from tugan.inversion.portrait import PhotoStep, invert_photo
from tugan.render.edit_mark import marked_xmp
from tugan.render.photo_without_place import without_place
from tugan.session.project_file import load_project, read_history

needs_dlib = pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None, reason="needs the extra 'faces'"
)
QUICK = ("--steps", "3")


@pytest.fixture
def drag_photo(drag: Tugan, photo: Path) -> Tugan:
    """``tugan drag --image`` of it, two steps a stage."""

    def run(*arguments: str | Path) -> Ran:
        return drag("--image", photo, *CROP, "--invert-steps", "2", *arguments)

    return run


def assert_only_the_crop_changed(path: Path, content: RgbArray) -> None:
    changed = (pixels_of(path) != content).any(axis=2)
    assert changed[64:184, 84:204].any()
    changed[60:188, 80:208] = False
    assert not changed.any()


def test_in_one_go(drag_photo: Tugan, here: Path, content: RgbArray) -> None:
    ran = drag_photo(*POINT, "-o", "out.png", "--json")
    assert ran.code == 0
    assert_only_the_crop_changed(here / "out.png", content)
    said = ran.json()
    assert said["stage"] == "done"
    assert said["quality"]["grade"] in ("good", "usable", "poor")
    assert said["written"] == ["out.png"]
    (point,) = said["points"]
    assert (point["start"], point["goal"]) == ([130, 110], [150, 130])
    assert 80 < point["final"][0] < 208
    assert any("location" in warning for warning in said["warnings"])


def test_metadata_is_kept_but_for_the_place_and_the_edit_is_marked(
    drag_inverted: Tugan, here: Path
) -> None:
    assert drag_inverted(*POINT, "-o", "out.jpg").code == 0
    with Image.open(here / "out.jpg") as opened:
        assert opened.size == SIZE
        assert opened.getexif()[ARTIST] == "Somebody"
        assert 0x8825 not in opened.getexif()
        assert opened.info["xmp"] == marked_xmp()


def test_without_a_step_the_photograph_comes_back_to_the_bit(
    drag_inverted: Tugan, here: Path, content: RgbArray
) -> None:
    assert drag_inverted(*POINT, "--steps", "0", "-o", "out.png").code == 0
    assert (pixels_of(here / "out.png") == content).all()


def test_points_are_of_the_photograph_when_the_crop_is_turned_and_scaled(
    drag: Tugan, photo: Path
) -> None:
    turned = ("--image", photo, "--crop", "150,130,200,30", "--no-tune", "--invert-steps", "1")
    ran = drag(*turned, *POINT, "--steps", "0", "-o", "out.png", "--json")
    (point,) = ran.json()["points"]
    assert point["start"] == pytest.approx([130, 110], abs=0.02)
    assert point["final"] == point["start"]
    assert point["distance"] == pytest.approx(np.hypot(20, 20), abs=0.02)
    assert ran.json()["asked_px"] == ran.json()["left_px"] == point["distance"]
    assert ran.json()["sentence"] == "No step was asked for: the start, with 28 px to go."


def test_cautions_name_places_of_the_photograph(drag_inverted: Tugan, here: Path) -> None:
    Image.new("L", SIZE, 255).save(here / "all.png")
    ran = drag_inverted(*POINT, "--keep-mask", "all.png", "--steps", "1")
    assert "the handle at (130, 110): it will hardly move" in ran.err


def test_an_overlay_is_drawn_on_the_photograph_and_animated_on_the_crop(
    drag_inverted: Tugan, here: Path
) -> None:
    ran = drag_inverted(*POINT, "--overlay", "--video", "a.gif", "-o", "out.png")
    assert ran.code == 0
    assert pixels_of(here / "out.png").shape == (SIZE[1], SIZE[0], 3)
    assert pixels_of(here / "a.gif").shape == (128, 128, 3)


def test_what_was_inverted_is_not_inverted_again(
    drag_photo: Tugan, drag_inverted: Tugan, here: Path, content: RgbArray
) -> None:
    ran = drag_inverted(*POINT, "-o", "out.png", "--json")
    assert ran.code == 0
    assert ran.json()["invert_seconds"] == 0
    assert_only_the_crop_changed(here / "out.png", content)
    assert drag_photo(*POINT, "-o", "at-once.png").code == 0
    assert (pixels_of(here / "at-once.png") == pixels_of(here / "out.png")).all()


def test_a_stopped_inversion_is_refused_with_what_to_do(
    drag: Tugan, inverted: Path, here: Path
) -> None:
    save_photo_edit(here / "half.tugan", replace(load_photo_edit(inverted), stage="tune"))
    ran = drag("--project", "half.tugan", *POINT)
    assert ran.code == 2
    assert "go on with tugan invert half.tugan -o half.tugan" in ran.err


def test_a_saved_drag_of_a_photograph_repeats_to_the_bit(
    tugan: Tugan, drag_inverted: Tugan, inverted: Path, here: Path
) -> None:
    assert drag_inverted(*POINT, "-o", "a.png", "--save-project", "a.tugan").code == 0
    inverted.unlink()
    ran = tugan("drag", "--project", "a.tugan", "-o", "b.png", "--save-project", "b.tugan")
    assert ran.code == 0
    assert (here / "b.png").read_bytes() == (here / "a.png").read_bytes()
    assert (here / "b.tugan").read_bytes() == (here / "a.tugan").read_bytes()


def test_points_go_on_from_where_it_ended(
    tugan: Tugan, drag_inverted: Tugan, here: Path, content: RgbArray
) -> None:
    assert drag_inverted(*POINT, "-o", "a.png", "--save-project", "a.tugan").code == 0
    more = ("drag", "--project", "a.tugan", "--point", "150,100:140,100")
    assert tugan(*more, "--steps", "0", "-o", "b.png").code == 0
    assert (pixels_of(here / "b.png") == pixels_of(here / "a.png")).all()
    assert tugan(*more, *QUICK, "-o", "c.png").code == 0
    assert (pixels_of(here / "c.png") != pixels_of(here / "a.png")).any()
    assert_only_the_crop_changed(here / "c.png", content)


def test_a_project_keeps_the_photograph_and_the_models_own_fingerprint(
    drag_inverted: Tugan, photo: Path, here: Path
) -> None:
    assert drag_inverted(*POINT, "--save-project", "a.tugan").code == 0
    project = load_project(here / "a.tugan")
    assert project.photo is not None
    assert project.photo.delta is not None
    kept = without_place(photo.read_bytes())
    assert project.photo.source.content == kept
    assert project.photo.source.sha256 == hashlib.sha256(photo.read_bytes()).hexdigest()
    assert project.header.model.fingerprint == project.photo.fingerprint
    with zipfile.ZipFile(here / "a.tugan") as opened:
        assert opened.read("photo/original") == kept
    history = read_history(here / "a.tugan")  # what the studio opens
    assert history.document.photo is not None


def test_another_model_is_refused_with_both_names(
    tugan: Tugan, inverted: Path, oracle_dir: Path
) -> None:
    ran = tugan("drag", "--project", inverted, *POINT, "--model", "faces-1024")
    assert ran.code == 2
    assert "nvidia-stylegan2-128" in ran.err
    assert "faces-1024" in ran.err
    ran = tugan("drag", "--project", inverted, *POINT)
    assert ran.code == 2
    assert "made with the model nvidia-stylegan2-128" in ran.err
    assert "give its file with --model" in ran.err


def test_a_photograph_that_is_gone_is_said(
    drag: Tugan, inverted: Path, photo: Path, here: Path
) -> None:
    edit = load_photo_edit(inverted)
    named = PhotoSource.of(photo.read_bytes(), name=str(photo), keep=False)
    save_photo_edit(here / "named.tugan", replace(edit, source=named))
    assert drag("--project", "named.tugan", *POINT, "--steps", "0").code == 0
    (here / "elsewhere").mkdir()
    moved = photo.rename(here / "elsewhere" / "other.png")
    ran = drag("--project", "named.tugan", *POINT)
    assert ran.code == 2
    assert "give it with --image" in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    again = ("--project", "named.tugan", *POINT, "--steps", "0", "--image")
    assert drag(*again, moved).code == 0
    Image.new("RGB", SIZE).save(here / "another.png")
    ran = drag(*again, "another.png")
    assert ran.code == 2
    assert "not the one that was inverted" in ran.err


def test_a_strangers_project_does_not_open_the_photograph_that_it_names(
    drag: Tugan, inverted: Path, photo: Path, here: Path
) -> None:
    secret = here / "private" / "secret.png"
    secret.parent.mkdir()
    photo.rename(secret)
    inner = here / "inner"
    inner.mkdir()
    for name in (str(secret), "../private/secret.png"):
        named = PhotoSource.of(secret.read_bytes(), name=name, keep=False)
        edit = replace(load_photo_edit(inverted), source=named)
        save_photo_edit(inner / "named.tugan", edit)
        ran = drag("--project", inner / "named.tugan", *POINT)
        assert ran.code == 2
        assert "only its name is in the project" in ran.err
        assert not (here / "tugan.png").exists()


def test_a_photograph_that_is_in_the_project_is_not_given_twice(
    drag: Tugan, inverted: Path, photo: Path
) -> None:
    ran = drag("--project", inverted, "--image", photo, *POINT)
    assert ran.code == 2
    assert "--project cannot be used with --image" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seed", "1"), "--seed cannot be used with --image"),
        (("--psi", "1", "--label", "1"), "--psi and --label cannot be used with --image"),
        (("--noise", "none"), "--noise cannot be used with --image"),
        (("--project", "me.tugan"), "there is no project file me.tugan"),
        (("--crop", "1,2"), "expected x,y,side"),
        (("--crop", "900,900,90"), "outside the photograph"),
        (("--point", "10,10:140,120"), "the handle (10, 10) is outside the square"),
        (("--point", "140,120:299,120"), "the goal (299, 120) is outside the square"),
        (("--point", "140,120:300,120"), "outside the photograph: x goes from 0 to 299"),
        (("--point", "140,120:140,120"), "the handle (140, 120) is already at its goal"),
        (("--mask", "none.png"), "there is no mask file"),
        (("-o", "out.tiff"), ".png, .jpg"),
        (("-o", "photo.png"), "would be written over"),
        (("--image", "none.png"), "there is no photograph"),
        (("--image", "text.jpg"), "cannot be read as a picture"),
        (("--image", "me.tugan"), "give it as --project"),
    ],
)
def test_bad_input_is_one_sentence_before_the_long_work(
    drag_photo: Tugan,
    here: Path,
    arguments: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*arguments: Any, **options: Any) -> Iterator[PhotoStep]:  # noqa: ANN401
        raise AssertionError("it was inverted")

    monkeypatch.setattr("tugan.cli.drag_photo_plan.invert_photo", never)
    (here / "text.jpg").write_text("hello")
    ran = drag_photo(*POINT, *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not (here / "tugan.png").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--face", "1"), CROP, ("--no-tune",), ("--invert-steps", "2"), ("--invert-seconds", "2")],
)
def test_options_of_photographs_need_one(drag: Tugan, arguments: tuple[str, ...]) -> None:
    ran = drag(*POINT, *arguments)
    assert ran.code == 2
    assert "is for photographs: give one with --image" in ran.err


def test_a_photograph_without_points_is_not_inverted(drag_photo: Tugan) -> None:
    ran = drag_photo()
    assert ran.code == 2
    assert "there are no points" in ran.err


@needs_dlib
def test_no_face_is_said_and_what_to_do(drag: Tugan, photo: Path) -> None:
    ran = drag("--image", photo, *POINT)
    assert ran.code == 2
    assert "No face was found" in ran.err
    assert "--crop x,y,side" in ran.err


def test_ctrl_c_while_inverting_keeps_what_goes_on(
    tugan: Tugan,
    drag: Tugan,
    drag_photo: Tugan,
    model: Path,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*arguments: Any, **options: Any) -> Iterator[PhotoStep]:  # noqa: ANN401
        yield next(invert_photo(*arguments, **options))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tugan.cli.drag_photo_plan.invert_photo", interrupted)
        ran = drag_photo(*POINT, "-o", "out.png")
        assert ran.code == 130
        assert "nothing is written" in ran.out
        ran = drag_photo(*POINT, "-o", "out.png", "--save-project", "a.tugan", "--json")
    assert ran.code == 130
    assert ran.json()["stage"] == "invert"
    assert ran.json()["written"] == ["a.tugan"]
    assert not (here / "out.png").exists()
    assert drag("--project", "a.tugan", *POINT).code == 2
    assert tugan("invert", "a.tugan", "-o", "a.tugan", "--model", model).code == 0
    assert drag("--project", "a.tugan", *POINT, "-o", "out.png").code == 0


def test_ctrl_c_while_dragging_keeps_the_last_picture(
    drag_inverted: Tugan, here: Path, content: RgbArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any, **options: Any) -> Iterator[DragStep]:  # noqa: ANN401
        steps = dragged(*arguments, **options)
        yield from (next(steps) for _ in range(3))
        raise KeyboardInterrupt

    monkeypatch.setattr("tugan.cli.drag_run.drag", interrupted)
    ran = drag_inverted(*POINT, "-o", "out.png", "--json")
    assert ran.code == 130
    assert ran.json()["outcome"] == "cancelled"
    assert_only_the_crop_changed(here / "out.png", content)


@needs_dlib
def test_a_face_in_a_photograph(tugan: Tugan, faces: PretrainedGenerator, here: Path) -> None:
    with torch.no_grad():
        ws = faces.map(sample_z(0, z_dim=faces.info.z_dim), psi=0.7)
    face = Image.fromarray(to_rgb_array(synthesize(faces, ws))).resize((400, 400))
    whole = Image.effect_noise((700, 520), 20).convert("RGB")
    whole.paste(face, (150, 60))
    whole.save(here / "photo.png")
    # the nose's tip
    point = ("--point", "350,270:365,270")
    brief = ("--no-tune", "--invert-steps", "12", "--steps", "4")
    ran = tugan("drag", "--image", "photo.png", *point, *brief, "-o", "out.png", "--json")
    assert ran.code == 0
    said = ran.json()
    assert said["quality"]["identity_distance"] is not None
    assert said["points"][0]["final"][0] > 352
    changed = (pixels_of(here / "out.png") != np.asarray(whole)).any(axis=2)
    assert changed[200:300, 300:400].any()
    changed[60:460, 150:550] = False
    assert not changed.any()
