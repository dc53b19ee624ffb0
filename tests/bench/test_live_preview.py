import numpy as np
import pytest
from PIL import Image, ImageFilter

from tugan.bench.live_preview import BURNT, FAR, preview_distance
from tugan.core.images import RgbArray

SIDE = 512


@pytest.fixture(scope="module")
def finished() -> RgbArray:
    """Strong edges and fine grain, at twice a preview's size."""
    chance = np.random.default_rng(1)
    rough = chance.integers(60, 190, (12, 12, 3), dtype=np.uint8)
    whole = np.asarray(Image.fromarray(rough).resize((2 * SIDE, 2 * SIDE), Image.Resampling.BOX))
    grain = chance.integers(-20, 21, whole.shape)
    return np.clip(whole.astype(int) + grain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def likeness(finished: RgbArray) -> RgbArray:
    """Small and blurred, as a sound preview is."""
    small = Image.fromarray(finished).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small.filter(ImageFilter.GaussianBlur(3)))


def test_a_blurred_likeness_is_sound_however_sharp_the_picture(
    likeness: RgbArray, finished: RgbArray
) -> None:
    found = preview_distance(likeness, finished)
    assert found.burn == 0
    assert 1 < found.difference < FAR
    assert found.outside_share == 0
    assert not found.broken


def test_a_burnt_place_is_seen_however_small(likeness: RgbArray, finished: RgbArray) -> None:
    burnt = likeness.copy()
    # a block of the 256, red beyond anything in the picture
    burnt[256:288, 256:288, 0] = 255
    found = preview_distance(burnt, finished)
    sound = preview_distance(likeness, finished)
    assert found.burn > BURNT
    assert found.broken
    assert found.outside_share == pytest.approx(1 / 256, abs=1e-4)
    assert found.difference < sound.difference + 0.2


def test_what_a_block_has_too_much_is_a_root_mean_square() -> None:
    finished = np.full((64, 64, 3), 100, dtype=np.uint8)
    preview = finished.copy()
    # one of the 16 pixels of a block, in one of three channels, and as far below in another
    preview[8, 8, 0], preview[8, 8, 1] = 140, 60
    found = preview_distance(preview, finished)
    assert found.burn == pytest.approx((2 * 40**2 / 16 / 3) ** 0.5)
    assert found.difference == pytest.approx(2 * 40 / (64 * 64 * 3))
    assert found.outside_share == pytest.approx(1 / (64 * 64))


def test_colours_of_elsewhere_in_the_picture_are_burnt_too(finished: RgbArray) -> None:
    halves = np.full((64, 64, 3), 30, dtype=np.uint8)
    halves[:, 32:] = 220
    swapped = halves.copy()
    swapped[10:20, 50:60] = 30
    found = preview_distance(swapped, halves)
    assert found.outside_share == 0
    assert found.burn > 100
    # but at the border between them, where a blur has them both, they are not
    blurred = halves.copy()
    blurred[:, 31:33] = 125
    assert preview_distance(blurred, halves).burn == 0


def test_another_picture_is_far_even_if_it_is_nowhere_burnt() -> None:
    # stripes, and their negative: every colour is nearby, and every pixel wrong
    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    found = preview_distance(200 - stripes, stripes)
    assert found.burn == 0
    assert found.difference == 200
    assert found.broken
