"""How many live steps a second: a goal that circles, a preview of every step.

    python tools/bench_live.py --steps 60

Run it alone on the machine. The goal is a new one at every step, as under a moving finger.
"""

import argparse
import math
import time

import torch

import tugan

HANDLE_XY = (608.0, 762.0)
RADIUS_PX = 30.0
STEPS_A_ROUND = 40


def main() -> None:
    """Print steps a second with and without previews."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=60)
    steps: int = parser.parse_args().steps
    generator = tugan.load_generator("faces-1024")
    head = tugan.preview_head_of(generator)
    for previews in (False, True):
        live = tugan.LiveDrag(generator, generator.map(tugan.sample_z(14, z_dim=512)))
        live.grab(torch.tensor([HANDLE_XY]))
        taken, missed_px, seconds = 0, 0.0, 0.0
        for index in range(steps + 3):
            angle = 2 * math.pi * index / STEPS_A_ROUND
            goal = torch.tensor(HANDLE_XY) + RADIUS_PX * torch.tensor(
                [math.sin(angle), 1 - math.cos(angle)]
            )
            started_s = time.perf_counter()
            live.move(goal[None])
            step = live.step()
            if step is not None and previews:
                step.preview(head)
            # the first ones warm up
            if step is not None and index >= 3:
                seconds += time.perf_counter() - started_s
                taken += 1
                missed_px += step.farthest_px
        kind = "with a 512 px preview each" if previews else "without previews"
        print(
            f"{taken / seconds:5.1f} steps a second {kind}; after its step the handle is"
            f" {missed_px / taken:.1f} px from where the goal was"
        )


if __name__ == "__main__":
    main()
