import json
from pathlib import Path

import pytest

from cli.program import Tugan
from tugan.generators.loading import load_generator

POINT = ("--point", "40,50:60,70", "--steps", "2")


def test_the_list_shows_the_default_model(tugan: Tugan) -> None:
    ran = tugan("models", "list")
    assert ran.code == 0
    header, first, *_ = ran.out.splitlines()
    assert header.split() == ["name", "draws", "size", "on", "disk", "family", "here", "licence"]
    assert first.startswith("faces-1024 ")
    assert "1024 x 1024" in first
    assert any(line.startswith("lions ") for line in ran.out.splitlines())
    assert "--model path/to/file.pkl" in ran.err


def test_the_list_in_json_has_the_same_models(tugan: Tugan) -> None:
    ran = tugan("models", "list", "--json")
    assert ran.err == ""
    models = ran.json()["models"]
    first, lions = models[0], next(one for one in models if one["name"] == "lions")
    assert set(first) == set(lions)
    assert (first["name"], first["width"], first["height"]) == ("faces-1024", 1024, 1024)
    assert first["bytes"] > 20_000_000
    assert (first["installed"], lions["installed"]) == (True, False)
    assert lions["licence"] == "none stated"
    here = tugan("models", "list", "--here", "--json").json()["models"]
    assert here == [one for one in models if one["installed"]]


def test_info_of_a_model_that_is_not_here_says_how_to_get_it(tugan: Tugan) -> None:
    described = tugan("models", "info", "lions", "--json").json()
    assert described["installed"] is False
    assert described["command"] == "tugan pull lions"
    assert described["address"].startswith("https://")
    ran = tugan("models", "info", "lions")
    assert "state no licence" in ran.out
    assert "not here yet: tugan pull lions" in ran.err
    assert "did you mean lions" in tugan("models", "info", "lion").err


def test_the_card_is_printed(tugan: Tugan, model: Path) -> None:
    assert tugan("models", "card", "faces-1024").out.startswith("# faces-1024\n")
    assert "Not here yet: `tugan pull dogs`" in tugan("models", "card", "dogs").out
    assert "library_name: tugan" in tugan("models", "card", model).out
    assert tugan("models", "card", "dgos").code == 2


def test_the_default_model_is_verified(tugan: Tugan) -> None:
    ran = tugan("models", "verify", "faces-1024")
    assert (ran.code, ran.out) == (0, "faces-1024   all files as they were\n")


def test_a_folder_without_checksums_cannot_be_verified(tugan: Tugan, here: Path) -> None:
    (here / "own").mkdir()
    ran = tugan("models", "verify", "own", "--json")
    assert ran.code == 1
    assert "no readable SHA256SUMS" in ran.json()["models"][0]["problem"]


def test_info_describes_a_checkpoint(tugan: Tugan, model: Path) -> None:
    described = tugan("models", "info", model, "--json").json()
    assert described["name"] == "nvidia-stylegan2-128"
    assert (described["width"], described["height"]) == (128, 128)
    assert described["latent_rows"] == 12
    assert described["classes"] == 0
    assert described["blocks_px"] == [4, 8, 16, 32, 64, 128]
    assert described["w_statistics"] is False
    ran = tugan("models", "info", model)
    assert ran.code == 0
    assert "nvidia-stylegan2-128" in ran.out


def test_info_of_the_default_model_names_its_licence(tugan: Tugan) -> None:
    described = tugan("models", "info", "faces-1024", "--json").json()
    assert described["licence"] != "unknown"
    assert described["w_statistics"] is True


def test_a_converted_checkpoint_draws_the_same_picture(
    tugan: Tugan, here: Path, model: Path
) -> None:
    ran = tugan("models", "convert", model, "own")
    assert ran.code == 0
    assert ran.out.startswith("own   nvidia-stylegan2-128, 128 x 128 px")
    names = sorted(path.name for path in (here / "own").iterdir())
    assert names == [
        "README.md",
        "config.json",
        "model.safetensors",
        "preview.safetensors",
        "repainting.safetensors",
        "samples.jpg",
    ]
    tugan("generate", "--model", model, "--out", "a.png")
    tugan("generate", "--model", "own", "--out", "b.png")
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()


def test_conversion_adds_the_statistics_of_w(tugan: Tugan, here: Path, model: Path) -> None:
    described = tugan("models", "convert", model, "own", "--no-previews", "--json").json()
    assert described["w_statistics"] is True
    assert described["folder"] == "own"
    assert load_generator(here / "own", device="cpu").info.w_statistics is not None


def test_a_converted_checkpoint_can_be_dragged(tugan: Tugan, model: Path) -> None:
    tugan("models", "convert", model, "own", "--no-previews")
    report = tugan("drag", "--model", "own", *POINT, "--json").json()
    assert report["steps"] == 2


def test_conversion_can_halve_and_rename(tugan: Tugan, here: Path, model: Path) -> None:
    tugan("models", "convert", model, "whole", "--no-previews")
    tugan("models", "convert", model, "half", "--half", "--name", "mine", "--no-previews")
    sizes = [(here / name / "model.safetensors").stat().st_size for name in ("half", "whole")]
    assert sizes[0] < 0.6 * sizes[1]
    assert json.loads((here / "half/config.json").read_text())["about"]["name"] == "mine"


@pytest.mark.parametrize("taken", ["folder", "file"])
def test_conversion_never_writes_into_what_is_there(
    tugan: Tugan, here: Path, model: Path, taken: str
) -> None:
    own = here / "own"
    if taken == "folder":
        own.mkdir()
        (own / "notes.txt").write_text("mine")
    else:
        own.write_text("mine")
    ran = tugan("models", "convert", model, "own")
    assert ran.code == 2
    assert ran.err == "tugan: own already exists and is not an empty folder: name a new one\n"
    assert sorted(path.name for path in here.rglob("*")) == (
        ["notes.txt", "own"] if taken == "folder" else ["own"]
    )


def test_what_cannot_be_opened_is_not_converted(tugan: Tugan, here: Path) -> None:
    (here / "m.pkl").write_bytes(b"")
    ran = tugan("models", "convert", "m.pkl", "own")
    assert ran.code == 2
    assert "the file is empty" in ran.err
    assert not (here / "own").exists()
