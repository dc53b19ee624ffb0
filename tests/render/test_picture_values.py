"""Every depth of the other formats of photographs and masks, held against other libraries."""

import importlib.util
import io
import struct
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
from PIL import Image

from render.made_pictures import (
    HEIGHT,
    WIDTH,
    Pixels,
    by_opencv,
    chunk,
    encoded,
    packed,
    png,
    ramp,
)
from render.picture_asserts import is_refused, is_right, mask_is_right, of_255
from tugan.render.photo_file import decode_photo

needs_heif = pytest.mark.skipif(
    importlib.util.find_spec("pillow_heif") is None, reason="needs the extra 'heic'"
)
PNG_KINDS = [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (8, 4), (16, 4), (8, 6)]


@pytest.mark.parametrize(("bits", "colour_type"), [*PNG_KINDS, (16, 6)])
def test_pngs(bits: int, colour_type: int, tmp_path: Path) -> None:
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    content = png(ramp(bits, channels, least=1 if channels in (2, 4) else 0), bits, colour_type)
    read = imagecodecs.png_decode(content)  # which spreads fewer than 8 bits over 8
    wanted = of_255(read, 65535 if bits == 16 else 255)
    colours, alpha = wanted, None
    if channels in (2, 4):
        colours, alpha = wanted[..., :-1].squeeze(), wanted[..., -1]
    is_right(content, colours, alpha)
    if channels < 3:
        seen = colours if alpha is None else colours * alpha / 255
        mask_is_right(content, seen, tmp_path, roundings=channels)
    assert ("became 8" in "".join(decode_photo(content).remarks)) == (bits == 16)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("which", [0, 1, -1])
def test_a_pngs_transparent_grey(bits: int, which: int, tmp_path: Path) -> None:
    samples = ramp(bits)
    clear = which if which >= 0 else (1 << bits) - 1
    samples[:4] = clear
    mark = chunk(b"tRNS", clear.to_bytes(2, "big"))
    content = png(samples, bits, 0, [mark])
    opaque = np.where(samples == clear, 0.0, 255.0)
    wanted = of_255(samples, (1 << bits) - 1)
    is_right(content, wanted, opaque)
    mask_is_right(content, wanted * opaque / 255, tmp_path)


