"""Whatever is wrong: exit code 2, one sentence on stderr, nothing written."""

import json
import os
import pickle
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from cli.program import Tugan

POINT = ("--point", "40,50:60,70")


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every path below the folder; folders have None."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def refuses(tugan: Tugan, here: Path) -> Callable[..., str]:
    """The sentence with which the program refuses, after checking that it does so properly."""

    def run(*arguments: str | Path) -> str:
        before = contents(here)
        ran = tugan(*arguments)
        assert ran.code == 2
        assert ran.out == ""
        assert ran.err.startswith("tugan: ")
        assert ran.err.count("\n") == 1
        assert ran.err.endswith("\n")
        assert contents(here) == before
        in_json = tugan(*arguments, "--json")
        assert in_json.code == 2
        assert in_json.err == ""
        error = in_json.json()
        assert set(error) == {"error", "kind"}
        assert f"tugan: {error['error']}\n" == ran.err
        assert contents(here) == before
        return ran.err

    return run


@pytest.fixture
def refuses_drag(refuses: Callable[..., str], model: Path) -> Callable[..., str]:
    """The same for a drag with a good point on the small checkpoint."""

    def run(*arguments: str | Path) -> str:
        return refuses("drag", "--model", model, "--steps", "1", *POINT, *arguments)

    return run


Refuses = Callable[..., str]


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ("128,50:60,70", "handle (128, 50) is outside the picture: x goes from 0 to 127"),
        ("40,50:60,-1", "goal (60, -1) is outside the picture"),
        ("1e999,50:60,70", "outside the picture"),
        ("40,50:40,50", "handle (40, 50) is already at its goal"),
    ],
)
def test_a_point_that_is_no_drag(refuses: Refuses, model: Path, point: str, words: str) -> None:
    assert words in refuses("drag", "--model", model, "--point", point)


def test_a_point_that_cannot_be_read(refuses: Refuses) -> None:
    assert "cannot read the point '40;50'" in refuses("drag", "--point", "40;50")


def test_no_points(refuses: Refuses) -> None:
    assert "there are no points: give --point" in refuses("drag")


def test_an_empty_points_file(refuses: Refuses, here: Path) -> None:
    (here / "p.json").write_text("[]")
    assert "there are no points" in refuses("drag", "--points", "p.json")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no points file p.json"),
        ("no JSON", "cannot read p.json as JSON"),
        ("[[1, 2]]", "p.json: point 1: expected a list such as"),
    ],
)
def test_a_points_file_that_is_wrong(
    refuses: Refuses, here: Path, content: str | None, words: str
) -> None:
    if content is not None:
        (here / "p.json").write_text(content)
    assert words in refuses("drag", "--points", "p.json")


@pytest.mark.parametrize("option", ["--mask", "--keep-mask"])
def test_a_mask_of_another_size_is_told_both_sizes(
    refuses_drag: Refuses, here: Path, option: str
) -> None:
    Image.new("L", (64, 32)).save(here / "m.png")
    said = refuses_drag(option, "m.png")
    assert "64 x 32 px" in said
    assert "128 x 128 px" in said


def test_a_mask_that_is_missing_or_no_picture(refuses_drag: Refuses, here: Path) -> None:
    assert "there is no mask file gone.png" in refuses_drag("--mask", "gone.png")
    (here / "m.png").write_bytes(b"no picture")
    assert "m.png cannot be read as a picture" in refuses_drag("--mask", "m.png")


@pytest.mark.parametrize("command", [("generate",), ("drag", *POINT), ("models", "info")])
def test_an_unknown_model_is_told_the_near_names(
    refuses: Refuses, command: tuple[str, ...]
) -> None:
    option = () if command[0] == "models" else ("--model",)
    said = refuses(*command, *option, "faces-1042")
    assert "there is no model 'faces-1042'" in said
    assert "did you mean faces-1024?" in said


class Malicious:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch pwned",)


def test_a_checkpoint_that_would_run_something_runs_nothing(refuses: Refuses, here: Path) -> None:
    (here / "m.pkl").write_bytes(pickle.dumps({"G_ema": Malicious()}))
    said = refuses("drag", *POINT, "--model", "m.pkl")
    assert "m.pkl" in said
    assert "system" in said
    assert not (here / "pwned").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(600), "PNG picture"),
        (b"<!DOCTYPE html>", "web page"),
        (b"\x80\x04", "m.pkl"),
    ],
)
def test_a_file_that_is_no_checkpoint(
    refuses: Refuses, here: Path, content: bytes, words: str
) -> None:
    (here / "m.pkl").write_bytes(content)
    assert words in refuses("generate", "--model", "m.pkl")


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.999])
def test_a_truncated_checkpoint(refuses: Refuses, here: Path, model: Path, kept: float) -> None:
    whole = model.read_bytes()
    (here / "m.pkl").write_bytes(whole[: int(len(whole) * kept)])
    assert "m.pkl" in refuses("generate", "--model", "m.pkl")


