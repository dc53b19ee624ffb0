#!/usr/bin/env bash
# White of a JPEG 2000 picture with more than 8 bits a channel opens as black in Pillow.
#
# Guess written down before running: a white RGB picture of 12 or 16 bits opens as (255, 255, 255),
# and a white 4-bit grey one as 255: Pillow reduces such pictures to 8 bits.
#
# Seen with Pillow 13.0.0 and imagecodecs 2026.3.6 (which writes the valid files, and reads them back right):
#   12 bits: (0, 0, 0); 16 bits: (0, 0, 0). As if the reduction added one half, shifted, and kept the
#   lower 8 bits of the sum, so that the whitest 1/512 of the range comes out as 0, in alpha too: a
#   wholly opaque 16-bit RGBA picture opens wholly transparent. A grey picture of 16 bits is right,
#   being kept in 16 bits. White of 4 bits opens as 240: it is shifted, not scaled.
#   No error and no warning.
#
# Exit code 0: it still behaves so. 1: it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 imagecodecs==2026.3.6 numpy==2.4.6
"$folder/venv/bin/python" - <<'PROGRAM'
import io

import imagecodecs
import numpy as np
from PIL import Image


def white(bits, channels):
    kind = np.uint8 if bits <= 8 else np.uint16
    shape = (40, 40) if channels == 1 else (40, 40, channels)
    pixels = np.full(shape, (1 << bits) - 1, kind)
    content = imagecodecs.jpeg2k_encode(pixels, level=0, bitspersample=bits)
    assert (imagecodecs.jpeg2k_decode(content) == pixels).all(), "the file itself is right"
    return Image.open(io.BytesIO(content)).getpixel((5, 5))


seen = {(bits, n): white(bits, n) for bits, n in ((12, 3), (16, 3), (16, 4), (4, 1), (16, 1))}
print(seen)
expected = {(12, 3): (0, 0, 0), (16, 3): (0, 0, 0), (16, 4): (0, 0, 0, 0), (4, 1): 240, (16, 1): 65535}
raise SystemExit(0 if seen == expected else 1)
PROGRAM
