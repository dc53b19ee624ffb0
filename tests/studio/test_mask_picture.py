import base64
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tugan.session.errors import SessionError
from tugan.studio.encoding import png
from tugan.studio.mask_picture import decode_mask

HW = (24, 16)


def encoded(picture: Image.Image, kind: str = "PNG") -> str:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P"])
def test_any_png_mode_gives_black_and_white(mode: str) -> None:
    wanted = np.zeros(HW, dtype=np.uint8)
    wanted[4:9, 3:12] = 255
    mask = decode_mask(encoded(Image.fromarray(wanted).convert(mode)), image_hw=HW)
    np.testing.assert_array_equal(mask, wanted)
    assert not mask.flags.writeable


def test_what_is_sent_to_the_page_comes_back_the_same() -> None:
    wanted = np.random.default_rng(0).choice(np.array([0, 255], dtype=np.uint8), HW)
    text = base64.b64encode(png(wanted)).decode()
    np.testing.assert_array_equal(decode_mask(text, image_hw=HW), wanted)


def bomb() -> str:
    """A few bytes that declare 60 000 x 60 000 px."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"")).decode()


whole = encoded(Image.new("L", (HW[1], HW[0])))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64!",
        base64.b64encode(b"not a picture").decode(),
        encoded(Image.new("L", (HW[1], HW[0])), "BMP"),
        encoded(Image.new("L", (HW[1], HW[0])), "GIF"),
        base64.b64encode(base64.b64decode(whole)[:-30]).decode(),
        encoded(Image.new("L", (HW[1] + 1, HW[0]))),
        bomb(),
    ],
)
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(SessionError) as refused:
        decode_mask(text, image_hw=HW)
    assert refused.value.code == "bad-mask"
    assert refused.value.remedy
