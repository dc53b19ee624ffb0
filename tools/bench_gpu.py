"""What a step of newton, a picture and a live frame cost on a GPU, with CUDA graphs and without.

    python tools/bench_gpu.py                              # config-f, 512 and 1024 px
    python tools/bench_gpu.py --size 1024 --dtypes float16 --steps 200
    python tools/bench_gpu.py --device cpu --size 64 --steps 2    # the same code, to try it

Random weights; one point. A step is the update of the latent, the features of the new one, and the
tracking in them: always the same one, from the same state. A picture is synthesised whole, made
8-bit and copied to the host. A live frame is a step toward a goal that circles and its picture on
the host; encoding is the studio's, on other threads. Medians, in milliseconds.
"""

import argparse
import math
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable

import torch

from bench_step import points, random_generator
from tugan.core.images import to_rgb_array
from tugan.dragging.live import LiveDrag
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.protocol import Generator, sample_z, synthesize
from tugan.generators.replay import ENVIRONMENT_VARIABLE

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
WARM_UPS = 3


def median_ms(action: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Of runs one by one, each until the device is done; some more before, for recordings."""
    taken = []
    for index in range(WARM_UPS + repeats):
        started_s = time.perf_counter()
        action()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if index >= WARM_UPS:
            taken.append(1e3 * (time.perf_counter() - started_s))
    return statistics.median(taken)


def newton_step(generator: Generator) -> Callable[[], object]:
    """Update, synthesise, track; from the start, with a goal a tenth of the picture away."""
    handles, targets = points(1, generator.info.size_hw[0])
    problem = DragProblem(
        generator=generator,
        ws=generator.map(sample_z(0, z_dim=generator.info.z_dim)),
        handles_xy=handles,
        targets_xy=targets,
    )
    solver = Newton(settings=NewtonSettings.for_generator(generator.info))
    state = solver.init(problem)
    seen = solver.observe(problem, state)
    return lambda: solver.observe(problem, solver.update(problem, state, seen))


def picture(generator: Generator) -> Callable[[], object]:
    """The whole picture of a latent, on the host."""
    ws = generator.map(sample_z(0, z_dim=generator.info.z_dim))
    return lambda: to_rgb_array(synthesize(generator, ws))


def live_frame(generator: Generator) -> Callable[[], object]:
    """A live step and its picture on the host; the goal circles around the handle."""
    side = generator.info.size_hw[0]
    handles, _ = points(1, side)
    live = LiveDrag(generator, generator.map(sample_z(0, z_dim=generator.info.z_dim)))
    live.grab(handles)
    angle = 0.0

    def frame() -> None:
        nonlocal angle
        step = None
        while step is None:
            angle += 0.2
            goal = side / 25 * torch.tensor([[math.cos(angle), math.sin(angle)]])
            live.move((handles + goal).clamp(0, side - 1))
            step = live.step()
        to_rgb_array(step.image())

    return frame


def about(device: torch.device) -> str:
    """Device, driver and torch."""
    if device.type != "cuda":
        return f"{device}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    driver = "unknown"
    command = shutil.which("nvidia-smi")
    if command is not None:
        query = [command, "--query-gpu=driver_version", "--format=csv,noheader"]
        done = subprocess.run(query, capture_output=True, text=True, check=False)
        driver = ", ".join(sorted(set(done.stdout.split()))) or driver
    name = torch.cuda.get_device_name(device)
    return f"{name}, driver {driver}, torch {torch.__version__}, CUDA {torch.version.cuda}"


def measure(size_px: int, dtype: str, graphs: str, device: torch.device, repeats: int) -> None:
    """Prints a row."""
    os.environ[ENVIRONMENT_VARIABLE] = graphs
    generator = random_generator(size_px).to(device, DTYPES[dtype])
    found = [
        median_ms(make(generator), device, repeats) for make in (newton_step, picture, live_frame)
    ]
    cells = "   ".join(f"{one:10.2f}" for one in found)
    print(f"{size_px:>5}   {dtype:<8}   {graphs:<6}   {cells}   {1e3 / found[2]:8.1f}", flush=True)


def main() -> None:
    """A row for each size, precision, and way of starting kernels."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", type=int, action="append", help="may be given several times")
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--steps", type=int, default=50, help="runs of each")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("there is no CUDA device here: nothing measured (--device cpu tries the same code)")
        return
    print(about(device))
    print(" size   weights    graphs   newton step   picture     live frame     frames/s")
    for size_px in arguments.size or [512, 1024]:
        for dtype in arguments.dtypes:
            for graphs in ("on", "off") if device.type == "cuda" else ("off",):
                measure(size_px, dtype, graphs, device, arguments.steps)


if __name__ == "__main__":
    main()
