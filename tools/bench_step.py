"""What a step of the drag costs, against a plain reference that works as the original program does.

    python tools/bench_step.py                 # 512 px config-f, 1 and 10 points; faces-1024
    python tools/bench_step.py --size 256 --steps 3
    python tools/bench_step.py --memory        # newton's peak and step, with 1, 16, 68, 200 points

The reference synthesises the whole picture on every step, scales and normalises weight tensors,
leaves them unfrozen, resizes the features to the picture, keeps the initial ones for the mask, and
loops over points. Both compute the same step on the same random weights: that is checked before
anything is timed. Every variant runs in a process of its own. Printed are ratios of one run. Peak
memory is the whole process's, interpreter and weights included, read from Linux's /proc.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

import tugan
from bench_cases import faces_live
from tugan.bench.cost_model import descent_cost, synthesis_cost
from tugan.bench.floor import floor_of
from tugan.bench.floor_rates import measure_rates
from tugan.core.allocator import keep_freed_memory
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.loading import build, load_generator
from tugan.generators.model_config import About, CanonicalModel, ModelConfig, architecture_json
from tugan.generators.protocol import DragHints, PretrainedGenerator, sample_z, synthesize
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.stylegan2.layers import StyledConv, ToRgb, doubling_filter, upsample_image
from tugan.generators.stylegan2.network import StyleGan2, SynthesisBlock
from tugan.generators.w_statistics import w_statistics_of

FEATURE_PX = 128


def config_f(size_px: int) -> StyleGan2Config:
    """StyleGAN2 config-f: 512 channels up to 64 px, then halved at each doubling."""
    sizes = [4 << index for index in range(int(math.log2(size_px)) - 1)]
    return StyleGan2Config(channels=tuple(min(512, 32768 // side) for side in sizes))


def random_generator(size_px: int) -> StyleGan2:
    """Random weights of unit scale, the same every time."""
    config = config_f(size_px)
    hints = DragHints(
        feature_px=FEATURE_PX, latent="w+", rows=6, whitened=False, learning_rate=1e-3
    )
    model_config = ModelConfig(
        family="stylegan2",
        about=About(name=f"random-{size_px}"),
        hints=hints,
        architecture=architecture_json(config),
    )
    network = build(CanonicalModel(config=model_config, tensors=random_tensors(config)))
    assert isinstance(network, StyleGan2)
    return network


def random_tensors(config: StyleGan2Config) -> dict[str, Tensor]:
    """By the names of the network's state."""
    rng = torch.Generator().manual_seed(0)
    out = {"w_mean": torch.zeros(config.w_dim)}

    def linear(name: str, fan_in: int, fan_out: int, bias: float) -> None:
        out[f"{name}.weight"] = torch.randn(fan_out, fan_in, generator=rng) / math.sqrt(fan_in)
        out[f"{name}.bias"] = torch.full((fan_out,), bias)

    for index, width in enumerate(config.mapping_widths):
        linear(f"mapping.layers.{index}", config.z_dim, width, 0.0)
    out["const"] = torch.randn(config.channels[0], *config.const_hw, generator=rng)
    previous = config.channels[0]
    for index, channels in enumerate(config.channels):
        for position in range(1 if index == 0 else 2):
            name = f"blocks.{index}.convs.{position}"
            fan_in = previous if position == 0 else channels
            linear(f"{name}.affine", config.w_dim, fan_in, 1.0)
            out[f"{name}.weight"] = torch.randn(channels, fan_in, 3, 3, generator=rng)
            out[f"{name}.bias"] = 0.1 * torch.randn(channels, generator=rng)
            out[f"{name}.noise_strength"] = torch.tensor(0.1)
            out[f"{name}.noise"] = torch.randn(config.size_hw(index), generator=rng)
        linear(f"blocks.{index}.to_rgb.affine", config.w_dim, channels, 1.0)
        scale = 1 / math.sqrt(channels)
        out[f"blocks.{index}.to_rgb.weight"] = scale * torch.randn(3, channels, 1, 1, generator=rng)
        out[f"blocks.{index}.to_rgb.bias"] = torch.zeros(3)
        previous = channels
    return out


def points(count: int, size_px: int) -> tuple[Tensor, Tensor]:
    """Handles spread over the picture, and goals a tenth of it away."""
    rng = torch.Generator().manual_seed(1)
    handles = (size_px * (0.2 + 0.6 * torch.rand(count, 2, generator=rng))).round()
    angle = 2 * math.pi * torch.rand(count, generator=rng)
    way = torch.stack([angle.cos(), angle.sin()], dim=1) * size_px / 10
    return handles, (handles + way).round()


# The plain reference.