@pytest.mark.parametrize("name", ["m.png", "m.pt", "m"])
def test_a_checkpoint_under_another_name_opens_all_the_same(
    tugan: Tugan, here: Path, model: Path, name: str
) -> None:
    shutil.copy(model, here / name)
    assert tugan("models", "info", name).code == 0


@pytest.mark.parametrize("option", ["--out", "--video", "--save-project"])
def test_an_output_below_a_file(refuses_drag: Refuses, here: Path, option: str) -> None:
    (here / "file").touch()
    suffix = {"--out": "png", "--video": "gif", "--save-project": "tugan"}[option]
    assert "is a file, not a folder" in refuses_drag(option, f"file/a.{suffix}")


def test_an_output_that_is_a_folder(refuses_drag: Refuses, here: Path) -> None:
    (here / "a.png").mkdir()
    assert "it is a folder" in refuses_drag("--out", "a.png")


def test_bad_input_leaves_no_folders_behind(refuses: Refuses, model: Path) -> None:
    refuses("drag", "--model", model, "--point", "999,1:2,3", "--out", "new/a.png")


@pytest.mark.parametrize("command", [("generate",), ("drag", *POINT)])
def test_a_picture_of_an_unknown_kind(refuses: Refuses, command: tuple[str, ...]) -> None:
    assert "a.bmp: the name of a picture ends in one of" in refuses(*command, "--out", "a.bmp")


def test_an_animation_of_an_unknown_kind(refuses_drag: Refuses) -> None:
    assert "the name of an animation ends in one of" in refuses_drag("--video", "a.avi")


@pytest.mark.parametrize(
    ("outputs", "shared"),
    [
        (("--out", "a.webp", "--video", "a.webp"), "a.webp"),
        (("--out", "a.png", "--save-project", "./a.png"), "a.png"),
        (("--video", "x/../a.gif", "--save-project", "a.gif"), "a.gif"),
    ],
)
def test_two_results_in_one_file(
    refuses_drag: Refuses, here: Path, outputs: tuple[str, ...], shared: str
) -> None:
    (here / "x").mkdir()
    assert "two results would go to the same file" in refuses_drag(*outputs)
    assert not (here / shared).exists()


@pytest.mark.parametrize("name", ["cuda:99", "tpu", "meta", "cpu:1", ""])
def test_a_device_that_is_not_here(refuses_drag: Refuses, name: str) -> None:
    said = refuses_drag("--device", name)
    assert f"there is no device {name!r} here; choose one of auto, cpu" in said


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--solver", "newtom", "--solver is 'newtom'; expected one of newton, adam"),
        ("--preset", "best", "--preset is 'best'; expected one of auto, paper, original"),
        ("--noise", "loud", "--noise is 'loud'; expected one of const, random, none"),
        ("--latent", "z", "--latent is 'z'; expected w or w+"),
        ("--latent", "w+:", "--latent is 'w+:'; expected w or w+"),
        ("--latent", "w+:0", "at least one row must move"),
        ("--latent", "w:13", "has 12 rows of ws; 13 cannot move"),
        ("--psi", "3", "--psi is 3; it should be between -2 and 2"),
        ("--psi", "nan", "--psi is nan; it should be between -2 and 2"),
        ("--psi", "-inf", "--psi is -inf; it should be between -2 and 2"),
        ("--label", "0", "knows no classes: leave --label out"),
    ],
)
def test_an_option_with_a_value_it_cannot_have(
    refuses_drag: Refuses, option: str, value: str, words: str
) -> None:
    assert words in refuses_drag(option, value)


def test_a_project_that_is_missing_or_none(refuses: Refuses, here: Path) -> None:
    assert "there is no project file gone.tugan" in refuses("drag", "--project", "gone.tugan")
    (here / "a.tugan").write_bytes(b"no project")
    assert "a.tugan is not a tugan project" in refuses("drag", "--project", "a.tugan")


def test_a_project_of_another_model(
    refuses: Refuses, drag: Tugan, oracle_dir: Path, model: Path
) -> None:
    assert drag(*POINT, "--save-project", "a.tugan").code == 0
    other = oracle_dir / "nvidia-stylegan2-256.pkl"
    said = refuses("drag", "--project", "a.tugan", "--model", other, "--out", "b.png")
    assert f"made with the model {model.resolve()}" in said
    assert "give the original model with --model" in said


