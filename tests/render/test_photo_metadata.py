"""What goes along with a photograph: a list of tags, with checked kinds and lengths."""

import random
import re
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational as part  # noqa: N813 (so that rows stay short)

from render.carriers import CAMERA, chunk, encoded, exif, with_chunks
from tugan.render.photo_file import decode_photo
from tugan.render.photo_metadata import KEPT_TAGS, kept_exif, orientation_of

MAKE, ARTIST, COPYRIGHT, SOFTWARE = 0x010F, 0x013B, 0x8298, 0x0131


def tags_of(content: bytes) -> Image.Exif:
    found = Image.Exif()
    found.load(content)
    return found


def written(tags: Image.Exif) -> dict[int, object]:
    """The camera's, as they come back from a file."""
    return dict(tags_of(tags.tobytes()).get_ifd(CAMERA))


def kept(tags: Image.Exif) -> Image.Exif:
    return tags_of(kept_exif(tags.tobytes()))


def test_the_list_calls_tags_as_the_standard_does() -> None:
    other = {"PhotographicSensitivity": "ISOSpeedRatings"}  # its name in an older version
    for one in KEPT_TAGS:
        said = ExifTags.TAGS[one.number].replace("Subsec", "SubSec")  # as Pillow spells it
        assert said == other.get(one.name, one.name)
    numbers = [one.number for one in KEPT_TAGS]
    assert numbers == sorted(set(numbers))


def test_the_documentation_has_the_same_list() -> None:
    text = Path("docs/inversion.md").read_text()
    (told,) = re.findall(r"<!-- kept tags -->(.*?)<!-- end of kept tags -->", text, re.DOTALL)
    assert re.findall(r"`(\w+)`", told) == [one.name for one in KEPT_TAGS]


def test_camera_exposure_and_time_are_kept() -> None:
    tags = Image.Exif()
    tags[MAKE], tags[0x0132], tags[COPYRIGHT] = "Camera", "2026:05:06 07:08:09", "(c) 2026 Me, Inc."
    camera = tags.get_ifd(CAMERA)
    camera |= {
        0x829A: part(1, 100),
        0x829D: part(28, 10),
        0x8827: 400,
        0xA405: 35,
        0x9209: 16,
        0x9010: "+02:00",
    }
    camera |= {
        0x9204: part(-1, 2),
        0xA434: "35mm f/1.8",
        0xA432: (part(24), part(70), part(28, 10), part(0, 0)),
    }
    found = kept(tags)
    pointers = {CAMERA: 0}
    assert dict(found) | pointers == dict(tags) | pointers
    assert repr(dict(sorted(found.get_ifd(CAMERA).items()))) == repr(
        dict(sorted(written(tags).items()))
    )


def test_nothing_else_is() -> None:
    found = tags_of(kept_exif(exif()))
    assert set(found) == {MAKE, 0x0110, 0x8769}
    assert set(found.get_ifd(CAMERA)) == {0x9003}


@pytest.mark.parametrize(
    ("number", "text", "is_kept"),
    [
        (ARTIST, "Somebody", True),
        (ARTIST, "Anne-Marie O'Neill & Son", True),
        (ARTIST, "Jane Doe, 12 Main Street, Springfield", False),
        (SOFTWARE, "GIMP 2.10.34", True),
        (SOFTWARE, "48.85837, 2.29448", False),
        (MAKE, "N 48.8584", False),
        (MAKE, "two\nlines", False),
        (MAKE, "x" * 65, False),
        (COPYRIGHT, "http://maps.example/@48", False),
        (COPYRIGHT, "(c) 2026 Somebody", True),
        (0x0132, "yesterday in Paris", False),
    ],
)
def test_texts_are_short_and_ordinary(number: int, text: str, is_kept: bool) -> None:
    tags = Image.Exif()
    tags[number] = text
    assert (number in kept(tags)) == is_kept


def test_a_tag_of_another_kind_or_length_is_left_out() -> None:
    tags = Image.Exif()
    camera = tags.get_ifd(CAMERA)
    camera[0x9209] = "a flash of Paris"
    camera[0xA432] = (part(1), part(2))
    camera[0x9000], camera[0x9003] = b"Paris", 7
    assert kept_exif(tags.tobytes()) == b""


def test_doing_it_twice_changes_nothing() -> None:
    once = kept_exif(exif())
    assert kept_exif(once) == once
    assert kept_exif(b"") == kept_exif(b"Exif\0\0") == kept_exif(b"nonsense") == b""
    assert orientation_of(kept_exif(exif(), orientation=6)) == 6


def test_damaged_exif_makes_no_photograph_unreadable() -> None:
    whole, chance = exif(orientation=6), random.Random(0)
    plain = decode_photo(encoded("PNG")).pixels
    blocks = [whole[:length] for length in range(6, len(whole), 23)]
    for _ in range(60):
        noisy = bytearray(whole)
        for place in chance.sample(range(6, 120), 6):
            noisy[place] = chance.randrange(256)
        blocks.append(bytes(noisy))
    for block in blocks:
        photo = decode_photo(with_chunks(chunk(b"eXIf", block[6:])))
        assert sorted(photo.size_hw) == [48, 64]
        assert sorted(photo.pixels.ravel()[:1]) <= [255]
        assert photo.pixels.sum() == plain.sum()
        decode_photo(encoded("JPEG", exif=block))
        decode_photo(encoded("WEBP", exif=block))