def plain_styled_conv(layer: StyledConv, x: Tensor, w: Tensor) -> Tensor:
    """Weights scaled by the style and normalised, then convolved."""
    scaled = layer.weight * layer.affine(w)[0, None, :, None, None]
    weight = scaled * torch.rsqrt(scaled.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8)
    if layer.upsample:
        x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        kernel = doubling_filter(x).expand(x.shape[1], 1, 4, 4)
        x = F.conv2d(x, kernel, padding=1, groups=x.shape[1])
    else:
        x = F.conv2d(x, weight, padding=1)
    x = x + layer.noise * layer.noise_strength
    return F.leaky_relu(x + layer.bias[:, None, None], 0.2) * math.sqrt(2)


def plain_to_rgb(layer: ToRgb, x: Tensor, w: Tensor) -> Tensor:
    """Weights scaled by the style."""
    weight = layer.weight * layer.affine(w)[0, None, :, None, None]
    return F.conv2d(x, weight, layer.bias)


def plain_synthesis(network: StyleGan2, ws: Tensor) -> tuple[Tensor, Tensor]:
    """The whole picture, and the features of the 128 px block."""
    x, image, features = network.const[None], None, None
    for block in network.blocks:
        assert isinstance(block, SynthesisBlock)
        row = block.first_row
        for conv in block.convs:
            assert isinstance(conv, StyledConv)
            x = plain_styled_conv(conv, x, ws[:, row])
            row += 1
        rgb = plain_to_rgb(block.to_rgb, x, ws[:, row])
        image = rgb if image is None else upsample_image(image) + rgb
        if x.shape[2] == min(FEATURE_PX, network.info.size_hw[0]):
            features = x
    assert image is not None
    assert features is not None
    return image, features


class PlainDrag:
    """The step as the original program is known to do it (``DragSettings.original()``)."""

    def __init__(self, network: StyleGan2, ws: Tensor, handles: Tensor, targets: Tensor) -> None:
        """Weights are unfrozen, as they are there."""
        network.requires_grad_(True)
        self.network, self.targets = network, targets.flip(1)
        self.settings = DragSettings.original()
        self.points = [point.flip(0) for point in handles]
        self.tail = ws[:, 6:]
        self.latent = ws[:, :6].clone().requires_grad_()
        self.optimiser = torch.optim.Adam([self.latent], lr=self.settings.learning_rate)
        self.references: list[Tensor] = []
        self.initial: Tensor | None = None

    def step(self) -> None:
        """Synthesise, resize, track, loss, Adam."""
        ws = torch.cat([self.latent, self.tail], dim=1)
        image, features = plain_synthesis(self.network, ws)
        size = image.shape[2]
        resized = F.interpolate(features, (size, size), mode="bilinear")
        if not self.references:
            self.initial = resized.detach()  # for the mask's loss, kept with or without a mask
            self.references = [
                resized[0, :, int(y), int(x)].detach().clone() for y, x in self.points
            ]
        self._track(resized.detach(), size)
        loss = torch.zeros(())
        for point, target in zip(self.points, self.targets, strict=True):
            loss = loss + self._motion(resized, point, target, size)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()

    def _track(self, resized: Tensor, size: int) -> None:
        reach = round(self.settings.track_radius_px_at_512 * size / 512)
        for index, reference in enumerate(self.references):
            y, x = (int(value) for value in self.points[index])
            top, left = max(y - reach, 0), max(x - reach, 0)
            patch = resized[0, :, top : y + reach + 1, left : x + reach + 1]
            distance = (patch - reference[:, None, None]).norm(dim=0)
            row, column = divmod(int(distance.argmin()), distance.shape[1])
            self.points[index] = torch.tensor([float(top + row), float(left + column)])

    def _motion(self, resized: Tensor, point: Tensor, target: Tensor, size: int) -> Tensor:
        way = target - point
        if way.norm() <= 1:
            return torch.zeros(())
        radius = max(round(self.settings.motion_radius_px_at_512 * size / 512), 1)
        axis = torch.linspace(0, size, size)
        rows, columns = torch.meshgrid(axis, axis, indexing="ij")
        near = ((rows - point[0]).square() + (columns - point[1]).square()).sqrt() < radius
        y, x = torch.where(near)
        ahead = torch.stack([x, y], dim=1) + (way / (way.norm() + 1e-7)).flip(0)
        grid = ahead / (size - 1) * 2 - 1
        moved = F.grid_sample(resized, grid[None, None], align_corners=True)[:, :, 0]
        return F.l1_loss(resized[:, :, y, x].detach(), moved)


