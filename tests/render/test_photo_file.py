import importlib
import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tugan.core.errors import MissingExtraError
from tugan.render import photo_file
from tugan.render.edit_mark import DIGITAL_SOURCE_TYPE, stamped
from tugan.render.photo_file import Photo, PhotoError, decode_photo, read_photo, write_photo

needs_heif = pytest.mark.skipif(
    importlib.util.find_spec("pillow_heif") is None, reason="needs the extra 'heic'"
)
GPS, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def halves(mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, 64 x 40."""
    picture = Image.new("RGB", (64, 40), (200, 30, 30))
    picture.paste((30, 30, 200), (32, 0, 64, 40))
    return picture.convert(mode)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def heic(picture: Image.Image, **options: object) -> bytes:
    """As a telephone writes it."""
    importlib.import_module("pillow_heif").register_heif_opener()
    return encoded(picture, "HEIF", quality=90, **options)


def test_an_ordinary_photograph_is_itself() -> None:
    photo = decode_photo(encoded(halves(), "PNG"))
    assert np.array_equal(photo.pixels, np.asarray(halves()))
    assert photo.alpha is None
    assert photo.remarks == ()
    assert photo.size_hw == (40, 64)


def test_a_photograph_lying_on_its_side_is_stood_up() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turn it clockwise to see it
    photo = decode_photo(encoded(halves(), "JPEG", exif=exif, quality=95))
    assert photo.size_hw == (64, 40)
    assert photo.pixels[5, 20, 0] > 150  # red is above
    assert photo.pixels[60, 20, 2] > 150
    # and nobody stands it up again
    assert ORIENTATION not in _exif(photo.exif)


def test_alpha_is_kept_and_what_is_invisible_is_white() -> None:
    picture = halves("RGBA")
    picture.paste((1, 2, 3, 0), (0, 0, 10, 10))
    photo = decode_photo(encoded(picture, "PNG"))
    assert photo.alpha is not None
    assert photo.alpha[5, 5] == 0
    assert photo.alpha[20, 20] == 255
    assert tuple(photo.pixels[5, 5]) == (255, 255, 255)
    assert tuple(photo.pixels[20, 20]) == (200, 30, 30)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1"])
def test_few_colours_become_rgb(mode: str) -> None:
    photo = decode_photo(encoded(halves(mode), "PNG"))
    assert photo.pixels.shape == (40, 64, 3)
    assert photo.alpha is None


def test_printing_colours_become_rgb_and_it_is_said() -> None:
    photo = decode_photo(encoded(halves("CMYK"), "JPEG", quality=95))
    assert np.abs(photo.pixels.astype(int) - np.asarray(halves())).mean() < 25
    assert "CMYK" in photo.remarks[0]


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    values = np.linspace(0, 65535, 64 * 40).reshape(40, 64).astype(np.uint16)
    photo = decode_photo(encoded(Image.fromarray(values), "PNG"))
    assert photo.pixels[0, 0, 0] == 0
    assert photo.pixels[20, 0, 0] == pytest.approx(128, abs=2)
    assert photo.pixels[-1, -1, 0] == 255
    assert "16" in photo.remarks[0]


def test_of_an_animation_the_first_frame_is_taken_and_it_is_said() -> None:
    second = Image.new("RGB", (64, 40), (0, 255, 0))
    content = encoded(halves(), "GIF", save_all=True, append_images=[second])
    photo = decode_photo(content)
    assert photo.pixels[20, 10, 0] > 150
    assert "first" in photo.remarks[0]


def test_heic_without_its_reader_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    content = b"\0\0\0\x18ftypheic" + bytes(64)
    with pytest.raises(MissingExtraError, match=r"tugan\[heic\]"):
        decode_photo(content, name="me.heic")


@needs_heif
def test_a_heic_photograph_is_read_with_what_it_says_of_itself(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[MAKE] = "Camera"
    exif.get_ifd(GPS)[2] = (52.0, 30.0, 0.0)
    photo = decode_photo(heic(halves(), exif=exif.tobytes()), name="me.heic")
    assert photo.size_hw == (40, 64)
    assert photo.alpha is None
    assert np.abs(photo.pixels.astype(int) - np.asarray(halves())).mean() < 6
    assert "location" in photo.remarks[0]
    # there is no HEIC to be written, so that it goes on as something else
    write_photo(tmp_path / "out.jpg", photo)
    with Image.open(tmp_path / "out.jpg") as written:
        assert written.getexif()[MAKE] == "Camera"
        assert GPS not in written.getexif()


@needs_heif
def test_a_heic_photograph_lying_on_its_side_is_stood_up_once() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    photo = decode_photo(heic(halves(), exif=exif.tobytes()))
    assert photo.size_hw == (64, 40)
    assert photo.pixels[5, 20, 0] > 150  # red is above
    assert photo.pixels[60, 20, 2] > 150
    assert ORIENTATION not in _exif(photo.exif)


@needs_heif
def test_a_heic_files_alpha_is_kept_and_of_several_pictures_the_first_is_taken() -> None:
    picture = halves("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize((64, 40)))
    alpha = decode_photo(heic(picture)).alpha
    assert alpha is not None
    assert np.abs(alpha.astype(int) - np.asarray(picture.getchannel("A"))).mean() < 6
    second = Image.new("RGB", (64, 40), (0, 255, 0))
    photo = decode_photo(heic(halves(), save_all=True, append_images=[second]))
    assert photo.pixels[20, 10, 0] > 150
    assert "first" in photo.remarks[0]


@needs_heif
def test_a_damaged_heic_file_is_a_sentence() -> None:
    whole = heic(halves())
    for length in range(32, len(whole) - 1, 97):
        with pytest.raises(PhotoError, match=r"^me\.heic cannot be read as a picture"):
            decode_photo(whole[:length], name="me.heic")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        encoded(halves(), "PNG")[:60],
        encoded(halves(), "JPEG")[:300],
        encoded(halves(), "PNG").replace(b"IDAT", b"IDAX"),
    ],
    ids=["empty", "text", "cut png", "cut jpeg", "no data"],
)
def test_damaged_files_are_a_sentence(content: bytes) -> None:
    with pytest.raises(PhotoError, match=r"^me\.png cannot be read as a picture"):
        decode_photo(content, name="me.png")


def test_every_truncation_is_an_error_or_a_picture() -> None:
    whole = encoded(halves(), "JPEG")
    for length in range(0, len(whole), 37):
        with pytest.raises(PhotoError):
            decode_photo(whole[:length])


def test_tiny_and_huge_pictures_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PhotoError, match="at least 32 px"):
        decode_photo(encoded(halves().resize((20, 20)), "PNG"))
    monkeypatch.setattr(photo_file, "MAX_PHOTO_PIXELS", 1000)
    with pytest.raises(PhotoError, match="make it smaller"):
        decode_photo(encoded(halves(), "PNG"))
    monkeypatch.setattr(photo_file, "MAX_PHOTO_BYTES", 10)
    with pytest.raises(PhotoError, match="larger than"):
        decode_photo(encoded(halves(), "PNG"))


def test_a_file_that_is_not_there_or_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PhotoError, match="there is no photograph"):
        read_photo(tmp_path / "none.png")
    halves().save(tmp_path / "a.png")
    monkeypatch.setattr(photo_file, "MAX_PHOTO_BYTES", 10)
    with pytest.raises(PhotoError, match="are read"):
        read_photo(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_metadata_is_kept_but_the_location_and_the_edit_is_marked(
    tmp_path: Path, suffix: str
) -> None:
    exif = Image.Exif()
    exif[MAKE] = "Camera"
    exif.get_ifd(GPS)[2] = (52.0, 30.0, 0.0)
    photo = decode_photo(encoded(halves(), "JPEG", exif=exif, icc_profile=SRGB))
    assert "location" in photo.remarks[0]
    path = tmp_path / f"out{suffix}"
    write_photo(path, photo)
    with Image.open(path) as written:
        assert written.getexif()[MAKE] == "Camera"
        assert GPS not in written.getexif()
        assert written.info["icc_profile"] == SRGB
    content = path.read_bytes()
    assert DIGITAL_SOURCE_TYPE.encode() in content
    assert b"compositeWithTrainedAlgorithmicMedia" in content


def test_an_unedited_photograph_is_not_marked(tmp_path: Path) -> None:
    write_photo(tmp_path / "out.png", decode_photo(encoded(halves(), "PNG")), edited=False)
    assert b"TrainedAlgorithmic" not in (tmp_path / "out.png").read_bytes()


def test_alpha_and_pixels_survive_a_png(tmp_path: Path) -> None:
    picture = halves("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize((64, 40)))
    photo = decode_photo(encoded(picture, "PNG"))
    write_photo(tmp_path / "out.png", photo)
    back = read_photo(tmp_path / "out.png")
    assert np.array_equal(back.pixels, photo.pixels)
    assert photo.alpha is not None
    assert back.alpha is not None
    assert np.array_equal(back.alpha, photo.alpha)
    write_photo(tmp_path / "out.jpg", photo)  # which has no alpha
    assert read_photo(tmp_path / "out.jpg").alpha is None


def test_the_visible_mark_is_small_and_in_the_corner() -> None:
    before = np.full((400, 600, 3), 128, dtype=np.uint8)
    changed = np.argwhere((stamped(before) != before).any(axis=2))
    assert len(changed) > 100
    assert changed.min(axis=0)[0] > 370
    assert changed.min(axis=0)[1] > 400
    assert (before == 128).all()


def test_pixels_of_another_size_are_refused() -> None:
    photo = Photo(pixels=np.zeros((40, 40, 3), dtype=np.uint8))
    with pytest.raises(ValueError, match="expected"):
        photo_file.with_pixels(photo, np.zeros((41, 40, 3), dtype=np.uint8))


def _exif(content: bytes) -> Image.Exif:
    found = Image.Exif()
    found.load(content)
    return found
