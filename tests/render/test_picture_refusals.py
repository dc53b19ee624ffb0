"""What is refused names what was found, and is refused before memory is asked for."""

import gzip
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from render.made_pictures import chunk, encoded, packed, png, ramp, raw_tiff, tiff
from tugan.core.errors import InvalidDragError
from tugan.render.image_file import read_mask
from tugan.render.photo_file import PhotoError, decode_photo

EXTRA_MB = 100
PROGRAM = """
import sys
from pathlib import Path
import tugan.render.image_file
from tugan.render.photo_file import PhotoError, decode_photo

def of_status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":")) // 1024

for path in sorted(Path(sys.argv[1]).iterdir()):
    content = path.read_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    before = of_status("VmRSS")
    try:
        decode_photo(content, name=path.name)
        print(f"{path.name}\\t0\\tREAD")
    except PhotoError as error:
        print(f"{path.name}\\t{of_status('VmHWM') - before}\\t{error}")
"""


def small(kind: str) -> bytes:
    return encoded(Image.new("RGB", (64, 64), (9, 8, 7)), kind)


def png_of_size(side: int) -> bytes:
    whole = png(np.zeros((40, 40), np.uint8), 8, 0)
    head = struct.pack(">II", side, side) + whole[24:29]
    return whole[:8] + chunk(b"IHDR", head) + whole[33:]


def jpeg_of_size(side: int, **options: object) -> bytes:
    whole = encoded(Image.new("RGB", (64, 64)), "JPEG", **options)
    at = whole.index(b"\xff\xc2" if options else b"\xff\xc0")
    return whole[: at + 5] + struct.pack(">HH", side, side) + whole[at + 9 :]


def tiff_of_size(side: int, compression: int) -> bytes:
    tags = {256: (4, [side]), 257: (4, [side]), 258: (3, [8, 8, 8]), 259: (3, [compression])}
    bodies = {1: bytes(1000), 5: packed("lzw", bytes(9000)), 8: zlib.compress(bytes(9000))}
    return raw_tiff({**tags, 262: (3, [2]), 277: (3, [3]), 278: (4, [side])}, bodies[compression])


def declared(side: int) -> dict[str, bytes]:
    """Small files that declare much."""
    short = min(side, 65000)
    bitmap, targa = small("BMP"), small("TGA")
    j2k = packed("jpeg2k", np.zeros((64, 64, 3), np.uint8), level=0, codecformat="j2k")
    size = struct.pack(">II", side, side)
    return {
        "a.png": png_of_size(side),
        "a.jpg": jpeg_of_size(short),
        "progressive.jpg": jpeg_of_size(short, progressive=True),
        "none.tif": tiff_of_size(side, 1),
        "lzw.tif": tiff_of_size(side, 5),
        "deflate.tif": tiff_of_size(side, 8),
        "a.bmp": bitmap[:18] + struct.pack("<II", side, side) + bitmap[26:],
        "a.tga": targa[:12] + struct.pack("<HH", short, short) + targa[16:],
        "a.ppm": b"P6 %d %d 255\n" % (side, side) + bytes(100),
        "a.j2k": j2k[:8] + size + j2k[16:24] + size + j2k[32:],
    }


