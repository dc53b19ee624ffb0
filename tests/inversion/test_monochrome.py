"""Grey in, grey out."""

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from tugan.core.images import RgbArray
from tugan.generators.preview import PreviewHead
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize
from tugan.inversion.align import AlignmentError, manual_crop
from tugan.inversion.edit_mask import edit_mask
from tugan.inversion.monochrome import Tone, luma_of, tone_of
from tugan.inversion.paste import Edit, paste_back
from tugan.inversion.photo_edit import PhotoSource
from tugan.inversion.portrait import begin_photo, edited_photo, generator_of, invert_photo
from tugan.inversion.settings import InversionSettings, TuningSettings
from tugan.render.photo_file import decode_photo

PLACE = manual_crop((143.5, 123.5), side_px=128)


def smooth(pixels: RgbArray) -> RgbArray:
    """Without the fixture's noise, which no photograph has."""
    whole = np.full_like(pixels, 128)
    whole[60:188, 80:208] = pixels[60:188, 80:208]
    return whole


def grey(pixels: RgbArray) -> RgbArray:
    return np.repeat(luma_of(pixels)[..., None], 3, axis=2)


def sepia(pixels: RgbArray) -> RgbArray:
    level = luma_of(pixels) / 255
    toned = np.stack([255 * level**0.8, 242 * level, 217 * level**1.3], axis=-1)
    return toned.round().astype(np.uint8)


def blue(pixels: RgbArray) -> RgbArray:
    level = luma_of(pixels)
    return (
        np.stack([level * 0.8, level * 0.95, 40 + level * 0.84], axis=-1).round().astype(np.uint8)
    )


def as_jpeg(pixels: RgbArray, *, quality: int) -> RgbArray:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=quality)
    return decode_photo(content.getvalue()).pixels


def noisy(pixels: RgbArray, *, levels: float) -> RgbArray:
    noise = np.random.default_rng(1).normal(0, levels, pixels.shape)
    return (pixels + noise).round().clip(0, 255).astype(np.uint8)


def off_grey(pixels: RgbArray) -> int:
    spread = pixels.max(axis=2).astype(int) - pixels.min(axis=2)
    return int(spread.max())


def off_tone(pixels: RgbArray, tone: Tone) -> float:
    colours = np.unique(pixels.reshape(-1, 3), axis=0).astype(np.float32)
    away = np.abs(colours[:, None] - tone.curve[None]).max(axis=2)
    return float(away.min(axis=1).max())


def found_tone(pixels: RgbArray) -> Tone:
    tone = tone_of(pixels, PLACE)
    assert tone is not None
    return tone


def test_a_photograph_in_colours_has_no_tone(photo: RgbArray) -> None:
    assert tone_of(photo, PLACE) is None
    assert tone_of(smooth(photo), PLACE) is None


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_pale_colours_are_colours(photo: RgbArray, share: float) -> None:
    pixels = smooth(photo)
    pale = grey(pixels) + share * (pixels.astype(float) - grey(pixels))
    assert tone_of(pale.round().astype(np.uint8), PLACE) is None


def test_a_patch_of_colour_makes_it_a_photograph_in_colours(photo: RgbArray) -> None:
    pixels = grey(smooth(photo))
    pixels[120:132, 140:152] = (200, 40, 40)
    assert tone_of(pixels, PLACE) is None


def test_colour_beside_the_square_does_not(photo: RgbArray) -> None:
    pixels = grey(smooth(photo))
    pixels[:30, :30] = (200, 40, 40)
    assert off_grey(found_tone(pixels).of_pixels(photo)) == 0


@pytest.mark.parametrize("quality", [95, 75, 40])
def test_jpeg_keeps_grey_grey(photo: RgbArray, quality: int) -> None:
    tone = found_tone(as_jpeg(grey(smooth(photo)), quality=quality))
    assert (tone.curve == np.arange(256)[:, None]).all()


def test_noise_of_scans_is_no_colour(photo: RgbArray) -> None:
    tone = found_tone(noisy(grey(smooth(photo)), levels=4))
    assert off_grey(tone.of_pixels(photo)) == 0


@pytest.mark.parametrize("make", [sepia, blue])
def test_a_tone_is_the_photographs_own(
    photo: RgbArray, make: Callable[[RgbArray], RgbArray]
) -> None:
    pixels = make(smooth(photo))
    tone = found_tone(pixels)
    shown = tone.of_pixels(pixels)
    # the darkest levels have too few pixels to have a colour of their own
    assert np.abs(shown.astype(int) - pixels).max() <= 5
    jpeg = as_jpeg(pixels, quality=85)
    assert np.abs(found_tone(jpeg).curve - tone.curve)[np.unique(luma_of(pixels))].max() < 4


def test_a_picture_is_toned_as_pixels_are(photo: RgbArray) -> None:
    tone = found_tone(sepia(smooth(photo)))
    picture = torch.from_numpy(photo.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
    shown = ((tone.of_picture(picture)[0].permute(1, 2, 0) + 1) * 127.5).numpy()
    assert np.abs(shown - tone.of_pixels(photo)).max() < 2


def test_a_square_outside_has_no_tone(photo: RgbArray) -> None:
    with pytest.raises(AlignmentError):
        tone_of(photo, manual_crop((9999, 0), side_px=128))


@pytest.mark.parametrize("tuned", [False, True])
@pytest.mark.parametrize("make", [grey, sepia])
def test_an_edit_of_a_photograph_of_one_tone_is_in_that_tone(
    stylegan2_128: PretrainedGenerator,
    photo: RgbArray,
    head: PreviewHead,
    make: Callable[[RgbArray], RgbArray],
    tuned: bool,
) -> None:
    pixels = make(smooth(photo))
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    begun = begin_photo(
        PhotoSource.of(content.getvalue(), name="photo.png"),
        PLACE,
        stylegan2_128,
        inversion=InversionSettings(steps=3, learning_rate=0.1),
        tuning=TuningSettings(steps=2) if tuned else None,
    )
    tone = found_tone(pixels)
    steps = list(invert_photo(begun, stylegan2_128, head=head))
    for step in steps:
        levels = ((step.picture[0].clamp(-1, 1) + 1) * 127.5).round().permute(1, 2, 0).numpy()
        assert off_tone(levels.astype(np.uint8), tone) <= 3
    edit = steps[-1].edit
    own = generator_of(edit, stylegan2_128)
    ws = edit.ws + 0.4 * torch.randn(edit.ws.shape, generator=torch.Generator().manual_seed(5))
    assert off_grey(grey(pixels)) == 0
    written = edited_photo(edit, own, ws).pixels
    changed = (written != pixels).any(axis=2)
    assert changed.mean() > 0.03
    assert off_tone(written[changed][None], tone) <= 3
    if make is grey:
        assert off_grey(written) == 0
    outside = np.ones(changed.shape, dtype=bool)
    outside[60:188, 80:208] = False
    assert not changed[outside].any()


def test_an_edit_of_colours_is_what_it_was(
    stylegan2_128: PretrainedGenerator, photo: RgbArray
) -> None:
    content = io.BytesIO()
    Image.fromarray(photo).save(content, "PNG")
    edit = begin_photo(PhotoSource.of(content.getvalue(), name="photo.png"), PLACE, stylegan2_128)
    ws = stylegan2_128.map(sample_z(4, z_dim=512), psi=0.7)
    before, after = (synthesize(stylegan2_128, one) for one in (edit.ws, ws))
    change = Edit(before=before, after=after, mask=edit_mask(before, after))
    assert (edited_photo(edit, stylegan2_128, ws).pixels == paste_back(photo, change, PLACE)).all()
