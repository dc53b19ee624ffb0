"""What a photograph's numbers mean as colours is kept, converted, or left out with a sentence."""

import io
import struct
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from render.colour_asserts import first, flat, reference, said, shown, srgb
from render.made_pictures import SRGB, encoded, grey_icc, packed, raw_tiff, tiff, with_chunk
from tugan.render.cicp import PRIMARIES
from tugan.render.icc_profiles import SRGB_CURVE, rgb_profile
from tugan.render.image_file import read_mask
from tugan.render.photo_file import Photo, decode_photo, read_photo, write_photo

P3 = (12, 13)
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
MAKE, EXIF_IFD, COLOUR_SPACE, INTEROP_IFD = 0x010F, 0x8769, 0xA001, 0xA005
FORMATS = ("PNG", "TIFF", "WEBP", "JPEG", "AVIF")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("value", [10, 100, 250])
def test_greys_with_a_profile_become_srgb(kind: str, gamma: float, value: int) -> None:
    content = encoded(Image.new("L", (40, 40), value), kind, icc_profile=grey_icc(gamma))
    photo = decode_photo(content)
    rounded = round(gamma * 256) / 256  # as the profile has it
    assert first(photo) == pytest.approx([srgb((value / 255) ** rounded)] * 3, abs=1)
    assert photo.icc_profile == b""
    assert "sRGB" in said(photo)


def test_dark_greys_of_16_bits_are_converted_from_all_their_bits() -> None:
    levels = Image.fromarray(np.full((40, 40), 100, np.uint16))
    photo = decode_photo(encoded(levels, "PNG", icc_profile=grey_icc(1.0)))
    assert first(photo) == pytest.approx([srgb(100 / 65535)] * 3, abs=1)


def test_grey_with_alpha_and_a_profile_is_converted_and_written_without_it(tmp_path: Path) -> None:
    picture = Image.new("LA", (40, 40), (100, 200))
    photo = decode_photo(encoded(picture, "PNG", icc_profile=grey_icc(1.0)))
    assert first(photo) == [168, 168, 168]
    assert photo.alpha is not None
    assert photo.alpha[2, 2] == 200
    write_photo(tmp_path / "a.png", photo)
    with Image.open(tmp_path / "a.png") as written:
        assert "icc_profile" not in written.info


@pytest.mark.parametrize("kind", FORMATS)
def test_colours_and_palettes_keep_an_rgb_profile(kind: str, tmp_path: Path) -> None:
    wide = rgb_profile("Display P3", PRIMARIES[12], SRGB_CURVE)
    pictures = [flat(), flat().convert("RGBA")] if kind != "JPEG" else [flat()]
    if kind in ("PNG", "TIFF"):
        pictures += [flat().quantize(4), flat().convert("L")]
    for picture in pictures:
        photo = decode_photo(encoded(picture, kind, icc_profile=wide))
        assert photo.icc_profile == wide, picture.mode
        assert photo.remarks == ()
        write_photo(tmp_path / "b.png", photo)
        assert read_photo(tmp_path / "b.png").icc_profile == wide


