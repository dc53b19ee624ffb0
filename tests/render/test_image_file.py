from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tugan.core.errors import InvalidDragError, OutputError
from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize
from tugan.render.image_file import check_image_path, read_mask, write_image

EXIF_ORIENTATION = 0x112

Colour = int | str | tuple[int, ...]


@pytest.fixture
def pixels() -> RgbArray:
    """A smooth ramp, 12 px high and 20 wide, that lossy formats keep well."""
    y, x = np.mgrid[0:12, 0:20]
    return np.stack([x * 12, y * 20, 255 - x * 12], axis=-1).astype(np.uint8)


def saved(path: Path, picture: Image.Image) -> Path:
    picture.save(path)
    return path


def test_png_gives_back_every_pixel(tmp_path: Path, pixels: RgbArray) -> None:
    write_image(tmp_path / "a.png", pixels)
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.format == "PNG"
        assert np.array_equal(np.asarray(opened), pixels)


def test_a_face_is_a_png_as_small_as_by_default(tmp_path: Path, faces: PretrainedGenerator) -> None:
    face = to_rgb_array(synthesize(faces, faces.map(sample_z(2, z_dim=faces.info.z_dim))))
    write_image(tmp_path / "ours.png", face)
    Image.fromarray(face).save(tmp_path / "default.png")
    with Image.open(tmp_path / "ours.png") as opened:
        assert np.array_equal(np.asarray(opened), face)
    ours, default = ((tmp_path / name).stat().st_size for name in ("ours.png", "default.png"))
    assert ours < 1.06 * default


@pytest.mark.parametrize(
    ("name", "format_name"),
    [("a.jpg", "JPEG"), ("a.jpeg", "JPEG"), ("a.JPG", "JPEG"), ("a.webp", "WEBP")],
)
def test_the_suffix_chooses_the_format(
    tmp_path: Path, pixels: RgbArray, name: str, format_name: str
) -> None:
    write_image(tmp_path / name, pixels)
    with Image.open(tmp_path / name) as opened:
        assert opened.format == format_name
        difference = np.asarray(opened.convert("RGB")).astype(int) - pixels
    assert np.abs(difference).mean() < 6


@pytest.mark.parametrize("name", ["a.txt", "a", "a.tiff", "png", "a.png.bak"])
def test_an_unknown_suffix_is_refused_with_those_there_are(
    tmp_path: Path, pixels: RgbArray, name: str
) -> None:
    with pytest.raises(OutputError, match=r"ends in one of \.png, \.jpg, \.jpeg, \.webp"):
        write_image(tmp_path / name, pixels)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_has_no_place_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file, not a folder"):
        check_image_path(tmp_path / "file" / "a.png")


def test_a_grey_mask_keeps_its_levels(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 51, 255], [255, 204, 0]], dtype=np.uint8))
    mask = read_mask(saved(tmp_path / "m.png", picture))
    assert mask.shape == (2, 3)
    assert mask.flatten().tolist() == pytest.approx([0, 0.2, 1, 1, 0.8, 0])


@pytest.mark.parametrize(
    ("mode", "white", "black"),
    [
        ("1", 1, 0),
        ("L", 255, 0),
        ("RGB", "white", "black"),
        ("CMYK", (0, 0, 0, 0), (0, 0, 0, 255)),
        ("I;16", 65535, 0),
    ],
)
def test_white_is_one_and_black_is_zero_in_every_mode(
    tmp_path: Path, mode: str, white: Colour, black: Colour
) -> None:
    suffix = "tiff" if mode == "CMYK" else "png"
    for colour, level in ((white, 1.0), (black, 0.0)):
        path = saved(tmp_path / f"m.{suffix}", Image.new(mode, (4, 3), colour))
        assert read_mask(path).unique().tolist() == [level]


def test_a_16_bit_mask_keeps_its_levels(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.png", Image.new("I;16", (2, 2), 0x4000))
    assert read_mask(path).max() == pytest.approx(0.25, abs=0.01)


def test_what_is_transparent_counts_as_black(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (3, 1), (255, 255, 255, 255))
    picture.putpixel((1, 0), (255, 255, 255, 0))
    picture.putpixel((2, 0), (255, 255, 255, 51))
    mask = read_mask(saved(tmp_path / "m.png", picture))
    assert mask.flatten().tolist() == pytest.approx([1, 0, 0.2])


def test_the_transparent_colour_of_a_palette_counts_as_black(tmp_path: Path) -> None:
    picture = Image.new("P", (2, 1), 0)
    picture.putpalette([255, 255, 255, 255, 255, 255])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "m.png", transparency=1)
    assert read_mask(tmp_path / "m.png").flatten().tolist() == [1, 0]


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_mask_lies_as_its_orientation_says(tmp_path: Path, suffix: str) -> None:
    picture = Image.new("RGB", (64, 32), "black")
    picture.paste("white", (0, 0, 16, 16))
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6  # to be shown turned a quarter to the right
    path = tmp_path / f"m.{suffix}"
    picture.save(path, exif=exif)
    mask = read_mask(path)
    assert mask.shape == (64, 32)
    assert mask[:12, 20:].min() > 0.9
    assert mask[24:, :].max() < 0.1


def test_a_missing_mask_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidDragError, match=r"there is no mask file .*gone\.png"):
        read_mask(tmp_path / "gone.png")


def corruptions() -> list[tuple[str, bytes]]:
    return [
        ("empty.png", b""),
        ("text.png", b"no picture at all"),
        ("head.png", b"\x89PNG\r\n\x1a\n"),
        ("head.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF"),
        ("head.gif", b"GIF89a\x04\x00\x04\x00"),
    ]


@pytest.mark.parametrize(("name", "content"), corruptions())
def test_what_is_no_picture_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidDragError, match="cannot be read as a picture"):
        read_mask(tmp_path / name)


def test_a_picture_whose_size_is_no_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.ppm").write_bytes(b"P5\n4 x4\n255\n" + bytes(16))
    with pytest.raises(InvalidDragError, match="cannot be read as a picture"):
        read_mask(tmp_path / "m.ppm")


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "tiff"])
def test_a_truncated_picture_is_refused(tmp_path: Path, suffix: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    whole = saved(tmp_path / f"m.{suffix}", Image.fromarray(noise)).read_bytes()
    path = tmp_path / f"half.{suffix}"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InvalidDragError, match="cannot be read as a picture"):
        read_mask(path)


def test_a_folder_is_no_mask(tmp_path: Path) -> None:
    with pytest.raises(InvalidDragError, match="is a folder"):
        read_mask(tmp_path)


@pytest.mark.parametrize(
    "side_px",
    [
        8001,
        10_000,
        20_000,
    ],
)
def test_a_huge_mask_is_refused_before_it_is_decoded(tmp_path: Path, side_px: int) -> None:
    small = saved(tmp_path / "m.bmp", Image.new("L", (1, 1))).read_bytes()
    side = side_px.to_bytes(4, "little")
    (tmp_path / "m.bmp").write_bytes(small[:18] + side + side + small[26:])
    with pytest.raises(InvalidDragError, match=r"m\.bmp"):
        read_mask(tmp_path / "m.bmp")
