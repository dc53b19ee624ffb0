"""Makes the sketch that comes with a model of what its moves repaint (``hold`` of drags).

    python tools/sketch_repainting.py                # writes it beside faces-1024

The same machine and libraries give the same file; about five minutes on one core.
"""

import argparse
import time
from pathlib import Path

import torch

from tugan.generators.catalog import DEFAULT_MODEL, find_model
from tugan.generators.loading import load_generator
from tugan.generators.protocol import RepaintingSketch
from tugan.generators.repainting import PICTURES, PROBES, sketch_repainting
from tugan.generators.repainting_store import SHIPPED_NAME, save_repainting
from tugan.generators.saving import fingerprint


def main() -> None:
    """Sketch, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--out", type=Path, help="by default beside the model")
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--probes", type=int, default=PROBES)
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # sums in one order
    generator = load_generator(arguments.model, device="cpu")
    info = generator.info
    started_s = time.perf_counter()
    for found in sketch_repainting(generator, pictures=arguments.pictures, probes=arguments.probes):
        if not isinstance(found, RepaintingSketch):
            print(f"\r{found.done} of {found.pictures} pictures", end="", flush=True)
            continue
        out = arguments.out or find_model(arguments.model) / SHIPPED_NAME
        until_px = info.nearest_block(info.hints.feature_px).until_px
        save_repainting(found, out, whose=fingerprint(generator), until_px=until_px)
        print(f"\n{out}: {out.stat().st_size / 1e6:.2f} MB", end=", ")
        print(f"{time.perf_counter() - started_s:.0f} s")


if __name__ == "__main__":
    main()
