"""``tugan drag --hold``: what it takes, what it does, and what is said where it cannot."""

import shutil
from pathlib import Path

import pytest

from cli.program import Tugan
from generators.random_stylegan2 import random_network
from tugan.generators.loading import load_generator
from tugan.generators.repainting_store import cache_path
from tugan.generators.saving import save_pretrained
from tugan.session.project_file import load_project

POINT = ("--point", "40,50:60,70")


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder where nothing was computed yet."""
    folder = tmp_path / "fresh"
    monkeypatch.setenv("TUGAN_CACHE", str(folder))
    return folder


@pytest.fixture
def small(here: Path) -> Path:
    """A model of 16 px, whose moves are sketched in half a second."""
    save_pretrained(random_network((4, 4), blocks=3), here / "small")
    return here / "small"


def sketches_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("repainting/*.safetensors"))


@pytest.mark.parametrize("hold", ["-0.1", "1.5", "nan", "inf", "-inf"])
@pytest.mark.parametrize("solver", ["newton", "adam"])
def test_it_goes_from_0_to_1(drag: Tugan, here: Path, hold: str, solver: str) -> None:
    ran = drag(*POINT, f"--hold={hold}", "--solver", solver)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("tugan: hold must be between 0")
    assert ran.err.endswith(f"got {float(hold)}\n")
    assert ran.err.count("\n") == 1
    assert list(here.iterdir()) == []
    in_json = drag(*POINT, f"--hold={hold}", "--solver", solver, "--json")
    assert (in_json.code, in_json.err) == (2, "")
    assert in_json.json()["kind"] == "InvalidDragError"


def test_it_is_a_number(drag: Tugan, here: Path) -> None:
    ran = drag(*POINT, "--hold", "abc")
    assert (ran.code, ran.out) == (2, "")
    assert "'--hold': Input should be a valid number" in ran.err
    assert list(here.iterdir()) == []


def test_freedrag_holds_nothing(drag: Tugan, here: Path) -> None:
    ran = drag(*POINT, "--hold", "0.5", "--solver", "freedrag")
    assert (ran.code, ran.out) == (2, "")
    assert "--hold is of the solvers newton and adam" in ran.err
    assert list(here.iterdir()) == []


def test_held_by_nothing_it_is_the_drag_of_a_model_without_a_sketch(
    drag: Tugan, here: Path, fresh: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drag(*POINT, "--hold", "0", "--out", "bare.png").code == 0
    assert sketches_in(fresh) == []  # nothing is computed for it, either
    monkeypatch.setenv("TUGAN_CACHE", str(cache))
    drag(*POINT, "--hold", "0", "--out", "free.png")
    drag(*POINT, "--hold", "1", "--out", "held.png")
    assert (here / "free.png").read_bytes() == (here / "bare.png").read_bytes()
    assert (here / "free.png").read_bytes() != (here / "held.png").read_bytes()


@pytest.mark.parametrize("solver", ["newton", "adam"])
def test_a_project_keeps_it(tugan: Tugan, drag: Tugan, here: Path, solver: str) -> None:
    options = ("--solver", solver, "--hold", "0.8", "--out", "a.png")
    assert drag(*POINT, *options, "--save-project", "a.tugan").code == 0
    assert load_project(here / "a.tugan").header.settings.hold == 0.8
    again = ("drag", "--project", "a.tugan")
    assert tugan(*again, "--out", "b.png", "--save-project", "b.tugan").code == 0
    assert (here / "b.png").read_bytes() == (here / "a.png").read_bytes()
    assert load_project(here / "b.tugan").header.settings.hold == 0.8
    assert tugan(*again, "--hold", "0", "--out", "c.png").code == 0
    assert (here / "c.png").read_bytes() != (here / "a.png").read_bytes()


def test_at_the_first_use_it_is_computed_and_nothing_else_is_said(
    tugan: Tugan, small: Path, fresh: Path
) -> None:
    drag = ("drag", "--model", small, "--point", "4,5:6,7", "--steps", "2", "--json")
    first = tugan(*drag, "--out", "a.png")
    assert (first.code, first.err) == (0, "")
    assert not any("held" in one for one in first.json()["warnings"])
    (kept,) = sketches_in(fresh)
    assert kept == cache_path(load_generator(small, device="cpu"))
    written_ns = kept.stat().st_mtime_ns
    again = tugan(*drag, "--out", "b.png")
    assert again.json()["points"] == first.json()["points"]
    assert kept.stat().st_mtime_ns == written_ns


def test_without_room_for_a_cache_it_holds_and_says_so(
    tugan: Tugan, small: Path, here: Path, fresh: Path
) -> None:
    drag = ("drag", "--model", small, "--point", "4,5:6,7", "--steps", "2")
    assert tugan(*drag, "--out", "kept.png").code == 0
    shutil.rmtree(fresh)
    fresh.write_text("a file where the folder should be")
    ran = tugan(*drag, "--out", "here.png")
    assert ran.code == 0
    (said,) = [one for one in ran.err.splitlines() if "repaint" in one]
    assert said.startswith("warning: what moves repaint is computed anew by every drag")
    assert said.endswith(f"{fresh} is a file, not a folder")
    assert (here / "here.png").read_bytes() == (here / "kept.png").read_bytes()


def test_a_photograph_takes_it_of_the_untuned_model(
    drag_inverted: Tugan, here: Path, cache: Path
) -> None:
    before = sketches_in(cache)
    point = ("--point", "140,120:150,120")
    held = drag_inverted(*point, "--hold", "1", "--out", "held.png", "--json")
    assert held.code == 0
    assert not any("held but by" in one for one in held.json()["warnings"])
    assert drag_inverted(*point, "--hold", "0", "--out", "free.png").code == 0
    assert (here / "held.png").read_bytes() != (here / "free.png").read_bytes()
    assert sketches_in(cache) == before  # none of the copy's own
