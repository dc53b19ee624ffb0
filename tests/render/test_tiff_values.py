"""Every depth and layout of TIFF photographs and masks, held against tifffile."""

import io
import itertools
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from render.made_pictures import (
    HEIGHT,
    WIDTH,
    Pixels,
    encoded,
    packed,
    ramp,
    raw_tiff,
    tiff,
)
from render.picture_asserts import is_refused, is_right, mask_is_right, of_255
from tugan.render.photo_file import PhotoError, decode_photo

ORDERS = ("<", ">")
COMPRESSIONS = ((None, None), ("zlib", None), ("zlib", True), ("lzw", True))


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


@pytest.mark.parametrize("compression", ["group3", "group4", "packbits", "tiff_ccitt"])
def test_faxes(compression: str, tmp_path: Path) -> None:
    picture = Image.fromarray(ramp(8)).convert("1")
    content = encoded(picture, "TIFF", compression=compression)
    with tifffile.TiffFile(io.BytesIO(content)) as opened:
        page = opened.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        white_is_zero = page.photometric == 0
    if compression == "packbits":
        read = tifffile.imread(io.BytesIO(content)).astype(bool)
        assert np.array_equal(read != white_is_zero, np.asarray(picture))
    wanted = np.asarray(picture) * 255.0
    is_right(content, wanted)
    mask_is_right(content, wanted, tmp_path)
