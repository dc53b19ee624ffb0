"""A photograph's file with the same picture, and of what it says of itself only what is kept.

JPEG, PNG and WebP are taken apart and put together, and no pixel is coded anew. Anything else, and
what does not come out the same, becomes a PNG of its pixels.
"""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from tugan.render.image_file import PNG_COMPRESSION_LEVEL, PNG_STRATEGY
from tugan.render.photo_blocks import (
    END_OF_IMAGE,
    PNG_HEAD,
    START_OF_SCAN,
    Block,
    BlockError,
    is_jpeg,
    is_png,
    is_webp,
    jpeg_blocks,
    png_blocks,
    webp_blocks,
)
from tugan.render.photo_file import (
    MAX_PHOTO_BYTES,
    Photo,
    PhotoError,
    PhotoTooLargeError,
    decode_photo,
)
from tugan.render.photo_found import ICC_PREFIX, look_into, stored_orientation
from tugan.render.photo_metadata import kept_exif
from tugan.render.tiff_tags import EXIF_PREFIX

_LARGEST_SEGMENT = 65_533
_JFIF_LENGTH, _ADOBE_LENGTH = 14, 12
_KEPT_CHUNKS = frozenset(
    b"IHDR PLTE tRNS IDAT IEND iCCP sRGB gAMA cHRM cICP mDCV cLLI sBIT bKGD pHYs".split()
)
_KEPT_RIFF = (b"VP8 ", b"VP8L", b"ALPH", b"ICCP")
_HAS_ICC, _HAS_ALPHA, _HAS_EXIF = 0x20, 0x10, 0x08


def without_place(content: bytes, *, decoded: Photo | None = None) -> bytes:
    """What decodes to the same pixels, transparency, colour profile and kept tags.

    Doing it twice changes nothing more. ``decoded`` spares the reading, if it was read.
    :class:`PhotoError` or :class:`MissingExtraError` if it cannot be read, and
    :class:`PhotoTooLargeError` if it becomes so.
    """
    careful = _taken_apart(content)
    if careful == content:
        return content
    photo = decode_photo(content) if decoded is None else decoded
    if careful is not None and _shows(careful, photo):
        return careful
    return _as_png(photo)


def _shows(content: bytes, photo: Photo) -> bool:
    try:
        other = decode_photo(content)
    except PhotoError:
        return False
    if photo.alpha is None or other.alpha is None:
        same_alpha = photo.alpha is other.alpha
    else:
        same_alpha = np.array_equal(photo.alpha, other.alpha)
    return (
        same_alpha
        and (other.exif, other.icc_profile) == (photo.exif, photo.icc_profile)
        and np.array_equal(other.pixels, photo.pixels)
    )


def _taken_apart(content: bytes) -> bytes | None:
    """None for what is of no kind that is known here, damaged, or animated."""
    try:
        if is_jpeg(content):
            return _jpeg(content, _exif_of(content))
        if is_png(content):
            return _png(content, _exif_of(content))
        if is_webp(content):
            return _webp(content, _exif_of(content))
    except BlockError:
        pass
    return None


def _exif_of(content: bytes) -> bytes:
    found = look_into(content)
    return kept_exif(found.exif or b"", orientation=stored_orientation(found))


def _as_png(photo: Photo) -> bytes:
    picture = Image.fromarray(photo.pixels)
    if photo.alpha is not None:
        picture.putalpha(Image.fromarray(photo.alpha))
    target = io.BytesIO()
    picture.save(
        target,
        "PNG",
        compress_level=PNG_COMPRESSION_LEVEL,
        compress_type=PNG_STRATEGY,
        icc_profile=photo.icc_profile or None,
    )
    content = _png(target.getvalue(), photo.exif)
    if len(content) > MAX_PHOTO_BYTES:
        raise PhotoTooLargeError(
            f"without its metadata the photograph would be a PNG of {len(content) / 1e6:.0f} MB;"
            f" up to {MAX_PHOTO_BYTES / 1e6:.0f} MB are kept: save it as JPEG, or make it smaller"
        )
    return content


def _jpeg(content: bytes, exif: bytes) -> bytes:
    """The first picture's own blocks; what comes behind it is left out."""
    header, rest = b"", list[bytes]()
    for block in jpeg_blocks(content):
        body = content[block.body : block.body_end]
        if block.kind == b"\xe0":
            if body.startswith(b"JFIF\0") and len(body) >= _JFIF_LENGTH and not header:
                header = _segment(b"\xe0", body[: _JFIF_LENGTH - 2] + bytes(2))  # no thumbnail
        elif block.kind == b"\xee":
            if body.startswith(b"Adobe"):
                rest.append(_segment(b"\xee", body[:_ADOBE_LENGTH]))
        elif block.kind == b"\xe2":
            if body.startswith(ICC_PREFIX):
                rest.append(_segment(b"\xe2", body))
        elif block.kind == START_OF_SCAN:
            rest.append(content[block.start : block.end])
        elif _is_coding(block):
            rest.append(b"\xff" + block.kind + content[block.body - 2 : block.body_end])
    camera = _segment(b"\xe1", exif) if exif else b""
    return b"\xff\xd8" + header + camera + b"".join(rest) + b"\xff" + END_OF_IMAGE


def _is_coding(block: Block) -> bool:
    """Tables, sizes, restarts: what pixels are decoded by."""
    return 0xC0 <= block.kind[0] <= 0xCF or 0xDB <= block.kind[0] <= 0xDF


def _segment(kind: bytes, body: bytes) -> bytes:
    if len(body) > _LARGEST_SEGMENT:
        raise BlockError("too large for a segment")
    return b"\xff" + kind + struct.pack(">H", len(body) + 2) + body


def _png(content: bytes, exif: bytes) -> bytes:
    """Without text, times, unknown chunks, further frames, and what comes behind the end."""
    parts = [PNG_HEAD]
    for block in png_blocks(content):
        if block.kind in _KEPT_CHUNKS:
            parts.append(content[block.start : block.end])
        if block.kind == b"IHDR" and exif:
            parts.append(_chunk(b"eXIf", exif.removeprefix(EXIF_PREFIX)))
    return b"".join(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _webp(content: bytes, exif: bytes) -> bytes:
    """:class:`BlockError` for animations, which have no picture of their own."""
    chunks: dict[bytes, bytes] = {}
    for block in webp_blocks(content):
        if block.kind in (b"ANIM", b"ANMF"):
            raise BlockError("it is animated")
        if block.kind in (*_KEPT_RIFF, b"VP8X"):
            chunks.setdefault(block.kind, content[block.body : block.body_end])
    parts = []
    extended = chunks.pop(b"VP8X", None)
    if extended is not None:
        if exif:
            chunks[b"EXIF"] = exif.removeprefix(EXIF_PREFIX)
        flags = extended[0] & _HAS_ALPHA
        flags |= _HAS_ICC if b"ICCP" in chunks else 0
        flags |= _HAS_EXIF if b"EXIF" in chunks else 0
        parts.append(_riff(b"VP8X", bytes([flags]) + bytes(3) + extended[4:10]))
    order = (b"ICCP", b"ALPH", b"VP8 ", b"VP8L", b"EXIF")
    parts += [_riff(kind, chunks[kind]) for kind in order if kind in chunks]
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