def test_a_pngs_transparent_colour(tmp_path: Path) -> None:
    eight = ramp(8, 3)
    eight[:4] = (1, 2, 3)
    content = png(eight, 8, 2, [chunk(b"tRNS", bytes([0, 1, 0, 2, 0, 3]))])
    is_right(content, of_255(eight, 255), np.where((eight == (1, 2, 3)).all(axis=2), 0.0, 255.0))
    sixteen = ramp(16, 3)
    mark = chunk(b"tRNS", bytes([1, 2, 3, 4, 5, 6]))
    is_right(png(sixteen, 16, 2, [mark]), of_255(sixteen, 65535))
    sixteen[0, 0] = (0x0102, 0x0304, 0x0506)  # of which Pillow keeps the upper 8 bits
    is_refused(png(sixteen, 16, 2, [mark]), "transparent colour", tmp_path)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palette_pngs(bits: int) -> None:
    table = np.random.default_rng(0).integers(0, 256, (1 << bits, 3)).astype(np.uint8)
    samples = ramp(bits)
    content = png(samples, bits, 3, [chunk(b"PLTE", table.tobytes())])
    read = cv2.cvtColor(by_opencv(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    is_right(content, read.astype(float))
    mark = chunk(b"tRNS", bytes(range(1, 1 + (1 << bits) // 2)))
    content = png(samples, bits, 3, [chunk(b"PLTE", table.tobytes()), mark])
    alphas = np.full(1 << bits, 255.0)
    alphas[: (1 << bits) // 2] = np.arange(1, 1 + (1 << bits) // 2)
    is_right(content, table[samples].astype(float), alphas[samples])


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("form", ["j2k", "jp2"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("bits", [4, 8, 10, 12, 16])
def test_jpeg_2000(bits: int, channels: int, form: str, signed: bool, tmp_path: Path) -> None:
    most = (1 << bits) - 1
    samples = ramp(bits, channels, least=1)
    given = samples
    if signed:
        given = (samples.astype(int) - (1 << (bits - 1))).astype(np.int8 if bits <= 8 else np.int16)
    content = packed(
        "jpeg2k", given, level=0, bitspersample=bits, codecformat=form, reversible=True
    )
    if bits < 8 or (bits > 8 and channels > 1):
        is_refused(content, f"{bits} bits a channel", tmp_path)
        return
    read = imagecodecs.jpeg2k_decode(content).astype(int) + (1 << (bits - 1) if signed else 0)
    wanted = of_255(read, most)
    is_right(
        content,
        wanted[..., :3] if channels == 4 else wanted,
        wanted[..., 3] if channels == 4 else None,
    )
    if channels == 1:
        mask_is_right(content, wanted, tmp_path)
    assert ("became 8" in "".join(decode_photo(content).remarks)) == (bits > 8)


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_avifs(bits: int, channels: int) -> None:
    samples = ramp(bits, channels, least=1)
    layout = "444" if channels > 2 else "400"
    content = packed("avif", samples, level=100, bitspersample=bits, pixelformat=layout)
    wanted = of_255(imagecodecs.avif_decode(content), (1 << bits) - 1)
    colours, alpha = wanted, None
    if channels in (2, 4):
        colours, alpha = wanted[..., :-1].squeeze(), wanted[..., -1]
    is_right(content, colours, alpha)


@needs_heif
@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_heics(bits: int, mode: str) -> None:
    heif = importlib.import_module("pillow_heif")
    if bits > 8 and mode == "L":
        pytest.skip("the writer has 8 bits for grey")
    y = np.tile(np.linspace(257, 65535, 64).astype(np.uint16), (64, 1))
    samples = {"L": y, "RGB": np.dstack([y, y.T, y[::-1]]), "RGBA": np.dstack([y, y.T, y, y.T])}
    given = np.ascontiguousarray(samples[mode])
    file = io.BytesIO()
    lossless = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
    if bits == 8:
        heif.register_heif_opener()
        Image.fromarray((given >> 8).astype(np.uint8)).save(file, "HEIF", **lossless)
    else:
        heif.options.SAVE_HDR_TO_12_BIT = bits == 12
        try:
            heif.from_bytes(f"{mode};16", (64, 64), given.tobytes()).save(file, **lossless)
        finally:
            heif.options.SAVE_HDR_TO_12_BIT = False
    wanted = of_255(given >> 8, 255) if bits == 8 else of_255(given, 65535)
    alpha = wanted[..., 3] if mode == "RGBA" else None
    is_right(file.getvalue(), wanted[..., :3] if wanted.ndim == 3 else wanted, alpha)
    remarks = "".join(decode_photo(file.getvalue()).remarks)
    assert (f"{bits} bits a channel became 8" in remarks) == (bits > 8)


@pytest.mark.parametrize("channels", [3, 4])
def test_webps(channels: int) -> None:
    content = packed("webp", ramp(8, channels, least=1), lossless=True)
    wanted = imagecodecs.webp_decode(content).astype(float)
    is_right(content, wanted[..., :3], wanted[..., 3] if channels == 4 else None)


@pytest.mark.parametrize("lossless", [False, True])
def test_jpegs(lossless: bool) -> None:
    for channels in (1, 3):
        content = packed("jpeg", ramp(8, channels), level=95, lossless=lossless, subsampling="444")
        is_right(content, imagecodecs.jpeg_decode(content).astype(float))


def test_jpegs_of_rgb_and_of_printing_colours() -> None:
    content = packed(
        "jpeg", ramp(8, 3), level=100, colorspace="RGB", outcolorspace="RGB", subsampling="444"
    )
    is_right(content, imagecodecs.jpeg_decode(content).astype(float))
    for inside in ("CMYK", "YCCK"):
        ink = np.empty((HEIGHT, WIDTH, 4), np.uint8)
        ink[...] = (250, 100, 30, 200)  # inverted, as Adobe has it
        content = packed("jpeg", ink, level=100, colorspace="CMYK", outcolorspace=inside)
        paper = imagecodecs.jpeg_decode(content).astype(float)
        wanted = paper[..., :3] * paper[..., 3:] / 255
        assert np.abs(decode_photo(content).pixels - wanted).max() <= 2


@pytest.mark.parametrize("lossless", [False, True])
def test_jpegs_of_12_bits_are_refused(lossless: bool, tmp_path: Path) -> None:
    content = packed("jpeg", ramp(12, 3), bitspersample=12, lossless=lossless)
    is_refused(content, "JPEG with 12 bits a channel", tmp_path)


@pytest.mark.parametrize("most", [1, 7, 100, 255, 1000, 4095, 65535])
@pytest.mark.parametrize("channels", [1, 3])
def test_portable_maps(most: int, channels: int, tmp_path: Path) -> None:
    samples = (ramp(16, channels).astype(np.uint64) * most // 65535).astype(np.uint16)
    body = samples.astype(">u2" if most > 255 else np.uint8).tobytes()
    kind = "P5" if channels == 1 else "P6"
    content = f"{kind}\n{WIDTH} {HEIGHT}\n{most}\n".encode() + body
    if most in (255, 65535):  # OpenCV does not scale by what is most
        read = by_opencv(content, cv2.IMREAD_UNCHANGED)
        assert np.array_equal(read if channels == 1 else read[..., ::-1], samples)
    is_right(content, of_255(samples, most))
    if channels == 1:
        mask_is_right(content, of_255(samples, most), tmp_path)


@pytest.mark.parametrize("kind", ["BMP", "TGA", "GIF", "PCX", "SGI", "QOI"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_older_formats(kind: str, mode: str) -> None:
    if (kind, mode) in {("GIF", "RGB"), ("QOI", "L")}:
        pytest.skip("which it does not have")
    picture = Image.fromarray(ramp(8, 3 if mode == "RGB" else 1))
    content = encoded(picture, kind)
    if kind in ("BMP", "GIF"):
        read = by_opencv(content, cv2.IMREAD_COLOR)[..., ::-1]
        assert np.array_equal(read, np.asarray(picture.convert("RGB")))
    is_right(content, np.asarray(picture.convert("RGB"), dtype=np.float64))


@pytest.mark.parametrize(("colours", "masks"), [("555", None), ("565", (0xF800, 0x7E0, 0x1F))])
def test_bitmaps_of_16_bits_a_pixel(colours: str, masks: tuple[int, int, int] | None) -> None:
    width = height = 40
    values = np.linspace(0, 0x7FFF if masks is None else 0xFFFF, width * height).astype("<u2")
    extra = b"" if masks is None else np.array(masks, "<u4").tobytes()
    start = 54 + len(extra)
    head = b"BM" + np.array([start + values.nbytes, 0, start], "<u4").tobytes()
    info = np.array([40, width, height], "<i4").tobytes() + np.array([1, 16], "<u2").tobytes()
    info += np.array([0 if masks is None else 3, values.nbytes, 0, 0, 0, 0], "<u4").tobytes()
    content = head + info + extra + values.tobytes()
    read = by_opencv(content, cv2.IMREAD_COLOR)[..., ::-1]
    found = decode_photo(content).pixels.astype(int)
    # OpenCV shifts 5 bits to 8, and leaves white at 248
    assert np.abs(found - read).max() <= 8
    assert found[0, -1].tolist() == [255, 255, 255]


def psd(planes: Pixels, mode: int, bits: int = 8) -> bytes:
    """A Photoshop document without layers: its planes, one after another."""
    channels, height, width = planes.shape
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", channels, height, width, bits, mode)
    return head + bytes(12) + b"\0\0" + planes.astype(">u2" if bits == 16 else np.uint8).tobytes()


def test_photoshop_documents(tmp_path: Path) -> None:
    colours = np.moveaxis(ramp(8, 4, least=1), -1, 0)
    wanted = np.moveaxis(colours, 0, -1).astype(float)
    is_right(psd(colours[:1], 1), wanted[..., 0])
    is_right(psd(colours[:3], 3), wanted[..., :3])
    is_right(psd(colours, 3), wanted[..., :3], wanted[..., 3])
    paper = wanted[..., :3] * wanted[..., 3:] / 255  # as in JPEG, 255 is no ink
    assert np.abs(decode_photo(psd(colours, 4)).pixels - paper).max() <= 2
    is_refused(psd(colours[:3], 9), "Lab", tmp_path)
    is_refused(psd(np.moveaxis(ramp(16, 3), -1, 0), 3, bits=16), "", tmp_path)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_sgi_files_of_16_bits(mode: str) -> None:
    # each line's two bytes a sample, the upper one first (SGI's format, 1.0)
    channels = 1 if mode == "L" else 3
    samples = ramp(16, channels).reshape(HEIGHT, WIDTH, channels)
    head = struct.pack(
        ">HBBHHHHII", 474, 0, 2, 2 if mode == "L" else 3, WIDTH, HEIGHT, channels, 0, 255
    )
    planes = np.moveaxis(samples[::-1], -1, 0).astype(">u2").tobytes()
    content = head + bytes(512 - len(head)) + planes
    is_right(content, of_255(samples, 65535) if channels == 3 else of_255(samples[..., 0], 65535))


def test_icons() -> None:
    picture = Image.fromarray(ramp(8, 4, least=1)[:32, :32])
    content = encoded(picture, "ICO", sizes=[(32, 32)])
    wanted = np.asarray(picture, dtype=np.float64)
    is_right(content, wanted[..., :3], wanted[..., 3])
