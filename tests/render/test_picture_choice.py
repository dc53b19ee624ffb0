"""Of a file with several pictures the photograph is taken, not its thumbnail."""

import importlib
import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image

from render.made_pictures import encoded
from tugan.core.errors import InvalidDragError
from tugan.render.image_file import read_mask
from tugan.render.photo_file import Photo, PhotoError, decode_photo

needs_heif = pytest.mark.skipif(
    importlib.util.find_spec("pillow_heif") is None, reason="needs the extra 'heic'"
)
REDUCED, MASK = 1, 4
ORIENTATION, MAKE = 274, 271


def flat(height: int, width: int, value: int) -> npt.NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


def pages(*given: tuple[npt.NDArray[Any], dict[str, Any]], big: bool = False) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, bigtiff=big) as writer:
        for pixels, options in given:
            how: dict[str, Any] = {"photometric": "rgb", "metadata": None, **options}
            writer.write(pixels, **how)
    return file.getvalue()


def is_the_picture(photo: Photo, size_hw: tuple[int, int] = (200, 300), value: int = 20) -> None:
    assert photo.size_hw == size_hw
    assert np.abs(photo.pixels.astype(int) - value).max() <= 2


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("compression", [None, "zlib", "jpeg"])
def test_the_picture_below_a_reduced_one(
    big: bool, compression: str | None, tmp_path: Path
) -> None:
    content = pages(
        (flat(40, 60, 200), {"subfiletype": REDUCED, "subifds": 1}),
        (flat(200, 300, 20), {"subfiletype": 0, "compression": compression}),
        big=big,
    )
    photo = decode_photo(content)
    is_the_picture(photo)
    assert photo.remarks == ()
    (tmp_path / "m.tif").write_bytes(content)
    assert read_mask(tmp_path / "m.tif").shape == (200, 300)


def test_the_largest_full_one_below_is_taken() -> None:
    photo = decode_photo(
        pages(
            (flat(40, 60, 200), {"subfiletype": REDUCED, "subifds": 3}),
            (flat(100, 150, 90), {"subfiletype": 0}),
            (flat(200, 300, 20), {"subfiletype": 0}),
            (flat(400, 600, 70), {"subfiletype": REDUCED}),
        )
    )
    is_the_picture(photo)


def test_the_full_one_after_a_reduced_one() -> None:
    content = pages(
        (flat(40, 60, 200), {"subfiletype": REDUCED}), (flat(200, 300, 20), {"subfiletype": 0})
    )
    photo = decode_photo(content)
    is_the_picture(photo)
    assert photo.remarks == ()


def test_an_older_mark_of_a_reduced_one() -> None:
    old = {"extratags": [(255, "H", 1, 2, True)]}
    content = pages((flat(40, 60, 200), old), (flat(200, 300, 20), {}))
    is_the_picture(decode_photo(content))


def test_a_thumbnail_whose_larger_picture_is_below_it_needs_no_mark() -> None:
    content = pages((flat(40, 60, 200), {"subifds": 1}), (flat(200, 300, 20), {}))
    is_the_picture(decode_photo(content))


def test_smaller_copies_below_and_after_change_nothing() -> None:
    reduced = {"subfiletype": REDUCED}
    content = pages(
        (flat(200, 300, 20), {"subifds": 1}),
        (flat(100, 150, 99), reduced),
        (flat(50, 75, 9), reduced),
    )
    photo = decode_photo(content)
    is_the_picture(photo)
    assert photo.remarks == ()


def test_of_several_pages_the_first_is_taken_and_it_is_said() -> None:
    photo = decode_photo(pages((flat(200, 300, 20), {}), (flat(400, 600, 99), {})))
    is_the_picture(photo)
    assert "several pages: the first one is taken" in photo.remarks[0]
    ten = pages(*((flat(200, 300, 20 + k), {}) for k in range(10)))
    is_the_picture(decode_photo(ten))


def test_a_mask_of_the_picture_is_no_page_of_it() -> None:
    whole: tuple[npt.NDArray[Any], dict[str, Any]] = (flat(200, 300, 20), {})
    shape = (np.ones((200, 300), np.bool_), {"photometric": 4, "subfiletype": MASK})
    photo = decode_photo(pages(whole, shape))
    is_the_picture(photo)
    assert photo.remarks == ()


def test_a_lonely_reduced_picture_is_taken_and_it_is_said() -> None:
    photo = decode_photo(pages((flat(200, 300, 20), {"subfiletype": REDUCED})))
    is_the_picture(photo)
    assert "reduced one, but has no other" in photo.remarks[0]


def test_a_full_picture_of_odd_numbers_is_refused_and_its_thumbnail_not_edited() -> None:
    signed = flat(200, 300, 20).astype(np.int16)
    content = pages(
        (flat(40, 60, 200), {"subfiletype": REDUCED, "subifds": 1}), (signed, {"subfiletype": 0})
    )
    with pytest.raises(PhotoError, match="16-bit signed RGB"):
        decode_photo(content)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("of_the_first", [True, False])