@pytest.mark.parametrize(
    ("mode", "profile", "saying"),
    [
        ("RGB", grey_icc(1.0), "one for GRAY pixels and was left out"),
        ("P", grey_icc(1.0), "one for GRAY pixels and was left out"),
        ("RGB", LAB, "one for Lab pixels and was left out"),
        ("L", LAB, "one for Lab pixels and was left out"),
        ("CMYK", SRGB, "one for RGB pixels and was left out"),
        ("RGB", b"profile", "damaged and was left out"),
        ("L", b"profile", "damaged and was left out"),
        ("CMYK", b"profile", "damaged and was left out"),
        ("RGB", SRGB[: len(SRGB) // 2], "damaged and was left out"),
    ],
)
def test_a_profile_that_is_damaged_or_of_other_pixels_is_left_out(
    mode: str, profile: bytes, saying: str
) -> None:
    photo = decode_photo(encoded(flat().convert(mode), "TIFF", icc_profile=profile))
    assert photo.icc_profile == b""
    assert saying in said(photo)


def test_a_huge_profile_is_left_out() -> None:
    content = encoded(flat(), "TIFF", icc_profile=SRGB + bytes(17_000_000))
    assert "17 MB and was left out" in said(decode_photo(content))


@pytest.mark.parametrize(
    ("gamma", "value", "wanted"), [(1.0, 100, 168), (0.55555, 100, 119), (0.45455, 100, 100)]
)
@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_a_pngs_gamma(gamma: float, value: int, wanted: int, mode: str) -> None:
    picture = flat((value,) * 3).convert(mode, palette=Image.Palette.ADAPTIVE)
    content = with_chunk(encoded(picture, "PNG"), b"gAMA", struct.pack(">I", round(gamma * 100000)))
    photo = decode_photo(content)
    assert first(photo) == [value] * 3
    exact = srgb((value / 255) ** (1 / gamma)) if wanted != value else value
    assert wanted == pytest.approx(exact, abs=2)
    assert shown(photo)[2, 2].tolist() == pytest.approx([exact] * 3, abs=1)
    assert bool(photo.icc_profile) == (wanted != value)
    # sRGB outranks it
    plain = decode_photo(with_chunk(content, b"sRGB", b"\0"))
    assert plain.icc_profile == b""


def test_a_pngs_chromaticities() -> None:
    x, y = PRIMARIES[12][0::2], PRIMARIES[12][1::2]
    order = [3, 0, 1, 2]
    numbers = [round(100000 * value) for k in order for value in (x[k], y[k])]
    content = with_chunk(encoded(flat(), "PNG"), b"gAMA", struct.pack(">I", 45455))
    photo = decode_photo(with_chunk(content, b"cHRM", struct.pack(">8I", *numbers)))
    assert shown(photo)[2, 2].tolist() == pytest.approx(reference((200, 100, 50), *P3), abs=1.6)
    for wrong in ([0] * 8, [31270, 32900, *[50000] * 6]):
        photo = decode_photo(with_chunk(content, b"cHRM", struct.pack(">8I", *wrong)))
        assert photo.icc_profile == b""
        assert "damaged and was left out" in said(photo)


@pytest.mark.parametrize("space", [1, 2, 0xFFFF])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_adobe_rgb_by_exif(kind: str, space: int) -> None:
    tags = Image.Exif()
    tags[MAKE] = "Camera"  # Pillow leaves out what has nothing beside the other directory
    tags.get_ifd(EXIF_IFD)[COLOUR_SPACE] = space
    exif = tags.tobytes()
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    if kind == "WEBP":
        options = {"lossless": True}
    photo = decode_photo(encoded(flat((0, 200, 0)), kind, exif=exif, **options))
    assert bool(photo.icc_profile) == (space == 2)
    assert ("Adobe RGB" in said(photo)) == (space == 2)
    if space == 2:
        assert shown(photo)[2, 2, 1] == pytest.approx(srgb((200 / 255) ** 2.2), abs=2)
    photo = decode_photo(encoded(flat(), kind, exif=exif, icc_profile=SRGB))
    assert photo.icc_profile == SRGB


def test_adobe_rgb_by_its_name_of_an_optional_file() -> None:
    for index, found in (("R03", True), ("R98", False)):
        exif = Image.Exif()
        exif[MAKE] = "Camera"
        exif.get_ifd(EXIF_IFD)[COLOUR_SPACE] = 0xFFFF
        exif.get_ifd(EXIF_IFD)[INTEROP_IFD] = {1: index}
        photo = decode_photo(encoded(flat(), "JPEG", exif=exif))
        assert ("Adobe RGB" in said(photo)) == found


def test_a_tiffs_primaries() -> None:
    body = np.asarray(flat()).tobytes()
    tags = {256: (4, [40]), 257: (4, [40]), 258: (3, [8, 8, 8]), 259: (3, [1]), 262: (3, [2])}
    tags |= {277: (3, [3]), 278: (4, [40])}
    content = raw_tiff(tags, body)
    assert decode_photo(content).icc_profile == b""
    rationals = [(round(value * 10000), 10000) for value in PRIMARIES[12]]
    content = tiff(
        np.asarray(flat()),
        photometric="rgb",
        extratags=[
            (319, "2I", 6, tuple(n for pair in rationals[:6] for n in pair), True),
            (318, "2I", 2, tuple(n for pair in rationals[6:] for n in pair), True),
        ],
    )
    photo = decode_photo(content)
    assert shown(photo)[2, 2].tolist() == pytest.approx(reference((200, 100, 50), *P3), abs=1.6)


def test_a_jpeg_2000s_profile_is_kept() -> None:
    plain = packed("jpeg2k", np.asarray(flat()), level=0, codecformat="jp2")
    at = plain.index(b"colr") - 4
    length = int.from_bytes(plain[at : at + 4], "big")
    box = struct.pack(">I4sBBB", 11 + len(SRGB), b"colr", 2, 0, 0) + SRGB
    head = plain.index(b"jp2h") - 4
    size = int.from_bytes(plain[head : head + 4], "big") + len(box) - length
    content = plain[:head] + struct.pack(">I", size) + plain[head + 4 : at] + box
    content += plain[at + length :]
    photo = decode_photo(content)
    assert photo.icc_profile == SRGB
    assert np.array_equal(photo.pixels, imagecodecs.jpeg2k_decode(content))


def test_our_profiles_are_those_of_the_standards() -> None:
    identity = rgb_profile("sRGB", PRIMARIES[1], SRGB_CURVE)
    colours: npt.NDArray[np.uint8] = np.random.default_rng(0).integers(
        0, 256, (64, 64, 3), dtype=np.uint8
    )
    assert (
        np.abs(shown(Photo(pixels=colours, icc_profile=identity)).astype(int) - colours).max() <= 1
    )
    profile = ImageCms.ImageCmsProfile(
        io.BytesIO(rgb_profile("Display P3", PRIMARIES[12], SRGB_CURVE))
    ).profile
    # as published for Display P3, relative to D50
    assert profile.red_colorant is not None
    assert profile.red_colorant[0] == pytest.approx((0.51512, 0.24120, -0.00105), abs=2e-4)
    assert profile.green_colorant is not None
    assert profile.green_colorant[0] == pytest.approx((0.29198, 0.69225, 0.04189), abs=2e-4)
    assert profile.profile_description == "Display P3"


def test_a_masks_numbers_are_numbers(tmp_path: Path) -> None:
    content = encoded(Image.new("L", (40, 40), 100), "PNG", icc_profile=grey_icc(1.0))
    (tmp_path / "m.png").write_bytes(content)
    assert read_mask(tmp_path / "m.png")[2, 2] == pytest.approx(100 / 255)
    (tmp_path / "m.png").write_bytes(with_chunk(content, b"cICP", bytes([9, 16, 0, 1])))
    assert read_mask(tmp_path / "m.png")[2, 2] == pytest.approx(100 / 255)
    colours = np.asarray(flat())
    (tmp_path / "m.png").write_bytes(encoded(flat(), "PNG"))
    grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)[0, 0]
    assert read_mask(tmp_path / "m.png")[2, 2] * 255 == pytest.approx(grey, abs=1)
