"""No result is written over what it is made from."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from cli.photographs import CROP, POINT
from cli.program import Tugan

TOY_POINT = ("--point", "60,60:70,60")
OVER = "would be written over"


@pytest.fixture
def points(here: Path) -> Path:
    (here / "points.png").write_text(json.dumps([{"start": [60, 60], "goal": [70, 60]}]))
    return here / "points.png"


@pytest.mark.parametrize("option", ["--mask", "--keep-mask"])
@pytest.mark.parametrize("output", ["--out", "--save-project"])
def test_a_mask_is_not_written_over(
    drag: Tugan, half_mask: Path, here: Path, option: str, output: str
) -> None:
    before = half_mask.read_bytes()
    (here / "link.png").symlink_to(half_mask)
    for name in ("left.png", "./left.png", str(half_mask), "link.png"):
        ran = drag(*TOY_POINT, option, half_mask, output, name)
        assert ran.code == 2
        assert OVER in ran.err
        assert option in ran.err
    assert half_mask.read_bytes() == before


def test_points_are_not_written_over(drag: Tugan, points: Path) -> None:
    before = points.read_bytes()
    ran = drag("--points", points, "-o", points)
    assert (ran.code, OVER in ran.err) == (2, True)
    assert points.read_bytes() == before


def test_an_animation_is_not_written_over_a_mask(drag: Tugan, half_mask: Path, here: Path) -> None:
    shutil.copy(half_mask, here / "mask.gif")
    ran = drag(*TOY_POINT, "--mask", "mask.gif", "--video", "mask.gif")
    assert (ran.code, OVER in ran.err) == (2, True)


def test_a_project_becomes_no_picture_but_may_go_on_in_place(drag: Tugan, here: Path) -> None:
    assert drag(*TOY_POINT, "-o", "a.png", "--save-project", "project.png").code == 0
    before = (here / "project.png").read_bytes()
    ran = drag("--project", "project.png", "-o", "project.png")
    assert (ran.code, OVER in ran.err) == (2, True)
    assert (here / "project.png").read_bytes() == before
    again = ("--project", "project.png", "-o", "a.png", "--save-project", "project.png")
    assert drag(*again).code == 0


def test_a_model_is_not_written_over(tugan: Tugan, model: Path, here: Path) -> None:
    shutil.copy(model, here / "m.png")
    before = (here / "m.png").read_bytes()
    asked = ("--model", "m.png")
    for ran in (
        tugan("generate", *asked, "-o", "m.png"),
        tugan("drag", *asked, *TOY_POINT, "--steps", "1", "--save-project", "./m.png"),
    ):
        assert (ran.code, OVER in ran.err) == (2, True)
    assert (here / "m.png").read_bytes() == before


def test_the_model_of_a_project_is_not_written_over(tugan: Tugan, model: Path, here: Path) -> None:
    shutil.copy(model, here / "m.pkl")
    asked = ("drag", "--model", "m.pkl", *TOY_POINT, "--steps", "1", "-o", "a.png")
    assert tugan(*asked, "--save-project", "a.tugan").code == 0
    ran = tugan("drag", "--project", "a.tugan", "-o", "a.png", "--save-project", "m.pkl")
    assert (ran.code, OVER in ran.err) == (2, True)


def test_a_photograph_is_not_written_over(
    tugan: Tugan, drag_inverted: Tugan, photo: Path, model: Path
) -> None:
    before = photo.read_bytes()
    inverting = ("invert", photo, "--model", model, *CROP, "--steps", "1", "--no-tune")
    for ran in (
        tugan(*inverting, "-o", "./photo.png"),
        tugan(*inverting, "-o", "me.tugan", "--picture", "photo.png"),
        tugan(*inverting, "-o", "p.png", "--picture", "p.png"),
        drag_inverted(*POINT, "-o", "photo.png"),
        drag_inverted(*POINT, "-o", "a.png", "--save-project", "photo.png"),
    ):
        assert ran.code == 2
        assert OVER in ran.err or "two results" in ran.err
    assert photo.read_bytes() == before


def test_another_file_of_the_photographs_name_may_be_written(
    drag_inverted: Tugan, here: Path
) -> None:
    Image.new("RGB", (8, 8)).save(here / "photo.png")
    assert drag_inverted(*POINT, "-o", "photo.png").code == 0


def test_an_inversion_goes_on_in_its_own_file(tugan: Tugan, model: Path, inverted: Path) -> None:
    on = ("invert", inverted, "--model", model, "-o", inverted)
    assert tugan(*on).code == 0
    ran = tugan(*on[:-1], "a.tugan", "--picture", "a.tugan")
    assert ran.code == 2


def test_a_conversion_leaves_its_source(tugan: Tugan, model: Path, here: Path) -> None:
    (here / "new").mkdir()
    shutil.copy(model, here / "new" / "model.safetensors")
    ran = tugan("models", "convert", "new/model.safetensors", "new", "--no-previews")
    assert (ran.code, OVER in ran.err) == (2, True)


def test_a_point_that_is_given_twice_is_one_and_that_is_said(drag: Tugan) -> None:
    once = drag(*TOY_POINT, "-o", "once.png", "--json").json()
    twice = drag(*TOY_POINT, "--point", "60.1,60:70,60.2", "-o", "twice.png", "--json").json()
    assert twice["points"] == once["points"]
    said = "the point 60,60:70,60 is given more than once"
    assert any(said in one for one in twice["warnings"])
    assert not any("two goals" in one for one in twice["warnings"])
