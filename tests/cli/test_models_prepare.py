"""``tugan models prepare``: what drags need of a model is there before the first of them."""

from pathlib import Path

import pytest
import torch

from cli.program import Tugan, run_apart
from generators.random_stylegan2 import random_network
from tugan.generators.loading import load_generator
from tugan.generators.preview_store import kept_preview_head
from tugan.generators.repainting_store import kept_repainting
from tugan.generators.saving import save_pretrained

BOTH = ["sketch of repainting", "preview head"]


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder where nothing was computed yet."""
    folder = tmp_path / "fresh"
    monkeypatch.setenv("TUGAN_CACHE", str(folder))
    return folder


@pytest.fixture
def small(here: Path) -> Path:
    """A model of 16 px."""
    save_pretrained(random_network((4, 4), blocks=3), here / "small")
    return here / "small"


def test_what_is_missing_is_computed_once(tugan: Tugan, small: Path, fresh: Path) -> None:
    ran = tugan("models", "prepare", small)
    assert (ran.code, ran.err) == (0, f"kept in {fresh}\n")
    assert ran.out == "random   sketch of repainting computed, preview head computed\n"
    generator = load_generator(small, device="cpu")
    assert kept_repainting(generator) is not None
    assert kept_preview_head(generator) is not None
    kept = {path: path.stat().st_mtime_ns for path in fresh.rglob("*") if path.is_file()}
    ran = tugan("models", "prepare", small)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "random   sketch of repainting was here, preview head was here\n"
    assert kept == {path: path.stat().st_mtime_ns for path in fresh.rglob("*") if path.is_file()}


def test_only_what_is_missing_is_computed(tugan: Tugan, small: Path, fresh: Path) -> None:
    tugan("models", "prepare", small)
    (damaged,) = fresh.rglob("repainting/*.safetensors")
    damaged.write_bytes(damaged.read_bytes()[:-7])
    ran = tugan("models", "prepare", small, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json() == {
        "name": "random",
        "computed": BOTH[:1],
        "already_here": BOTH[1:],
        "folder": str(fresh),
    }
    assert kept_repainting(load_generator(small, device="cpu")) is not None


def test_the_default_model_comes_with_all_of_it(tugan: Tugan, fresh: Path) -> None:
    ran = tugan("models", "prepare", "faces-1024", "--json")
    assert (ran.json()["computed"], ran.json()["already_here"]) == ([], BOTH)
    assert ran.json()["folder"] is None
    assert not fresh.exists()


def test_a_converted_model_has_all_of_it(tugan: Tugan, small: Path) -> None:
    assert tugan("models", "convert", small, "own").code == 0
    assert tugan("models", "prepare", "own", "--json").json()["already_here"] == BOTH


@pytest.mark.parametrize("in_json", [False, True])
def test_without_room_for_a_cache_it_says_so_before_the_work(
    tugan: Tugan, small: Path, fresh: Path, in_json: bool
) -> None:
    fresh.write_text("a file where the folder should be")
    ran = tugan("models", "prepare", small, *(["--json"] if in_json else []))
    assert ran.code == 2
    said = ran.json()["error"] if in_json else ran.err
    assert f"{fresh} is a file, not a folder" in said
    assert (ran.err if in_json else ran.out) == ""
    assert fresh.read_text().startswith("a file")


def test_what_is_no_model_is_refused(tugan: Tugan, small: Path, here: Path) -> None:
    for name, words in (("nothing", "there is no model 'nothing'"), ("lions", "tugan pull lions")):
        ran = tugan("models", "prepare", name)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err
    assert tugan("models", "prepare").code == 2
    assert "device" in tugan("models", "prepare", small, "--device", "abacus").err


def test_a_damaged_model_is_refused_in_a_sentence(tugan: Tugan, here: Path, fresh: Path) -> None:
    network = random_network((4, 4), blocks=3)
    # finite weights that no picture comes of
    for parameter in network.parameters():
        parameter.data.fill_(torch.finfo(torch.float32).max)
    save_pretrained(network, here / "own")
    ran = tugan("models", "prepare", "own")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "NaN or infinite" in ran.err
    assert not list(fresh.rglob("repainting/*"))


def test_the_real_program_says_nothing_but_the_result(small: Path) -> None:
    ran = run_apart("models", "prepare", str(small), "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json()["computed"] == BOTH
