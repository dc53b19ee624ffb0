"""Seconds and memory of opening a photograph of 24 million pixels, one thread.

python tools/bench_photo.py [--rounds N] [--format JPEG]: run it with PYTHONPATH of one checkout's
src and then of another's, in turns.
"""

import argparse
import io
import os
import statistics
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tugan.render.photo_file import decode_photo

SIZE_WH = (6000, 4000)


def photograph(kind: str) -> bytes:
    """Smooth noise, which compresses as photographs do."""
    noise = np.random.default_rng(0).integers(0, 256, (500, 750, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize(SIZE_WH, Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    file = io.BytesIO()
    picture.save(file, kind, quality=92, exif=exif)
    return file.getvalue()


def of_status(name: str) -> float:
    """A figure of this process's memory, MiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def main() -> None:
    """Print the median and the least of the rounds, and the most memory of one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--format", default="JPEG")
    given = parser.parse_args()
    content = photograph(given.format)
    decode_photo(content)
    seconds, extra_mib = [], 0.0
    for _ in range(given.rounds):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before, started = of_status("VmRSS:"), time.process_time()
        decode_photo(content)
        seconds.append(time.process_time() - started)
        extra_mib = max(extra_mib, of_status("VmHWM:") - before)
    print(
        f"{given.format} {len(content) / 1e6:.1f} MB: median {statistics.median(seconds):.3f} s,"
        f" least {min(seconds):.3f} s, at most {extra_mib:.0f} MiB more (pid {os.getpid()})"
    )


if __name__ == "__main__":
    main()
