import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cli.program import Ran, Tugan
from render.carriers import CARRIERS, traces_in
from tugan.inversion.photo_edit_file import load_photo_edit
from tugan.inversion.portrait import PhotoStep, invert_photo
from tugan.render.photo_place import PLACE_REMARK

needs_dlib = pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None, reason="needs the extra 'faces'"
)
CROP = ("--crop", "100,90,120")


@pytest.fixture
def photo(here: Path) -> Path:
    """200 x 180 px, faceless."""
    pixels = np.random.default_rng(0).integers(0, 255, (180, 200, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(here / "photo.png")
    return here / "photo.png"


@pytest.fixture
def invert(tugan: Tugan, model: Path) -> Tugan:
    """``tugan invert`` on a small model, two steps a stage."""

    def run(*arguments: str | Path) -> Ran:
        return tugan("invert", *arguments, "--model", model, "--steps", "2")

    return run


def test_a_place_chosen_by_hand(invert: Tugan, photo: Path, here: Path) -> None:
    ran = invert(photo, *CROP, "-o", "me.tugan", "--picture", "me.png", "--json")
    assert ran.code == 0
    said = ran.json()
    assert said["stage"] == "done"
    assert said["grade"] in ("good", "usable", "poor")
    assert said["written"] == ["me.tugan", "me.png"]
    assert np.array(said["quad"])[0] == pytest.approx((40, 30))
    with Image.open(here / "me.png") as drawn:
        assert drawn.size == (128, 128)
    edit = load_photo_edit(here / "me.tugan")
    assert edit.delta is not None
    assert edit.source.content == photo.read_bytes()


def test_no_place_of_the_photograph_is_in_what_is_written(invert: Tugan, here: Path) -> None:
    (here / "me.jpg").write_bytes(CARRIERS["jpeg something behind"]())
    (here / "me.tif").write_bytes(CARRIERS["tiff image resources"]())
    for name in ("me.jpg", "me.tif"):
        assert traces_in(here / name)
        crop = ("--crop", "32,24,40", "--no-tune")
        ran = invert(here / name, *crop, "-o", "a.tugan", "--picture", "a.png", "--json")
        assert ran.code == 0
        assert PLACE_REMARK in ran.json()["warnings"]
        assert traces_in(here / "a.tugan") == traces_in(here / "a.png") == []
        assert str(here).encode() not in (here / "a.tugan").read_bytes()


def test_for_people_it_is_a_sentence(invert: Tugan, photo: Path) -> None:
    ran = invert(photo, *CROP, "--no-tune", "--space", "w")
    assert ran.code == 0
    assert "dB in the face" in ran.out
    assert "photo.tugan" in ran.out


def test_what_was_written_can_be_given_again(invert: Tugan, photo: Path, here: Path) -> None:
    assert invert(photo, *CROP, "-o", "me.tugan").code == 0
    ran = invert(here / "me.tugan", "-o", "again.tugan", "--json")
    assert ran.code == 0
    assert ran.json()["stage_seconds"] == {}
    assert invert(here / "me.tugan", "--crop", "1,2,30").code == 2


@needs_dlib
def test_no_face_is_said_and_what_to_do(invert: Tugan, photo: Path, here: Path) -> None:
    ran = invert(photo)
    assert ran.code == 2
    assert "No face was found" in ran.err
    assert "--crop x,y,side" in ran.err
    assert not (here / "photo.tugan").exists()


@needs_dlib
def test_of_several_faces_one_is_chosen(tugan: Tugan, invert: Tugan, here: Path) -> None:
    two = Image.new("RGB", (900, 420), "grey")
    for seed, size, left in (("0", 400, 10), ("3", 300, 500)):
        drawn = tugan("generate", "--seed", seed, "-o", "face.png")
        assert drawn.code == 0
        with Image.open(here / "face.png") as face:
            two.paste(face.resize((size, size)), (left, 10))
    two.save(here / "two.png")
    ran = invert("two.png", "--json")
    assert ran.code == 0
    (warning,) = ran.json()["warnings"]
    assert "2 faces were found" in warning
    first = np.array(ran.json()["quad"]).mean(axis=0)
    second = np.array(invert("two.png", "--face", "2", "--json").json()["quad"]).mean(axis=0)
    assert first[0] < 450 < second[0]
    ran = invert("two.png", "--face", "3")
    assert ran.code == 2
    assert "2 faces were found: choose 1 to 2" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.png",), "there is no photograph"),
        (("text.png",), "cannot be read as a picture"),
        (("tiny.png",), "at least 32 px"),
        (("photo.png", "--crop", "1,2"), "expected x,y,side"),
        (("photo.png", "--crop", "a,b,c"), "expected x,y,side"),
        (("photo.png", "--crop", "900,900,50"), "outside the photograph"),
        (("photo.png", "--crop", "90,90,2"), "at least 16 px"),
        (("photo.png", "--crop", "90,90,nan"), "at least 16 px"),
        (("photo.png", *CROP, "--space", "z"), "expected w or w+"),
        (("photo.png", *CROP, "-o", "."), "it is a folder"),
        (("photo.png", *CROP, "--picture", "me.xyz"), ".png"),
        (("none.tugan",), "there is no file"),
        (("text.tugan",), "not an inverted photograph"),
    ],
)
def test_bad_input_is_one_sentence(
    invert: Tugan, photo: Path, here: Path, arguments: tuple[str, ...], said: str
) -> None:
    (here / "text.png").write_text("hello")
    (here / "text.tugan").write_text("hello")
    Image.new("RGB", (20, 20)).save(here / "tiny.png")
    ran = invert(*arguments)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not (here / "photo.tugan").exists()


def test_another_model_is_refused_with_both_names(tugan: Tugan, invert: Tugan, photo: Path) -> None:
    assert invert(photo, *CROP, "-o", "me.tugan").code == 0
    ran = tugan("invert", "me.tugan", "--model", "faces-1024")
    assert ran.code == 2
    assert "nvidia-stylegan2-128" in ran.err
    assert "faces-1024" in ran.err


def test_an_animation_is_said(invert: Tugan, here: Path) -> None:
    frames = [Image.effect_noise((100, 100), 50).convert("RGB") for _ in range(2)]
    frames[0].save(here / "a.gif", save_all=True, append_images=frames[1:])
    ran = invert("a.gif", "--crop", "50,50,80")
    assert ran.code == 0
    assert "the first one is taken" in ran.err


def test_ctrl_c_keeps_what_there_is_and_it_goes_on(
    invert: Tugan, photo: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any, **options: Any) -> Iterator[PhotoStep]:  # noqa: ANN401
        steps = invert_photo(*arguments, **options)
        yield next(steps)
        yield next(steps)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tugan.cli.invert_run.invert_photo", interrupted)
        ran = invert(photo, *CROP, "-o", "half.tugan", "--json")
    assert ran.code == 130
    assert ran.json()["stage"] == "invert"
    assert "give the project to tugan invert again" in ran.json()["sentence"]
    edit = load_photo_edit(here / "half.tugan")
    assert edit.inversion_state is not None
    assert edit.inversion_state.adam.steps == 1
    ran = invert("half.tugan", "-o", "half.tugan", "--json")
    assert ran.code == 0
    assert ran.json()["stage"] == "done"
