from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.program import Tugan


def test_a_picture_is_written_and_described(tugan: Tugan, here: Path, model: Path) -> None:
    ran = tugan("generate", "--model", model, "--seed", "5", "--out", "a.png")
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.startswith("a.png   128 x 128 px   nvidia-stylegan2-128, seed 5, ")
    with Image.open(here / "a.png") as opened:
        assert opened.size == (128, 128)


def test_json_describes_it_too(tugan: Tugan, model: Path) -> None:
    report = tugan("generate", "--model", model, "--psi", "0.5", "--json").json()
    seconds = report.pop("seconds")
    assert seconds > 0
    assert report == {
        "out": "tugan.png",
        "model": "nvidia-stylegan2-128",
        "seed": 0,
        "psi": 0.5,
        "width": 128,
        "height": 128,
        "device": "cpu",
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("--seed", "1"), ("--seed", "1"), True),
        (("--seed", "1"), ("--seed", "2"), False),
        (("--seed", "1", "--psi", "0"), ("--seed", "2", "--psi", "0"), True),
        (("--psi", "0.5"), ("--psi", "1"), False),
        (("--noise", "none"), ("--noise", "const"), False),
        (("--noise", "random"), ("--noise", "random"), True),
        ((), ("--ruler",), False),
    ],
)
def test_options_choose_the_picture(
    tugan: Tugan,
    here: Path,
    model: Path,
    one: tuple[str, ...],
    other: tuple[str, ...],
    same: bool,
) -> None:
    assert tugan("generate", "--model", model, *one, "--out", "a.png").code == 0
    assert tugan("generate", "--model", model, *other, "--out", "b.png").code == 0
    assert ((here / "a.png").read_bytes() == (here / "b.png").read_bytes()) is same


def test_the_default_model_draws_a_face_that_is_not_flat(tugan: Tugan, here: Path) -> None:
    assert tugan("generate").code == 0
    with Image.open(here / "tugan.png") as opened:
        assert opened.size == (1024, 1024)
        assert np.asarray(opened).std() > 30
