#!/usr/bin/env bash
# The transparent grey of a PNG with 2 or 4 bits a pixel is not transparent in Pillow.
#
# Guess written down before running: a 2-bit grey PNG whose tRNS names sample 3 (white) has alpha 0 in its
# white pixels after convert("RGBA"), as an 8-bit one has whose tRNS names 255.
#
# Seen with Pillow 13.0.0:
#   bits 1, tRNS 1:    alpha 0      bits 8, tRNS 255:   alpha 0
#   bits 2, tRNS 3:    alpha 255    bits 16, tRNS 65535: alpha 0
#   bits 4, tRNS 15:   alpha 255
#   Samples of 2 and 4 bits are spread over 0 to 255 in reading; the tRNS sample is not, so that it names
#   another grey: with 4 bits, 15 is compared with 255. Only sample 0 comes out right.
#   No error and no warning.
#
# Exit code 0: it still behaves so. 1: it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - <<'PROGRAM'
import io
import struct
import zlib

from PIL import Image


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def alpha_of_white(bits):
    """Of a wholly white 16 x 16 PNG that names white as transparent."""
    head = struct.pack(">IIBBBBB", 16, 16, bits, 0, 0, 0, 0)
    rows = (b"\0" + b"\xff" * (2 * bits)) * 16
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    content += chunk(b"tRNS", struct.pack(">H", (1 << bits) - 1))
    content += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return Image.open(io.BytesIO(content)).convert("RGBA").getpixel((5, 5))[3]


seen = {bits: alpha_of_white(bits) for bits in (1, 2, 4, 8, 16)}
print(seen)
raise SystemExit(0 if seen == {1: 0, 2: 255, 4: 255, 8: 0, 16: 0} else 1)
PROGRAM
