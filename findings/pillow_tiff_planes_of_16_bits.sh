#!/usr/bin/env bash
# A 16-bit RGB TIFF whose planes are apart opens right in Pillow if compressed, and wrong if not.
#
# Guess written down before running: compression is lossless here, so both open with the same values.
#
# Seen with Pillow 13.0.0 and tifffile 2026.3.3 (which writes the valid files, and reads them back right):
#   Three ramps over all 16 bits, as 0 to 255; by how much the opened picture is off at most.
#   deflate:       1 in either byte order (16 bits are cut to 8, not rounded)
#   uncompressed:  over 200 in either byte order
#   No error and no warning. Compressed files go through libtiff; of uncompressed ones Pillow's own
#   unpacking takes each plane to have 8 bits: a row shows bytes of two samples, each a pixel.
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

ramp = np.linspace(0, 65535, 2000).round().astype(np.uint16)
planes = np.stack([np.roll(ramp, 600 * k).reshape(40, 50) for k in range(3)])


def off_by(order, compression):
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        planes,
        photometric="rgb",
        planarconfig="separate",
        metadata=None,
        byteorder=order,
        compression=compression,
    )
    read = tifffile.imread(io.BytesIO(file.getvalue()))
    assert (read == planes).all(), "the file itself is right"
    seen = np.asarray(Image.open(io.BytesIO(file.getvalue()))).astype(float)
    return float(np.abs(seen - planes.transpose(1, 2, 0) / 257).max())


seen = {(order, how): off_by(order, how) for order in "<>" for how in ("zlib", None)}
print({key: round(value, 1) for key, value in seen.items()})
as_said = all(value <= 1 if how else value > 200 for (_, how), value in seen.items())
raise SystemExit(0 if as_said else 1)
PROGRAM
