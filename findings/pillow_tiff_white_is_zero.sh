#!/usr/bin/env bash
# Pillow turns WhiteIsZero TIFFs over to black-is-zero at 8 bits, and not at 16.
#
# Guess written down before running: a 16-bit WhiteIsZero picture is inverted as the 8-bit one is;
# 0x10 of 0xff and 0x1000 of 0xffff are the same light grey.
#
# Seen with Pillow 13.0.0 and tifffile 2026.3.3:
#   8 bits, sample 0x10:    239 of 255 (light, as the file means it)
#   16 bits, sample 0x1000: 4096 of 65535 (dark: a negative)
#   Float, sample 0.0625:   0.0625 (the same)
#   No error and no warning, and nothing in the opened picture's mode or info says which it is but the
#   tag itself. 16-bit big-endian ones are not opened at all.
#
# Exit code 0: it still behaves so. 1: it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
"$folder/venv/bin/python" - <<'PROGRAM'
import io

import numpy as np
import tifffile
from PIL import Image


def opened(value, kind):
    file = io.BytesIO()
    pixels = np.full((40, 40), value, kind)
    tifffile.imwrite(file, pixels, photometric="miniswhite", metadata=None)
    picture = Image.open(io.BytesIO(file.getvalue()))
    assert picture.tag_v2[262] == 0, "WhiteIsZero"
    return picture.getpixel((5, 5))


seen = opened(0x10, np.uint8), opened(0x1000, np.uint16), opened(0.0625, np.float32)
print(seen)
raise SystemExit(0 if seen == (239, 0x1000, 0.0625) else 1)
PROGRAM
