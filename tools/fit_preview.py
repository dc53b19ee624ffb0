"""Makes the preview head that comes with a model: previews of dragging without finishing pictures.

    python tools/fit_preview.py                      # writes it beside faces-1024
    python tools/fit_preview.py --check 400-411      # and says how near previews are

The same machine and libraries give the same file; about three minutes on one core.
"""

import argparse
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from tugan.generators.catalog import DEFAULT_MODEL, find_model
from tugan.generators.loading import load_generator
from tugan.generators.preview import PreviewHead
from tugan.generators.preview_fit import fit_preview_head
from tugan.generators.preview_store import SHIPPED_NAME, save_preview_head
from tugan.generators.protocol import Generator, sample_z
from tugan.generators.saving import fingerprint

SAMPLES = 200
SEED = 0


def psnr_db(generator: Generator, head: PreviewHead, *, seed: int) -> float:
    """Peak signal-to-noise ratio of the preview of a seed, against its picture averaged."""
    ws = generator.map(sample_z(seed, z_dim=generator.info.z_dim))
    with torch.no_grad():
        state = generator.advance(generator.begin(ws), until_px=head.until_px)
        preview = head.render(state.features)
        picture = F.interpolate(generator.finish(state), size=head.size_hw, mode="area")
    error = (preview.clamp(-1, 1) - picture.clamp(-1, 1)).square().mean()
    return float(10 * torch.log10(4 / error))


def main() -> None:
    """Fit, write, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--out", type=Path, help="by default beside the model")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--check", metavar="SEEDS", help="first and last, as 400-411")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # sums in one order
    generator = load_generator(arguments.model, device="cpu")
    info = generator.info
    started_s = time.perf_counter()
    head = fit_preview_head(
        generator,
        until_px=info.nearest_block(info.hints.feature_px).until_px,
        samples=arguments.samples,
        seed=SEED,
    )
    print(f"fitted on {arguments.samples} pictures in {time.perf_counter() - started_s:.0f} s")
    out = arguments.out or find_model(arguments.model) / SHIPPED_NAME
    save_preview_head(head, out, whose=fingerprint(generator))
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")
    if arguments.check:
        first, last = (int(number) for number in arguments.check.split("-"))
        found = [psnr_db(generator, head, seed=seed) for seed in range(first, last + 1)]
        print(f"previews: mean {sum(found) / len(found):.2f} dB, worst {min(found):.2f} dB")


if __name__ == "__main__":
    main()