def ours(network: StyleGan2, ws: Tensor, handles: Tensor, targets: Tensor, steps: int) -> Tensor:
    """The same steps by the package; the latent after them."""
    problem = DragProblem(generator=network, ws=ws, handles_xy=handles, targets_xy=targets)
    solver = Adam(settings=DragSettings.original())
    state = solver.init(problem)
    for _ in range(steps):
        state = solver.update(problem, state, solver.observe(problem, state))
    return (ws[:, :6] + state.move).detach()


def measure(variant: str, size_px: int, count: int, steps: int) -> dict[str, float]:
    """One variant in this process: seconds a step, peak memory."""
    if variant == "ours":  # as load_generator does
        keep_freed_memory()
    network = random_generator(size_px)
    if variant == "ours":
        network.lay_out_weights()
    ws = network.map(sample_z(0, z_dim=512))
    handles, targets = points(count, size_px)
    forget_peak()
    if variant == "plain":
        drag = PlainDrag(network, ws, handles, targets)
        drag.step()
        taken_s = timed(drag.step, steps)
    else:
        problem = DragProblem(generator=network, ws=ws, handles_xy=handles, targets_xy=targets)
        solver = Adam(settings=DragSettings.original())
        state = solver.init(problem)

        def step() -> None:
            nonlocal state
            state = solver.update(problem, state, solver.observe(problem, state))

        step()
        taken_s = timed(step, steps)
    peak = peak_mib()
    return {"step_s": taken_s, "peak_mib": peak, "floor_s": floor_s(network, count)}


def floor_s(network: StyleGan2, points: int) -> float:
    """What a step's multiply-adds take at the best rates of this process, or its bytes."""
    whole = synthesis_cost(network.config)
    cost = descent_cost(
        network.config,
        until_px=FEATURE_PX,
        points=points,
        trunk_px=network.trunk_px(points, until_px=FEATURE_PX),
    )
    rates = measure_rates(whole, until_px=FEATURE_PX, device=network.device)
    return floor_of(cost, rates).seconds


def measure_faces(steps: int) -> dict[str, float]:
    """The default model with its own settings, one point."""
    generator = load_generator(device="cpu")
    handles = torch.tensor([[512.0, 620.0]])
    problem = DragProblem(
        generator=generator,
        ws=generator.map(sample_z(0, z_dim=512)),
        handles_xy=handles,
        targets_xy=handles + 150,
    )
    settings = replace(DragSettings.for_generator(generator.info), max_steps=steps + 2)
    iterator = tugan.drag(problem, solver=Adam(settings=settings))
    for _ in range(3):
        step = next(iterator)
    step_s = timed(lambda: next(iterator), steps)
    return {
        "step_s": step_s,
        "picture_s": timed(lambda: synthesize(generator, step.ws), 5),
        "features_px": settings.feature_px,
        "peak_mib": peak_mib(),
    }


def measure_memory(size_px: int, count: int) -> dict[str, float]:
    """Of steps of newton, and peaks of them and of the picture after them; size 0 is faces-1024.

    Once all points have had a turn, and with derivatives in every step.
    """
    if size_px:
        keep_freed_memory()
        made = random_generator(size_px)
        made.lay_out_weights()
        network: PretrainedGenerator = made
    else:
        network = load_generator(device="cpu")
    side_px = network.info.size_hw[0]
    handles, targets = points(count, side_px)
    ws = network.map(sample_z(0, z_dim=512))
    settings = NewtonSettings.for_generator(network.info)
    # up to so many points the derivatives would serve several steps
    solver = Newton(settings=replace(settings, fresh_points=settings.points_a_step))
    problem = DragProblem(generator=network, ws=ws, handles_xy=handles, targets_xy=targets)
    w_statistics_of(network)  # estimated once, and kept from then on
    forget_peak()
    state = solver.init(problem)

    def step() -> None:
        nonlocal state
        state = solver.update(problem, state, solver.observe(problem, state))

    for _ in range(state.turns.in_a_round):
        step()
    step_s = timed(step, 5)
    steps_mib = peak_mib()
    synthesize(network, solver.observe(problem, state).ws)
    return {"step_s": step_s, "steps_mib": steps_mib, "picture_mib": peak_mib()}


def compare_memory() -> None:
    """Prints a table of peaks and steps."""
    print("newton, peak MiB of the process   points   steps   with the picture   s a step")
    for size_px, name in (
        (0, "faces-1024"),
        *((size_px, f"config-f, {size_px} px") for size_px in (256, 512, 1024)),
    ):
        for count in (1, 16, 68, 200):
            found = in_own_process(
                *("--variant", "memory", "--size", str(size_px), "--points", str(count))
            )
            print(
                f"{name:<33} {count:>6}   {found['steps_mib']:5.0f}"
                f"   {found['picture_mib']:16.0f}   {found['step_s']:8.3f}"
            )


