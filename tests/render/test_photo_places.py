"""No place of a photograph is in any output, whatever block, container or format held it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from render.carriers import CARRIERS, GPS, WORD, exif, traces, traces_in, with_segments
from tugan.inversion.align import manual_crop
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.inversion.photo_edit_file import load_photo_edit, save_photo_edit
from tugan.render.photo_file import Photo, decode_photo, read_photo, write_photo
from tugan.render.photo_place import PLACE_REMARK
from tugan.render.photo_without_place import without_place

AS_IT_IS = (b"\xff\xd8", b"\x89PNG", b"RIFF")


@pytest.fixture(params=CARRIERS.keys())
def carrier(request: pytest.FixtureRequest) -> bytes:
    """A photograph with a place."""
    if request.param == "heic":
        pytest.importorskip("pillow_heif", reason="needs the extra 'heic'")
    content = CARRIERS[request.param]()
    assert traces(content), "or nothing is tested"
    return content


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_it_is_in_no_picture_and_it_is_said(carrier: bytes, suffix: str, tmp_path: Path) -> None:
    photo = decode_photo(carrier)
    assert PLACE_REMARK in photo.remarks
    assert write_photo(tmp_path / f"out{suffix}", photo) == ()
    assert traces_in(tmp_path / f"out{suffix}") == []
    with Image.open(tmp_path / f"out{suffix}") as written:
        assert GPS not in written.getexif()
        assert "comment" not in written.info


def test_it_is_in_nothing_that_is_kept_and_the_picture_is_the_same(carrier: bytes) -> None:
    kept, photo = without_place(carrier), decode_photo(carrier)
    assert traces(kept) == []
    assert kept.startswith(AS_IT_IS)
    again = decode_photo(kept)
    assert PLACE_REMARK not in again.remarks
    assert np.array_equal(again.pixels, photo.pixels)
    assert (again.exif, again.icc_profile) == (photo.exif, photo.icc_profile)
    assert without_place(kept) == kept


def test_it_is_in_no_file_of_an_inverted_photograph(carrier: bytes, tmp_path: Path) -> None:
    edit = PhotoEdit(
        source=PhotoSource.of(carrier, name="/home/me/me.jpg"),
        alignment=manual_crop((30, 20), side_px=20),
        model_name="any",
        fingerprint="0123456789abcdef",
        ws=torch.zeros(1, 2, 4),
    )
    save_photo_edit(tmp_path / "me.tugan", edit)
    assert traces_in(tmp_path / "me.tugan") == []
    back = load_photo_edit(tmp_path / "me.tugan").source
    assert (back.name, back.sha256) == ("me.jpg", edit.source.sha256)
    assert np.array_equal(back.read().pixels, decode_photo(carrier).pixels)


def test_coded_pixels_are_kept_as_they_are() -> None:
    for name in ("jpeg exif", "png exif", "webp"):
        kept = without_place(CARRIERS[name]())
        assert kept[:4] == CARRIERS[name]()[:4]
        assert len(kept) < len(CARRIERS[name]())


def test_a_photograph_that_says_nothing_is_kept_to_the_byte(tmp_path: Path) -> None:
    for suffix in (".png", ".jpg", ".webp"):
        Image.new("RGB", (40, 40), "red").save(tmp_path / f"a{suffix}")
        content = (tmp_path / f"a{suffix}").read_bytes()
        assert without_place(content) == content
        assert decode_photo(content).remarks == ()


def test_transparency_and_a_profile_are_kept(tmp_path: Path) -> None:
    picture = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    picture.putalpha(Image.radial_gradient("L").resize((64, 48)))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for suffix in (".png", ".webp", ".tif"):
        picture.save(tmp_path / f"a{suffix}", icc_profile=profile, exif=exif(), lossless=True)
        content = (tmp_path / f"a{suffix}").read_bytes()
        kept, photo = decode_photo(without_place(content)), decode_photo(content)
        assert kept.alpha is not None
        assert photo.alpha is not None
        assert np.array_equal(kept.alpha, photo.alpha)
        assert kept.icc_profile == photo.icc_profile != b""


def test_a_photo_that_somebody_else_made_is_written_without_it_too(tmp_path: Path) -> None:
    photo = Photo(pixels=np.zeros((40, 40, 3), np.uint8), exif=exif())
    for suffix in (".jpg", ".png", ".webp"):
        write_photo(tmp_path / f"a{suffix}", photo)
        assert traces_in(tmp_path / f"a{suffix}") == []


def test_what_a_jpeg_cannot_hold_is_left_out_with_a_remark(tmp_path: Path) -> None:
    profile = np.random.default_rng(0).bytes(17_000_000)
    photo = Photo(pixels=np.zeros((40, 40, 3), np.uint8), icc_profile=profile, exif=exif())
    (remark,) = write_photo(tmp_path / "a.jpg", photo)
    assert "colour profile of 17.0 MB does not fit" in remark
    written = read_photo(tmp_path / "a.jpg")
    assert written.icc_profile == b""
    assert written.exif != b""


def test_a_large_comment_makes_no_picture_unreadable() -> None:
    """Pillow refuses a PNG whose packed comment unpacks to more than a mebibyte."""
    content = CARRIERS["png raw exif"]()
    assert decode_photo(content.replace(WORD.encode(), b"")).size_hw == (48, 64)
    large = [b"\xff\xeb\xff\xff" + bytes(65533)] * 40
    photo = decode_photo(with_segments(b"\xff\xe1" + _with_length(exif()), *large))
    assert photo.exif != b""
    assert PLACE_REMARK in photo.remarks


def _with_length(body: bytes) -> bytes:
    return (len(body) + 2).to_bytes(2, "big") + body
