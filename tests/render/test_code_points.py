"""Colours that PNG, HEIC and AVIF describe by numbers (ITU-T H.273)."""

import importlib
import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from render.colour_asserts import first, flat, reference, said, shown, space_of, srgb
from render.made_pictures import encoded, packed, ramp, with_chunk
from tugan.render.cicp import PRIMARIES, CodePoints
from tugan.render.hdr_light import shown_as_srgb
from tugan.render.icc_profiles import SRGB_CURVE, rgb_profile
from tugan.render.photo_file import decode_photo, read_photo, write_photo

needs_heif = pytest.mark.skipif(
    importlib.util.find_spec("pillow_heif") is None, reason="needs the extra 'heic'"
)
P3 = (12, 13)


@pytest.mark.parametrize(
    "points", [P3, (9, 1), (9, 13), (11, 13), (1, 8), (1, 4), (5, 13), (6, 6), (12, 8), (12, 17)]
)
def test_a_pngs_code_points_become_a_profile(points: tuple[int, int], tmp_path: Path) -> None:
    content = with_chunk(encoded(flat(), "PNG"), b"cICP", bytes([*points, 0, 1]))
    photo = decode_photo(content)
    assert first(photo) == [200, 100, 50]
    assert space_of(photo.icc_profile) == "RGB"
    assert "described without a profile" in said(photo)
    assert shown(photo)[2, 2].tolist() == pytest.approx(reference((200, 100, 50), *points), abs=1.6)
    for suffix in (".png", ".jpg", ".webp"):
        write_photo(tmp_path / f"a{suffix}", photo)
        assert read_photo(tmp_path / f"a{suffix}").icc_profile == photo.icc_profile


@pytest.mark.parametrize("points", [(1, 13), (1, 1), (1, 6), (2, 13), (2, 2), (1, 14)])
def test_code_points_of_srgb_need_no_profile(points: tuple[int, int]) -> None:
    content = with_chunk(encoded(flat(), "PNG"), b"cICP", bytes([*points, 0, 1]))
    photo = decode_photo(content)
    assert photo.icc_profile == b""
    assert photo.remarks == ()


def test_cicp_outranks_a_profile_and_what_it_says_else_is_said() -> None:
    wide = rgb_profile("Display P3", PRIMARIES[12], SRGB_CURVE)
    content = encoded(flat(), "PNG", icc_profile=wide)
    photo = decode_photo(with_chunk(content, b"cICP", bytes([1, 13, 0, 1])))
    assert photo.icc_profile == b""
    assert "cICP outranks it" in said(photo)
    photo = decode_photo(with_chunk(content, b"cICP", bytes([77, 13, 0, 1])))
    assert photo.icc_profile == wide
    assert "no known meaning (primaries 77, transfer 13)" in said(photo)


def test_a_films_narrow_range_is_refused() -> None:
    with pytest.raises(Exception, match="narrow range"):
        decode_photo(with_chunk(encoded(flat(), "PNG"), b"cICP", bytes([1, 13, 0, 0])))


def test_greys_and_palettes_with_code_points_get_the_same_profile() -> None:
    for picture in (flat().convert("L"), flat().quantize(4), flat().convert("RGBA")):
        content = with_chunk(encoded(picture, "PNG"), b"cICP", bytes([*P3, 0, 1]))
        assert space_of(decode_photo(content).icc_profile) == "RGB"


@needs_heif
@pytest.mark.parametrize("points", [P3, (9, 13), (1, 13)])
def test_a_heics_code_points(points: tuple[int, int]) -> None:
    importlib.import_module("pillow_heif").register_heif_opener()
    content = encoded(
        Image.new("RGB", (64, 64), (200, 100, 50)),
        "HEIF",
        quality=-1,
        chroma=444,
        color_primaries=points[0],
        transfer_characteristics=points[1],
        matrix_coefficients=0,
    )
    photo = decode_photo(content)
    assert first(photo) == pytest.approx([200, 100, 50], abs=1)
    assert shown(photo)[2, 2].tolist() == pytest.approx(reference((200, 100, 50), *points), abs=2.5)
    assert bool(photo.icc_profile) == (points != (1, 13))
    wide = rgb_profile("Display P3", PRIMARIES[12], SRGB_CURVE)
    content = encoded(Image.new("RGB", (64, 64)), "HEIF", icc_profile=wide)
    assert decode_photo(content).icc_profile == wide


@pytest.mark.parametrize("points", [P3, (9, 1), (1, 13), (1, 1)])
@pytest.mark.parametrize("bits", [8, 10])
def test_an_avifs_code_points(points: tuple[int, int], bits: int) -> None:
    colour = np.empty((64, 64, 3), np.uint8 if bits == 8 else np.uint16)
    colour[...] = np.array([200, 100, 50]) * ((1 << bits) - 1) // 255
    content = packed(
        "avif",
        colour,
        level=100,
        bitspersample=bits,
        pixelformat="444",
        primaries=points[0],
        transfer=points[1],
    )
    photo = decode_photo(content)
    assert shown(photo)[2, 2].tolist() == pytest.approx(reference((200, 100, 50), *points), abs=2.5)
    assert bool(photo.icc_profile) == (points[0] != 1)


def test_an_avif_in_a_general_container_needs_no_heic_reader() -> None:
    content = encoded(flat(), "AVIF", quality=100)
    assert content[8:12] == b"avif"
    photo = decode_photo(content[:8] + b"mif1" + content[12:])
    assert first(photo) == pytest.approx([200, 100, 50], abs=3)


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("kind", ["PNG", "AVIF"])
def test_high_dynamic_range_becomes_srgb(transfer: int, kind: str) -> None:
    levels = np.dstack([ramp(8)] * 3)
    if kind == "PNG":
        content = with_chunk(
            encoded(Image.fromarray(levels), "PNG"), b"cICP", bytes([9, transfer, 0, 1])
        )
    else:
        content = packed(
            "avif", levels, level=100, pixelformat="444", primaries=9, transfer=transfer
        )
    photo = decode_photo(content)
    assert photo.icc_profile == b""
    assert "high dynamic range" in said(photo)
    greys = photo.pixels[..., 1].flatten().astype(int)
    assert all(b >= a for a, b in pairwise(greys))
    assert (photo.pixels.max(axis=2) - photo.pixels.min(axis=2)).max() <= 1
    assert greys[0] == 0
    assert greys[-1] == 255


def test_light_of_high_dynamic_range_is_that_of_the_standard() -> None:
    """BT.2408: white at 203 cd/m2 is 58 % of PQ and 75 % of HLG; half of it is linear below."""
    for transfer, code in ((16, 0.5807), (18, 0.75)):
        pixels = np.full((1, 1, 3), round(code * 255), np.uint8)
        found = shown_as_srgb(pixels, CodePoints(primaries=9, transfer=transfer))
        # the knee: 0.75 + 0.25 * (1 - exp(-1))
        assert found[0, 0].tolist() == pytest.approx([srgb(0.908)] * 3, abs=2.5)
    for light_cd_m2 in (10.0, 50.0, 101.5, 150.0):
        power = (light_cd_m2 / 10000) ** 0.1593017578125
        code = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
        pixels = np.full((1, 1, 3), round(code * 255), np.uint8)
        found = shown_as_srgb(pixels, CodePoints(primaries=1, transfer=16))
        assert found[0, 0].tolist() == pytest.approx([srgb(light_cd_m2 / 203)] * 3, abs=2)