def cut() -> dict[str, bytes]:
    """Large files without their end."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    picture = Image.fromarray(noise).resize((4000, 3000))
    return {
        f"cut {name}": whole[: len(whole) * 9 // 10]
        for name, whole in {
            "a.png": encoded(picture, "PNG", compress_level=0),
            "a.jpg": encoded(picture, "JPEG"),
            "progressive.jpg": encoded(picture, "JPEG", progressive=True),
            "a.tif": tiff(np.asarray(picture), photometric="rgb"),
            "a.webp": encoded(picture.resize((400, 300)), "WEBP"),
        }.items()
    }


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the most memory used")
def test_what_is_refused_asks_for_little_memory(tmp_path: Path) -> None:
    files = {
        f"{side} {name}": content
        for side in (11_000, 60_000)
        for name, content in declared(side).items()
    } | cut()
    files |= {f"metadata {name}": content for name, content in with_much_metadata().items()}
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    lines = [line.split("\t") for line in ran.stdout.splitlines()]
    assert {line[0] for line in lines} == set(files)
    for name, more_mb, sentence in lines:
        assert sentence.startswith(f"{name} "), sentence
        assert int(more_mb) < EXTRA_MB, (name, more_mb)


def with_much_metadata() -> dict[str, bytes]:
    """100 MB beside a picture that is refused."""
    much = bytes(100_000_000)
    packet = {"extratags": [(700, "B", len(much), much, True)]}
    signed = np.zeros((40, 40), np.int16)
    return {
        "a.tif": tiff(signed, photometric="minisblack", **packet),
        "a.png": png(np.zeros((10, 10), np.uint8), 8, 0, [chunk(b"zzZz", much)]),
        "text.png": png(ramp(8), 8, 0, [chunk(b"iTXt", b"a\0\0\0\0\0" + much)]),
        **much_beside_a_good_picture(),
    }


def much_beside_a_good_picture() -> dict[str, bytes]:
    """100 MB in many parts, or in one."""
    good = Image.fromarray(np.full((40, 40, 3), 128, np.uint8))
    jpeg, webp, piece = encoded(good, "JPEG"), encoded(good, "WEBP"), bytes(65_000)
    segment = b"\xff\xe5" + struct.pack(">H", len(piece) + 2) + piece
    large = b"EXIF" + struct.pack("<I", 100_000_000) + bytes(100_000_000)
    packet = {"extratags": [(34377, "B", 100_000_000, bytes(100_000_000), True)]}
    return {
        "good.jpg": jpeg[:2] + 1539 * segment + jpeg[2:],
        "good.webp": b"RIFF" + struct.pack("<I", len(webp) - 8 + len(large)) + webp[8:] + large,
        "good.png": png(ramp(8), 8, 0, 100 * [chunk(b"tEXt", b"a\0" + bytes(1_000_000))]),
        "good.tif": tiff(ramp(8), photometric="minisblack", **packet),
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text.png", "its PNG has 100 MB of iTXt beside its pixels"),
        ("good.jpg", "its JPEG has 100 MB of metadata beside its pixels"),
        ("good.webp", "its WebP has 100 MB of EXIF beside its pixels"),
        ("good.png", "its PNG has 100 MB of tEXt beside its pixels"),
        ("good.tif", "its TIFF has 100 MB of metadata"),
    ],
)
def test_huge_metadata_is_named(name: str, said: str) -> None:
    content = with_much_metadata()[name]
    with pytest.raises(PhotoError, match=said):
        decode_photo(content)


@pytest.mark.parametrize("side", [11_000, 60_000])
@pytest.mark.parametrize("name", sorted(declared(100)))
def test_huge_sizes_are_refused_with_a_sentence(side: int, name: str, tmp_path: Path) -> None:
    content = declared(side)[name]
    with pytest.raises(PhotoError, match=r"^me (cannot be read as a picture: .+|has .+ smaller)"):
        decode_photo(content, name="me")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidDragError, match="the mask "):
        read_mask(tmp_path / name)


@pytest.mark.parametrize("name", sorted(cut()))
def test_files_that_are_cut_short_say_so(name: str) -> None:
    with pytest.raises(PhotoError, match=r"^me cannot be read as a picture: .*"):
        decode_photo(cut()[name], name="me")


def others() -> list[tuple[bytes, str]]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("a.txt", "a")
    return [
        (b"", "an empty file"),
        (b"%PDF-1.7\n%", "a PDF document"),
        (archive.getvalue(), "a zip archive"),
        (gzip.compress(b"a" * 100, mtime=0), "a gzip archive"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"\0\0\0\x18ftypcrx " + bytes(100), r"a raw photograph \(Canon\)"),
        (b"\0\0\0\x18ftypmp42" + bytes(100), r"a film \(MP4\)"),
        (b"FUJIFILMCCD-RAW 0201" + bytes(100), r"a raw photograph \(Fujifilm\)"),
        (b"IIRO\x08\0\0\0" + bytes(100), r"a raw photograph \(Olympus\)"),
        (b"\x76\x2f\x31\x01" + bytes(100), "an OpenEXR picture"),
        (b"#?RADIANCE\n" + bytes(100), "a Radiance"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100), "a JPEG XL picture"),
        (b"II*\0\x08\0\0\x7f" + bytes(100), "no directory"),
        (b"MM*\0" + tiff(ramp(8), photometric="minisblack")[4:], "damaged"),
        (encoded(Image.new("RGB", (64, 64)), "DDS"), "a DDS"),
        (encoded(Image.new("RGB", (64, 64)), "EPS"), "EPS"),
        (encoded(Image.new("RGB", (64, 64)), "ICNS"), "ICNS"),
        (encoded(Image.fromarray(ramp(8).astype(np.float32)), "SPIDER"), "SPIDER"),
    ]


# by what is said: the bytes of an archive hold the time
@pytest.mark.parametrize(("content", "saying"), others(), ids=[saying for _, saying in others()])
def test_what_is_no_picture_here_is_named(content: bytes, saying: str, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=rf"^me\.jpg cannot be read as a picture: .*{saying}"):
        decode_photo(content, name="me.jpg")
    (tmp_path / "m.jpg").write_bytes(content)
    with pytest.raises(InvalidDragError, match=rf"m\.jpg cannot be read as a picture: .*{saying}"):
        read_mask(tmp_path / "m.jpg")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG2000", "AVIF", "GIF"])
def test_a_renamed_picture_is_read_by_what_it_is(kind: str) -> None:
    photo = decode_photo(encoded(Image.new("RGB", (64, 64), (200, 100, 50)), kind), name="me.jpg")
    assert photo.size_hw == (64, 64)


def test_every_truncation_and_every_changed_byte_of_a_directory_is_a_sentence_or_a_picture() -> (
    None
):
    whole = tiff(ramp(16), photometric="miniswhite", compression="zlib")
    for length in range(0, len(whole), 7):
        with pytest.raises(PhotoError):
            decode_photo(whole[:length])
    randoms = np.random.default_rng(0)
    for at in range(4, min(len(whole), 260)):
        changed = bytearray(whole)
        changed[at] = int(randoms.integers(0, 256))
        with suppress(PhotoError):
            decode_photo(bytes(changed))
