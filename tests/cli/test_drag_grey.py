"""A black-and-white photograph stays black and white in all that is written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from cli.photographs import CROP, POINT, pixels_of
from cli.program import Tugan
from tugan.core.images import RgbArray


@pytest.fixture
def grey_photo(here: Path, content: RgbArray) -> Path:
    Image.fromarray(content).convert("L").convert("RGB").save(here / "grey.png")
    return here / "grey.png"


def off_grey(pixels: RgbArray) -> int:
    return int((pixels.max(axis=2).astype(int) - pixels.min(axis=2)).max())


@pytest.mark.parametrize("tune", ["--tune", "--no-tune"])
def test_picture_and_animation_are_grey(
    drag: Tugan, grey_photo: Path, here: Path, tune: str
) -> None:
    asked = ("--image", grey_photo, *CROP, "--invert-steps", "2", tune, *POINT)
    ran = drag(*asked, "-o", "out.png", "--video", "a.webp")
    assert ran.code == 0
    written = pixels_of(here / "out.png")
    assert (written != pixels_of(grey_photo)).any()
    assert off_grey(written) == 0
    with Image.open(here / "a.webp") as opened:
        for frame in ImageSequence.Iterator(opened):
            # WebP keeps colours at half the resolution, and is not exact
            assert off_grey(np.asarray(frame.convert("RGB"))) <= 4


def test_what_the_model_makes_of_it_is_grey(
    tugan: Tugan, grey_photo: Path, here: Path, model: Path
) -> None:
    asked = ("invert", grey_photo, "--model", model, *CROP, "--steps", "2")
    assert tugan(*asked, "-o", "me.tugan", "--picture", "me.png").code == 0
    assert off_grey(pixels_of(here / "me.png")) == 0
    again = ("drag", "--project", "me.tugan", "--model", model, *POINT, "--steps", "1")
    assert tugan(*again, "-o", "out.png").code == 0
    assert off_grey(pixels_of(here / "out.png")) == 0