def test_a_project_whose_model_is_gone(
    refuses: Refuses, drag: Tugan, here: Path, model: Path
) -> None:
    shutil.copy(model, here / "m.pkl")
    assert drag(*POINT, "--model", "m.pkl", "--save-project", "a.tugan").code == 0
    (here / "m.pkl").unlink()
    assert "there is no model" in refuses("drag", "--project", "a.tugan", "--out", "b.png")


def test_an_option_that_a_project_overrides_is_refused(refuses: Refuses, drag: Tugan) -> None:
    assert drag(*POINT, "--save-project", "a.tugan").code == 0
    assert "--noise cannot be used with --project" in refuses(
        "drag", "--project", "a.tugan", "--out", "b.png", "--noise", "loud"
    )


def test_the_kind_of_an_error_is_its_class(tugan: Tugan) -> None:
    error = json.loads(tugan("generate", "--model", "nothing-like-it", "--json").out)
    assert error["kind"] == "UnknownModelError"


@pytest.mark.parametrize("option", ["--model", "--project", "--out"])
def test_a_name_too_long_for_the_disk(refuses: Refuses, option: str) -> None:
    assert refuses("drag", *POINT, option, f"{'a' * 300}.png")


# ---- paths that lead to no file --------------------------------------------------------------

PATHS = [
    ("drag", *POINT, "--mask"),
    ("drag", *POINT, "--keep-mask"),
    ("drag", "--points"),
    ("drag", "--project"),
    ("drag", *POINT, "--image"),
    ("drag", *POINT, "--model"),
    ("generate", "--model"),
    ("invert",),
]
"""Whatever takes a path of a file to read; the path comes last."""


@pytest.fixture(params=["pipe", "device", "socket", "link to a device"])
def no_file(request: pytest.FixtureRequest, here: Path) -> Path:
    if os.name != "posix":
        pytest.skip("needs pipes and devices")
    path = here / "x.tugan"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)  # longer paths are none
    elif request.param == "device":
        return Path("/dev/zero")
    else:
        path.symlink_to("/dev/zero")
    return path


@pytest.mark.parametrize("command", PATHS, ids=" ".join)
def test_what_is_no_file_is_refused_at_once(
    refuses: Refuses, model: Path, command: tuple[str, ...], no_file: Path
) -> None:
    if "--model" not in command and command[0] == "drag" and "--project" not in command:
        command = (command[0], "--model", str(model), *command[1:])
    if command[-1] in ("invert", "--image") and no_file.suffix == ".tugan":
        no_file = no_file.rename(no_file.with_suffix(".png"))
    said = refuses(*command, no_file)
    assert any(word in said for word in ("a pipe", "a device", "a socket", "neither a file"))


def test_a_stopped_inversion_that_is_a_pipe(refuses: Refuses, here: Path) -> None:
    os.mkfifo(here / "x.tugan")
    assert "is a pipe" in refuses("invert", "x.tugan")


@pytest.mark.parametrize("command", PATHS, ids=" ".join)
def test_a_file_of_a_terabyte_is_refused_at_once(
    refuses: Refuses, tmp_path: Path, model: Path, command: tuple[str, ...]
) -> None:
    name = "huge.png" if command[-1] in ("invert", "--image", "--mask", "--keep-mask") else "huge.x"
    with (tmp_path / name).open("wb") as opened:
        opened.truncate(1 << 40)  # nothing of it is on the disk
    if "--model" not in command and command[0] == "drag" and "--project" not in command:
        command = (command[0], "--model", str(model), *command[1:])
    said = refuses(*command, tmp_path / name)
    assert "MiB are read" in said or "at most" in said


# ---- too many points -------------------------------------------------------------------------


def test_more_points_than_can_be_dragged(refuses: Refuses, model: Path, here: Path) -> None:
    many = [{"start": [i % 100, i // 100], "goal": [64, 64]} for i in range(201)]
    (here / "p.json").write_text(json.dumps(many))
    words = "there are 201 points, but at most 200 can be dragged at once"
    assert words in refuses("drag", "--model", model, "--points", "p.json")
    typed = [part for i in range(201) for part in ("--point", f"{i % 100},{i // 100}:64,64")]
    assert words in refuses("drag", "--model", model, *typed)
    half = json.dumps(many[:101])
    (here / "p.json").write_text(half)
    # others than those in the file, where the same would be one point
    assert words in refuses("drag", "--model", model, "--points", "p.json", *typed[202:])


def test_a_points_file_of_nothing_but_brackets(refuses: Refuses, here: Path) -> None:
    (here / "p.json").write_text("[" * 100_000)
    assert "cannot read p.json as JSON" in refuses("drag", "--points", "p.json")
    (here / "p.json").write_text("[" + "[]," * 1_000_000 + "[]]")
    assert "far more than there ever are" in refuses("drag", "--points", "p.json")
