"""Models that draw no faces: what needs faces says so, and the rest works."""

from pathlib import Path

import pytest
from PIL import Image

from cli.program import Tugan
from generators.random_stylegan2 import random_network
from tugan.generators.saving import save_pretrained


@pytest.fixture
def lions(here: Path) -> Path:
    folder = here / "lions"
    save_pretrained(random_network((4, 4), domain="lions"), folder)
    return folder


@pytest.fixture
def grey(here: Path) -> Path:
    Image.new("RGB", (300, 300), (90, 120, 150)).save(here / "grey.png")
    return here / "grey.png"


def test_an_experiment_of_faces_is_refused_with_those_that_need_none(
    tugan: Tugan, lions: Path, here: Path
) -> None:
    ran = tugan("bench", "landmarks", "--model", lions, "--out", "run", "--pairs", "1")
    assert ran.code == 2
    assert "landmarks: faces are needed, and random draws lions" in ran.err
    assert "paired, texture, speed" in ran.err
    assert not (here / "run").exists()


def test_in_a_run_of_all_experiments_those_of_faces_are_left_out(
    tugan: Tugan, lions: Path, here: Path
) -> None:
    ran = tugan(
        *("bench", "all", "--preset", "smoke", "--methods", "adam+max_steps=1"),
        *("--model", lions, "--out", "run"),
    )
    assert ran.code == 0, ran.err
    for name in ("landmarks", "ablation", "mask", "roundtrip", "live"):
        assert f"{name} is left out: it needs faces, and random draws lions" in ran.err
    done = {path.name for path in (here / "run").iterdir() if path.is_dir()}
    assert done == {"paired", "texture", "speed"}
    assert (here / "run" / "index.html").exists()


def test_a_photograph_needs_its_square(tugan: Tugan, lions: Path, grey: Path) -> None:
    ran = tugan("invert", grey, "--model", lions, "-o", "a.tugan")
    assert ran.code == 2
    assert "random draws lions, so no face is looked for" in ran.err
    assert "--crop x,y,side" in ran.err


def test_with_its_square_it_is_inverted(tugan: Tugan, lions: Path, grey: Path, here: Path) -> None:
    ran = tugan(
        *("invert", grey, "--model", lions, "--crop", "150,150,200", "--steps", "1"),
        *("-o", "a.tugan"),
    )
    assert ran.code == 0, ran.err
    assert (here / "a.tugan").exists()