def test_it_stands_as_its_directory_says_or_the_first(orientation: int, of_the_first: bool) -> None:
    pixels = np.zeros((200, 300, 3), np.uint8)
    pixels[:50, :50] = (255, 0, 0)
    pixels[-50:, :50] = (0, 0, 255)
    turn = {"extratags": [(ORIENTATION, "H", 1, orientation, True)]}
    make = (MAKE, "s", 0, "Camera", True)
    first: dict[str, Any] = {"subfiletype": REDUCED, "subifds": 1}
    first["extratags"] = [make, *(turn["extratags"] if of_the_first else [])]
    content = pages((flat(40, 60, 9), first), (pixels, {} if of_the_first else turn))
    photo = decode_photo(content)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    alone = decode_photo(encoded(Image.fromarray(pixels), "PNG", exif=exif.tobytes()))
    assert np.array_equal(photo.pixels, alone.pixels)
    kept = Image.Exif()
    kept.load(photo.exif)
    assert kept[MAKE] == "Camera"
    assert ORIENTATION not in kept


def raw_file(kind: str, preview_hw: tuple[int, int] | None, *, below: bool = True) -> bytes:
    """As a camera or a converter writes it: a thumbnail, the sensor's numbers, a preview."""
    sensor = np.zeros((2000, 3000), np.uint16)
    if kind == "linear_raw":
        sensor = np.zeros((2000, 3000, 3), np.uint16)
    raw: tuple[npt.NDArray[Any], dict[str, Any]] = (
        sensor,
        {"photometric": kind, "subfiletype": 0, "compression": "zlib"},
    )
    preview: Sequence[tuple[npt.NDArray[Any], dict[str, Any]]] = ()
    if preview_hw is not None:
        preview = [(flat(*preview_hw, 20), {"subfiletype": REDUCED, "compression": "jpeg"})]
    first: dict[str, Any] = {"subfiletype": REDUCED}
    if below:
        first["subifds"] = 1 + len(preview)
    return pages((flat(40, 60, 200), first), raw, *preview)


@pytest.mark.parametrize("kind", ["cfa", "linear_raw"])
@pytest.mark.parametrize("below", [True, False])
def test_a_raw_photographs_large_preview_is_taken_and_it_is_said(kind: str, below: bool) -> None:
    photo = decode_photo(raw_file(kind, (800, 1200), below=below))
    is_the_picture(photo, (800, 1200))
    assert "raw photograph (3000 x 2000 px): its preview of 1200 x 800 px" in photo.remarks[0]


@pytest.mark.parametrize("kind", ["cfa", "linear_raw"])
@pytest.mark.parametrize("preview_hw", [None, (200, 300)])
def test_a_raw_photograph_with_a_small_preview_is_refused(
    kind: str, preview_hw: tuple[int, int] | None, tmp_path: Path
) -> None:
    content = raw_file(kind, preview_hw)
    with pytest.raises(PhotoError, match=r"raw photograph \(3000 x 2000 px\).*develop it"):
        decode_photo(content)
    (tmp_path / "m.dng").write_bytes(content)
    with pytest.raises(InvalidDragError, match="develop it"):
        read_mask(tmp_path / "m.dng")


def test_directories_that_go_in_circles_end() -> None:
    content = bytearray(pages((flat(200, 300, 20), {"subifds": 1}), (flat(40, 60, 9), {})))
    first = int.from_bytes(content[4:8], "little")
    count = int.from_bytes(content[first : first + 2], "little")
    end = first + 2 + 12 * count
    content[end : end + 4] = content[4:8]
    is_the_picture(decode_photo(bytes(content)))
    for index in range(count):
        at = first + 2 + 12 * index
        if int.from_bytes(content[at : at + 2], "little") == 330:
            content[at + 8 : at + 12] = content[4:8]
    is_the_picture(decode_photo(bytes(content)))


@needs_heif
@pytest.mark.parametrize("primary", [0, 1, 2])
def test_of_a_heics_pictures_the_main_one_is_taken_and_it_is_said(primary: int) -> None:
    importlib.import_module("pillow_heif").register_heif_opener()
    several = [Image.new("RGB", (300, 200), (20 + 60 * k,) * 3) for k in range(3)]
    content = encoded(
        several[0],
        "HEIF",
        quality=90,
        save_all=True,
        append_images=several[1:],
        primary_index=primary,
    )
    photo = decode_photo(content)
    is_the_picture(photo, value=20 + 60 * primary)
    assert f"the {'main' if primary else 'first'} one is taken" in photo.remarks[0]


def test_of_an_avifs_and_a_jpegs_pictures_the_first_is_taken_and_it_is_said() -> None:
    for kind in ("AVIF", "MPO", "PNG", "GIF", "WEBP", "TIFF"):
        several = [Image.new("RGB", (300, 200), (20 + 20 * k,) * 3) for k in range(10)]
        options = {"quality": 95} if kind in ("AVIF", "WEBP") else {}
        content = encoded(several[0], kind, save_all=True, append_images=several[1:], **options)
        photo = decode_photo(content)
        is_the_picture(photo)
        assert "the first one is taken" in photo.remarks[0], kind
