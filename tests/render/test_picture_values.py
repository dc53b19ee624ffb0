"""Every depth and layout that photographs and masks come in, held against other libraries."""

import importlib.util
import io
import itertools
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from render.made_pictures import (
    HEIGHT,
    WIDTH,
    Pixels,
    Wanted,
    by_opencv,
    chunk,
    encoded,
    packed,
    png,
    ramp,
    raw_tiff,
    tiff,
)
from tugan.core.errors import InvalidDragError
from tugan.render.image_file import read_mask
from tugan.render.photo_file import PhotoError, decode_photo

needs_heif = pytest.mark.skipif(
    importlib.util.find_spec("pillow_heif") is None, reason="needs the extra 'heic'"
)
ORDERS = ("<", ">")
COMPRESSIONS = ((None, None), ("zlib", None), ("zlib", True), ("lzw", True))
ROUNDING = 1.01


def of_255(pixels: Pixels, most: float) -> Wanted:
    return np.asarray(pixels, dtype=np.float64) / most * 255


def three(grey: Wanted) -> Wanted:
    return np.repeat(grey[..., None], 3, axis=2)


def is_right(content: bytes, wanted: Wanted, alpha: Wanted | None = None) -> None:
    """Photograph and mask have these values, to rounding."""
    photo = decode_photo(content)
    assert photo.pixels.shape[:2] == wanted.shape[:2]
    found = photo.pixels.astype(float)
    rgb = wanted if wanted.ndim == 3 else three(wanted)
    seen = np.full(rgb.shape[:2], 255.0) if alpha is None else alpha
    assert np.abs(found - rgb)[seen > ROUNDING].max() <= ROUNDING
    if alpha is None:
        assert photo.alpha is None
    else:
        assert photo.alpha is not None
        assert np.abs(photo.alpha - alpha).max() <= ROUNDING


def mask_is_right(content: bytes, wanted: Wanted, folder: Path, roundings: int = 1) -> None:
    (folder / "mask").write_bytes(content)
    found = read_mask(folder / "mask").numpy() * 255
    assert np.abs(found - wanted).max() <= roundings * ROUNDING


def is_refused(content: bytes, saying: str, folder: Path) -> None:
    with pytest.raises(PhotoError, match=rf"^me\.tif cannot be read as a picture: .*{saying}"):
        decode_photo(content, name="me.tif")
    (folder / "mask.tif").write_bytes(content)
    with pytest.raises(InvalidDragError, match=rf"mask\.tif cannot be read .*{saying}"):
        read_mask(folder / "mask.tif")


def depths() -> list[tuple[int, str, str, str | None, bool]]:
    found: list[tuple[int, str, str, str | None, bool]] = []
    for bits, meaning, order in itertools.product(
        (1, 2, 4, 8, 10, 12, 14, 16, 24, 32), ("minisblack", "miniswhite"), ORDERS
    ):
        found.append((bits, meaning, order, None, False))
        if bits in (8, 16, 32):
            found += [
                (bits, meaning, order, kind, tiled)
                for kind in ("zlib", "lzw")
                for tiled in (False, True)
            ]
            found.append((bits, meaning, order, None, True))
    return found


@pytest.mark.parametrize(("bits", "meaning", "order", "compression", "tiled"), depths())
def test_grey_tiffs(
    bits: int, meaning: str, order: str, compression: str | None, tiled: bool, tmp_path: Path
) -> None:
    content = tiff(
        ramp(bits),
        photometric=meaning,
        bitspersample=bits,
        byteorder=order,
        compression=compression,
        tile=(16, 16) if tiled else None,
        rowsperstrip=None if tiled else 8,
    )
    wanted = of_255(tifffile.imread(io.BytesIO(content)), (1 << bits) - 1)
    is_plain = meaning == "minisblack" and order == "<"
    readable = bits in (1, 2, 4, 8) or (bits in (12, 32) and is_plain)
    readable = readable or (bits == 16 and (meaning == "minisblack" or order == "<"))
    if not readable:
        is_refused(content, rf"{bits}-bit grey.*save it", tmp_path)
        return
    grey = wanted if meaning == "minisblack" else 255 - wanted
    is_right(content, grey)
    mask_is_right(content, grey, tmp_path)
    assert ("became 8" in "".join(decode_photo(content).remarks)) == (bits > 8)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("compression", "predictor"), COMPRESSIONS)
