"""``--mask`` and ``--keep-mask`` of photographs: what is dragged, and what is pasted back."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from cli.photographs import POINT, SIZE, pixels_of
from cli.program import Tugan
from tugan.core.images import RgbArray
from tugan.session.project_file import load_project


def test_a_mask_is_of_the_photograph_too(
    drag_inverted: Tugan, here: Path, content: RgbArray
) -> None:
    mask = Image.new("L", SIZE, 0)
    mask.paste(255, (0, 0, 144, SIZE[1]))
    mask.save(here / "left.png")
    assert drag_inverted(*POINT, "--mask", "left.png", "--save-project", "a.tugan").code == 0
    kept = load_project(here / "a.tugan").mask
    assert kept is not None
    assert kept.shape == (128, 128)
    assert float(kept[:, :60].min()) == 1
    assert float(kept[:, 68:].max()) == 0
    Image.new("L", (128, 128), 255).save(here / "small.png")
    ran = drag_inverted(*POINT, "--keep-mask", "small.png")
    assert ran.code == 2
    assert "the mask is 128 x 128 px but the picture is 300 x 260 px" in ran.err


def disc_png(path: Path, centre_xy: tuple[int, int], radius_px: int) -> npt.NDArray[np.bool_]:
    """A mask of the photograph's size; where it lets the photograph change."""
    x, y = centre_xy
    mask = Image.new("L", SIZE, 0)
    ImageDraw.Draw(mask).ellipse((x - radius_px, y - radius_px, x + radius_px, y + radius_px), 255)
    mask.save(path)
    return np.asarray(mask) > 0


@pytest.mark.parametrize("kind", ["--mask", "--keep-mask"])
def test_outside_the_mask_the_photograph_is_the_same_to_the_bit(
    drag_inverted: Tugan, here: Path, content: RgbArray, kind: str
) -> None:
    inside = disc_png(here / "disc.png", (140, 120), 26)
    if kind == "--keep-mask":
        Image.fromarray(~inside).convert("L").save(here / "disc.png")
    # without it, places well outside the disc are pasted
    assert drag_inverted(*POINT, "-o", "free.png").code == 0
    assert (pixels_of(here / "free.png") != content).any(axis=2)[~inside].any()
    ran = drag_inverted(*POINT, kind, "disc.png", "-o", "out.png", "--save-project", "a.tugan")
    assert ran.code == 0
    changed = (pixels_of(here / "out.png") != content).any(axis=2)
    assert changed[115:125, 135:145].any()
    assert not changed[~inside].any()


def test_a_mask_is_kept_when_a_drag_is_repeated_and_can_be_left_out(
    tugan: Tugan, drag_inverted: Tugan, here: Path, content: RgbArray
) -> None:
    inside = disc_png(here / "disc.png", (140, 120), 26)
    asked = (*POINT, "--mask", "disc.png", "--save-project", "a.tugan")
    assert drag_inverted(*asked, "-o", "out.png").code == 0
    assert tugan("drag", "--project", "a.tugan", "-o", "again.png").code == 0
    assert (here / "again.png").read_bytes() == (here / "out.png").read_bytes()
    assert tugan("drag", "--project", "a.tugan", "--no-mask", "-o", "free.png").code == 0
    assert (pixels_of(here / "free.png") != content).any(axis=2)[~inside].any()