def measure_live(steps: int) -> dict[str, float]:
    """The default model under a hand: a step of newton, its preview of 512 px as a JPEG."""
    act = faces_live()
    for _ in range(3):
        act()
    return {"step_s": timed(act, steps), "peak_mib": peak_mib()}


def timed(action: Callable[[], object], times: int) -> float:
    """The median, in seconds: these machines are shared."""
    taken = []
    for _ in range(times):
        started_s = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started_s)
    return statistics.median(taken)


def forget_peak() -> None:
    """Let the peak count from now on, so that making the weights does not."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_mib() -> float:
    """Largest resident size of this process, interpreter, libraries and weights included."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def in_own_process(*arguments: str) -> dict[str, float]:
    """What a child prints."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def command_s(*arguments: str) -> float:
    """Seconds of the program from start to end, the median of three."""
    taken = []
    for _ in range(3):
        started_s = time.perf_counter()
        command = [sys.executable, "-m", "tugan", *arguments]
        subprocess.run(command, capture_output=True, check=True)
        taken.append(time.perf_counter() - started_s)
    return sorted(taken)[1]


def check_same_step(size_px: int) -> None:
    """Exits unless both variants take the same two steps."""
    network = random_generator(size_px)
    ws = network.map(sample_z(0, z_dim=512))
    handles, targets = points(3, size_px)
    theirs = PlainDrag(network, ws, handles, targets)
    for _ in range(2):
        theirs.step()
    network.requires_grad_(False)
    difference = (ours(network, ws, handles, targets, 2) - theirs.latent.detach()).abs().max()
    moved = (theirs.latent.detach() - ws[:, :6]).abs().max()
    if difference > 0.02 * moved:
        sys.exit(f"the two do not compute the same step: they differ by {difference:.2g}")
    print(f"same step: latents differ by {difference:.1e} after moving by {moved:.1e}")


def compare(size_px: int, steps: int) -> None:
    """Prints a table of ratios."""
    print(f"{size_px} px config-f, random weights, {torch.get_num_threads()} threads")
    print(
        "points   plain s/step   ours s/step   faster   floor s   of it   plain MiB   ours MiB"
        "   memory"
    )
    for count in (1, 10):
        arguments = ("--size", str(size_px), "--points", str(count), "--steps", str(steps))
        plain, our = (
            in_own_process("--variant", variant, *arguments) for variant in ("plain", "ours")
        )
        faster = plain["step_s"] / our["step_s"]
        memory = our["peak_mib"] / plain["peak_mib"]
        seconds = (
            f"{plain['step_s']:12.2f}   {our['step_s']:11.2f}   {faster:5.1f}x"
            f"   {our['floor_s']:7.2f}   {our['step_s'] / our['floor_s']:4.2f}x"
        )
        peaks = f"{plain['peak_mib']:9.0f}   {our['peak_mib']:8.0f}   {memory:6.2f}"
        print(f"{count:>6}   {seconds}   {peaks}")


def main() -> None:
    """Compare, or measure one variant for the parent process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--points", type=int, default=1)
    parser.add_argument("--variant", choices=("plain", "ours", "faces", "live", "memory"))
    parser.add_argument("--memory", action="store_true", help="newton's memory, and nothing else")
    arguments = parser.parse_args()
    if arguments.variant == "faces":
        print(json.dumps(measure_faces(arguments.steps)))
    elif arguments.variant == "memory":
        print(json.dumps(measure_memory(arguments.size, arguments.points)))
    elif arguments.memory:
        compare_memory()
    elif arguments.variant == "live":
        print(json.dumps(measure_live(arguments.steps)))
    elif arguments.variant:
        print(
            json.dumps(
                measure(arguments.variant, arguments.size, arguments.points, arguments.steps)
            )
        )
    else:
        check_same_step(min(arguments.size, 256))
        compare(arguments.size, arguments.steps)
        faces = in_own_process("--variant", "faces", "--steps", "20")
        print(f"tugan --help: {command_s('--help'):.2f} s")
        with tempfile.TemporaryDirectory() as folder:
            first_s = command_s("generate", "--out", f"{folder}/face.png")
        print(f"first face after process start, written as a PNG: {first_s:.2f} s")
        print(
            f"faces-1024, 1 point, features at {faces['features_px']:.0f} px:"
            f" {faces['step_s']:.3f} s/step, whole picture {faces['picture_s']:.2f} s,"
            f" peak {faces['peak_mib']:.0f} MiB"
        )
        live = in_own_process("--variant", "live", "--steps", "40")
        print(
            f"faces-1024, live: {live['step_s']:.3f} s from one 512 px preview to the next,"
            f" peak {live['peak_mib']:.0f} MiB"
        )


if __name__ == "__main__":
    main()
