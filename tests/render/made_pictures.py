"""Small pictures of every depth and layout, made here and read by other libraries than ours."""

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image, ImageCms

Pixels = npt.NDArray[Any]
Wanted = npt.NDArray[np.float64]
HEIGHT, WIDTH = 40, 48
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def tiff(pixels: Pixels, **options: object) -> bytes:
    file = io.BytesIO()
    given: dict[str, Any] = {"metadata": None, **options}
    tifffile.imwrite(file, pixels, **given)
    return file.getvalue()


def packed(codec: str, pixels: Pixels | bytes, **options: object) -> bytes:
    """What one of imagecodecs' encoders makes of them."""
    return bytes(getattr(imagecodecs, f"{codec}_encode")(pixels, **options))


def by_opencv(content: bytes, how: int = cv2.IMREAD_UNCHANGED) -> Pixels:
    """What OpenCV reads of a file; colours are BGR."""
    read = cv2.imdecode(np.frombuffer(content, np.uint8), how)
    assert read is not None
    return np.asarray(read)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def ramp(bits: int, channels: int = 1, *, least: int = 0) -> Pixels:
    """All levels from black to white, in other orders in each channel; ``(h, w[, channels])``."""
    most = (1 << bits) - 1
    levels = np.linspace(least, most, HEIGHT * WIDTH).round().astype(np.uint64)
    planes = [np.roll(levels, 311 * k).reshape(HEIGHT, WIDTH) for k in range(channels)]
    kind = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32
    return np.stack(planes, axis=-1).astype(kind).squeeze()


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(pixels: Pixels, bits: int, colour_type: int, chunks: Sequence[bytes] = ()) -> bytes:
    """A PNG by the book, of samples as they are."""
    rows = pixels.reshape(pixels.shape[0], -1)
    if bits == 16:
        lines = [row.astype(">u2").tobytes() for row in rows]
    elif bits == 8:
        lines = [row.astype(np.uint8).tobytes() for row in rows]
    else:
        places = 8 // bits
        shifts = [bits * (places - 1 - k) for k in range(places)]
        lines = [
            bytes(sum(int(v) << s for v, s in zip(part, shifts, strict=True)) for part in row)
            for row in rows.reshape(len(rows), -1, places)
        ]
    head = struct.pack(">IIBBBBB", pixels.shape[1], len(rows), bits, colour_type, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + line for line in lines))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + b"".join(chunks)
        + chunk(b"IDAT", body)
        + chunk(b"IEND", b"")
    )


def with_chunk(content: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk behind its head."""
    return content[:33] + chunk(kind, data) + content[33:]


def grey_icc(gamma: float) -> bytes:
    """A version 2 profile of greys, as an editor writes it."""
    white = struct.pack(">iii", 63189, 65536, 54060)
    description = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"grey\0" + bytes(78)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    parts = [
        (b"desc", description + b"\0" * (-len(description) % 4)),
        (b"cprt", b"text\0\0\0\0CC0\0"),
        (b"wtpt", b"XYZ \0\0\0\0" + white),
        (b"kTRC", curve),
    ]
    start, table, body = 132 + 12 * len(parts), struct.pack(">I", len(parts)), b""
    for kind, part in parts:
        table += kind + struct.pack(">II", start + len(body), len(part))
        body += part + b"\0" * (-len(part) % 4)
    head = b"\0" * 4 + b"\x02\x40\0\0mntrGRAYXYZ " + struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    illuminant = struct.pack(">iii", 63189, 65536, 54060)
    size = struct.pack(">I", start + len(body))
    return size + head + b"acsp" + bytes(28) + illuminant + bytes(48) + table + body


def raw_tiff(
    tags: Mapping[int, tuple[int, Sequence[int]]], body: bytes, *, order: str = "<"
) -> bytes:
    """A TIFF of one directory, for what no library writes: type and values by tag; 273 and 279 are
    filled in."""
    tags = {**tags, 273: (4, [0]), 279: (4, [len(body)])}
    codes = {1: "B", 3: "H", 4: "I"}
    outside = 8 + 2 + 12 * len(tags) + 4
    extra = b""
    strip = outside + sum(
        len(values) * struct.calcsize(codes[kind])
        for kind, values in tags.values()
        if len(values) * struct.calcsize(codes[kind]) > 4
    )
    tags[273] = (4, [strip])
    entries = b""
    for tag, (kind, values) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}{codes[kind]}", *values)
        if len(packed) > 4:
            place = struct.pack(order + "I", outside + len(extra))
            extra += packed
        else:
            place = packed.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + place
    magic = b"II*\0" if order == "<" else b"MM\0*"
    head = magic + struct.pack(order + "IH", 8, len(tags))
    return head + entries + bytes(4) + extra + body