@pytest.mark.parametrize("meaning", ["minisblack", "miniswhite"])
def test_float_tiffs_are_0_to_1(
    order: str, compression: str | None, predictor: bool | None, meaning: str, tmp_path: Path
) -> None:
    values = np.linspace(0, 1, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    content = tiff(
        values, photometric=meaning, byteorder=order, compression=compression, predictor=predictor
    )
    wanted = of_255(tifffile.imread(io.BytesIO(content)), 1)
    grey = wanted if meaning == "minisblack" else 255 - wanted
    is_right(content, grey)
    mask_is_right(content, grey, tmp_path)
    assert "32 bits a channel became 8" in decode_photo(content).remarks[0]


@pytest.mark.parametrize(
    ("least", "most", "saying"),
    [
        (0, 3.2, "floats of 0 to 3.2"),
        (-0.5, 1, "floats of -0.5 to 1"),
        (0, 255, "0 to 255"),
        (0, float("nan"), "NaN"),
        (0, float("inf"), "infinite"),
    ],
)
def test_floats_beyond_are_refused_with_what_was_found(
    least: float, most: float, saying: str, tmp_path: Path
) -> None:
    values = np.zeros((HEIGHT, WIDTH), np.float32)
    values[0, :2] = least, most
    is_refused(tiff(values, photometric="minisblack"), saying, tmp_path)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize(
    ("kind", "saying"),
    [
        (np.int8, "8-bit signed grey"),
        (np.int16, "16-bit signed grey"),
        (np.int32, "32-bit signed grey"),
        (np.float16, "16-bit float grey"),
        (np.float64, "64-bit float grey"),
    ],
)
def test_numbers_without_an_agreed_white_are_refused(
    kind: type[np.generic], saying: str, order: str, compression: str | None, tmp_path: Path
) -> None:
    values = np.zeros((HEIGHT, WIDTH), kind)
    content = tiff(values, photometric="minisblack", byteorder=order, compression=compression)
    is_refused(content, saying, tmp_path)


def layouts() -> list[tuple[int, str, str, str, str | None, bool | None, bool]]:
    kinds = ("", "unassalpha", "assocalpha", "unspecified")
    return [
        (bits, extra, planes, order, *packed, tiled)
        for bits, extra, planes, order, packed, tiled in itertools.product(
            (8, 16), kinds, ("contig", "separate"), ORDERS, COMPRESSIONS, (False, True)
        )
    ]


@pytest.mark.parametrize(
    ("bits", "extra", "planes", "order", "compression", "predictor", "tiled"), layouts()
)
def test_colour_tiffs(
    bits: int,
    extra: str,
    planes: str,
    order: str,
    compression: str | None,
    predictor: bool | None,
    tiled: bool,
    tmp_path: Path,
) -> None:
    most = (1 << bits) - 1
    samples = ramp(bits, 4 if extra else 3)
    if extra == "assocalpha":
        samples[..., :3] //= 2
        samples[..., 3] = most if bits == 16 else np.linspace(128, most, WIDTH)
    apart = planes == "separate"
    content = tiff(
        np.ascontiguousarray(np.moveaxis(samples, -1, 0)) if apart else samples,
        photometric="rgb",
        planarconfig=planes,
        extrasamples=[extra] if extra else None,
        byteorder=order,
        compression=compression,
        predictor=predictor,
        tile=(16, 16) if tiled else None,
    )
    if extra == "unspecified" and apart and compression is None and bits == 8:
        is_refused(content, "8-bit RGB with 1 more channel, planes apart", tmp_path)
        return
    read = tifffile.imread(io.BytesIO(content))
    wanted = of_255(np.moveaxis(read, 0, -1) if apart else read, most)
    if extra == "assocalpha":
        wanted[..., :3] = (wanted[..., :3] * 255 / wanted[..., 3:]).clip(0, 255)
    has_alpha = extra in ("unassalpha", "assocalpha") and (wanted[..., 3] < 254.5).any()
    is_right(content, wanted[..., :3], wanted[..., 3] if has_alpha else None)


def test_deep_colours_multiplied_by_partial_transparency_are_refused(tmp_path: Path) -> None:
    samples = np.full((HEIGHT, WIDTH, 4), 0x7000, np.uint16)
    content = tiff(samples, photometric="rgb", extrasamples=["assocalpha"])
    is_refused(content, "multiplied by partial transparency", tmp_path)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("extra", ["unassalpha", "unspecified"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_grey_tiffs_with_a_second_channel(
    order: str, extra: str, compression: str | None, tmp_path: Path
) -> None:
    samples = ramp(8, 2, least=1)
    options = {"photometric": "minisblack", "extrasamples": [extra], "compression": compression}
    content = tiff(samples, planarconfig="contig", byteorder=order, **options)
    read = of_255(tifffile.imread(io.BytesIO(content)), 255)
    is_right(content, read[..., 0], read[..., 1] if extra == "unassalpha" else None)
    apart = np.ascontiguousarray(np.moveaxis(samples, -1, 0))
    content = tiff(apart, planarconfig="separate", byteorder=order, **options)
    is_refused(content, "8-bit grey with 1 more channel, planes apart", tmp_path)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_printing_colours(bits: int, planes: str, order: str, compression: str | None) -> None:
    samples = ramp(bits, 4)
    content = tiff(
        np.ascontiguousarray(np.moveaxis(samples, -1, 0)) if planes == "separate" else samples,
        photometric="separated",
        planarconfig=planes,
        byteorder=order,
        compression=compression,
    )
    read = tifffile.imread(io.BytesIO(content))
    ink = of_255(np.moveaxis(read, 0, -1) if planes == "separate" else read, (1 << bits) - 1)
    wanted = (255 - ink[..., :3]) * (255 - ink[..., 3:]) / 255
    photo = decode_photo(content)
    assert np.abs(photo.pixels - wanted).max() < 2.5  # four roundings
    assert "Its printing colours (CMYK) became RGB." in photo.remarks


@pytest.mark.parametrize("inks", [5, 6])
def test_other_inks_are_refused(inks: int, tmp_path: Path) -> None:
    content = tiff(ramp(8, inks), photometric="separated", extratags=[(332, "H", 1, 2, True)])
    is_refused(content, "inks other than", tmp_path)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("order", ORDERS)
def test_palette_tiffs(bits: int, order: str, tmp_path: Path) -> None:
    table = np.random.default_rng(0).integers(0, 65536, (3, 1 << bits)).astype(np.uint16)
    samples = ramp(bits)
    packed = samples if bits == 8 else samples[:, ::2] << 4 | samples[:, 1::2]
    tags = {256: (4, [WIDTH]), 257: (4, [HEIGHT]), 258: (3, [bits]), 259: (3, [1]), 262: (3, [3])}
    tags |= {277: (3, [1]), 278: (4, [HEIGHT])}
    content = raw_tiff({**tags, 320: (3, table.flatten().tolist())}, packed.tobytes(), order=order)
    read = tifffile.imread(io.BytesIO(content))
    is_right(content, of_255(table[:, read].transpose(1, 2, 0), 65535))
    content = raw_tiff({**tags, 320: (3, (table >> 8).flatten().tolist())}, packed.tobytes())
    is_refused(content, "palette of 8 bits", tmp_path)


def test_lab_tiffs() -> None:
    lab = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    lab[...] = (150, 30, 256 - 40)
    photo = decode_photo(tiff(lab, photometric="cielab"))
    # CIE's formulas, from D50 (Bradford) to sRGB; colours within the screen's
    f_y = (150 / 255 * 100 + 16) / 116
    f = np.array([f_y + 30 / 500, f_y, f_y + 40 / 200])
    xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2) * [0.9642, 1, 0.8249]
    to_linear = np.array(
        [
            [3.1338561, -1.6168667, -0.4906146],
            [-0.9787684, 1.9161415, 0.0334540],
            [0.0719453, -0.2289914, 1.4052427],
        ]
    )
    linear = to_linear @ xyz
    wanted = 255 * (1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(photo.pixels[3, 3] - wanted).max() < 2
    assert photo.remarks == ("Its Lab colours became sRGB.",)
    for kind in ("icclab", "itulab"):
        with pytest.raises(PhotoError, match=r"ICCLab|ITULab"):
            decode_photo(tiff(lab, photometric=kind))


@pytest.mark.parametrize("fewer", [(1, 1), (2, 1), (2, 2)])
@pytest.mark.parametrize("deflated", [False, True])
def test_video_colours_with_fewer_colours_than_greys(
    fewer: tuple[int, int], deflated: bool
) -> None:
    across, down = fewer
    grey = np.tile(np.arange(WIDTH) * 5, (HEIGHT, 1)).astype(np.uint8)
    body = b"".join(
        grey[y : y + down, x : x + across].tobytes() + bytes([110, 140])
        for y in range(0, HEIGHT, down)
        for x in range(0, WIDTH, across)
    )
    tags = {256: (4, [WIDTH]), 257: (4, [HEIGHT]), 258: (3, [8, 8, 8]), 262: (3, [6])}
    tags |= {259: (3, [8 if deflated else 1]), 277: (3, [3]), 278: (4, [HEIGHT])}
    content = raw_tiff(
        {**tags, 530: (3, [across, down])}, packed("zlib", body) if deflated else body
    )
    y = grey.astype(float)
    red, green = y + 1.402 * 12, y - 0.344136 * -18 - 0.714136 * 12
    wanted = np.stack([red, green, y + 1.772 * -18], axis=-1).clip(0, 255)
    assert np.abs(decode_photo(content).pixels - wanted).max() <= 2


@pytest.mark.parametrize(
    ("pixels", "options", "saying"),
    [
        (ramp(10, 3), {"photometric": "rgb", "bitspersample": 10}, "10-bit RGB"),
        (ramp(12, 3), {"photometric": "rgb", "bitspersample": 12}, "12-bit RGB"),
        (ramp(16, 3).astype(np.float32), {"photometric": "rgb"}, "32-bit float RGB"),
        (ramp(8, 3).astype(np.float16), {"photometric": "rgb"}, "16-bit float RGB"),
        (ramp(32, 3), {"photometric": "rgb"}, "32-bit RGB"),
        (ramp(8, 3).astype(np.int8), {"photometric": "rgb"}, "8-bit signed RGB"),
        (ramp(16), {"photometric": "cfa"}, "raw photograph"),
        (ramp(16, 3), {"photometric": "linear_raw"}, "raw photograph"),
        (ramp(16), {"photometric": 32844}, "LogL"),
        (ramp(8).astype(np.complex64), {"photometric": "minisblack"}, "complex"),
    ],
)
def test_other_tiffs_are_refused_by_what_they_are(
    pixels: Pixels, options: dict[str, object], saying: str, tmp_path: Path
) -> None:
    is_refused(tiff(pixels, **options), saying, tmp_path)


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
