"""What a photograph's numbers mean as colours is kept, converted, or left out with a sentence."""

import importlib
import importlib.util
import io
import struct
from itertools import pairwise
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from render.made_pictures import SRGB, encoded, grey_icc, packed, ramp, raw_tiff, tiff, with_chunk
from tugan.core.images import RgbArray
from tugan.render.cicp import PRIMARIES, CodePoints
from tugan.render.hdr_light import shown_as_srgb
from tugan.render.icc_profiles import SRGB_CURVE, rgb_profile
from tugan.render.image_file import read_mask
from tugan.render.photo_file import Photo, decode_photo, read_photo, write_photo

needs_heif = pytest.mark.skipif(
    importlib.util.find_spec("pillow_heif") is None, reason="needs the extra 'heic'"
)
P3 = (12, 13)
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
MAKE, EXIF_IFD, COLOUR_SPACE, INTEROP_IFD = 0x010F, 0x8769, 0xA001, 0xA005
FORMATS = ("PNG", "TIFF", "WEBP", "JPEG", "AVIF")


def srgb(linear: float) -> float:
    """0 to 1 as 0 to 255 (IEC 61966-2-1)."""
    curved = linear * 12.92 if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return 255 * curved


def first(photo: Photo) -> list[int]:
    return [int(value) for value in photo.pixels[2, 2]]


def said(photo: Photo) -> str:
    return " ".join(photo.remarks)


def space_of(profile: bytes) -> str:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip()


def shown(photo: Photo) -> RgbArray:
    """As a screen of sRGB shows it, by littleCMS."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(photo.icc_profile or SRGB))
    transform = ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        "RGB",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    picture = Image.fromarray(photo.pixels)
    ImageCms.applyTransform(picture, transform, inPlace=True)
    return np.asarray(picture)


def flat(colour: tuple[int, ...] = (200, 100, 50)) -> Image.Image:
    return Image.new("RGB", (40, 40), colour)


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


def reference(colour: tuple[int, int, int], primaries: int, transfer: int) -> list[float]:
    """What sRGB has for a colour: published matrices to XYZ (D65), and their inverse for sRGB."""
    code = np.array(colour) / 255
    gammas = {8: 1.0, 4: 2.2, 17: 2.6}
    curved = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    linear = code ** gammas[transfer] if transfer in gammas else curved
    to_xyz = {
        1: [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041]],
        5: [[0.4305538, 0.3415498, 0.1783523], [0.2220043, 0.7066548, 0.0713409],
            [0.0201822, 0.1295534, 0.9393222]],
        6: [[0.3935209, 0.3652581, 0.1916769], [0.2123764, 0.7010599, 0.0865638],
            [0.0187391, 0.1119339, 0.9583847]],
        9: [[0.6369580, 0.1446169, 0.1688810], [0.2627002, 0.6779981, 0.0593017],
            [0.0, 0.0280727, 1.0609851]],
        12: [[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869],
             [0.0, 0.0451134, 1.0439444]],
        11: [[0.4451698, 0.2771344, 0.1722827], [0.2094917, 0.7215953, 0.0689131],
             [0.0, 0.0470606, 0.9073554]],
    }  # fmt: skip
    xyz = np.array(to_xyz[primaries]) @ linear
    if primaries == 11:  # its white is not D65: Bradford's way there
        cones = np.array(
            [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
        )
        to, of = (cones @ np.array(to_xyz[k]).sum(axis=1) for k in (1, 11))
        xyz = np.linalg.inv(cones) @ np.diag(to / of) @ cones @ xyz
    found = np.linalg.inv(np.array(to_xyz[1])) @ xyz
    return [srgb(float(value)) for value in found.clip(0, 1)]


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
