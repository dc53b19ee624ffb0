"""How long drags take to their goals: newton against adam, on the same generator and drags.

    python tools/bench_goal.py                          # 512 px config-f, random weights
    python tools/bench_goal.py --model faces-1024 --points 1,5 --drags 8

Handles lie at random in the middle of the picture, goals a sixteenth of it away. All methods drag
the same points in turn in one process; what is timed is the solver, from its start to its last
step, without any picture. A drag that ends without having arrived counts with the time it took, and
is said: the ratio is then what it is at least. The floor is the least that so many steps take (the
median), at the rates of this process.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

import tugan
from bench_step import random_generator
from tugan.bench.cost_model import descent_cost, known_config, synthesis_cost, windows_cost
from tugan.bench.floor import MachineRates, floor_of
from tugan.bench.floor_rates import measure_rates
from tugan.bench.methods import Method, make_methods
from tugan.core.allocator import keep_freed_memory
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.protocol import Solver
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, WindowedGenerator, sample_z
from tugan.generators.staged_network import StagedNetwork
from tugan.generators.w_statistics import w_statistics_of

CONFIG_F = "config-f"


@dataclass(frozen=True)
class Taken:
    """A drag, as far as it went."""

    seconds: float
    steps: int
    arrived: bool
    left_px: float
    """Mean distance to the goals."""


def drags(generator: PretrainedGenerator, *, points: int, count: int) -> list[DragProblem]:
    """The same every time."""
    size = torch.tensor([generator.info.size_hw[1], generator.info.size_hw[0]])
    found = []
    for seed in range(count):
        rng = torch.Generator().manual_seed(seed)
        handles = ((0.3 + 0.4 * torch.rand(points, 2, generator=rng)) * size).round()
        # points of one object go one way, or nearly
        angle = 2 * math.pi * torch.rand(1, generator=rng) + 0.3 * torch.randn(
            points, generator=rng
        )
        way = torch.stack([angle.cos(), angle.sin()], dim=1) * size / 16
        found.append(
            DragProblem(
                generator=generator,
                ws=generator.map(sample_z(9000 + seed, z_dim=generator.info.z_dim)),
                handles_xy=handles,
                targets_xy=handles + way,
            )
        )
    return found


def drag(problem: DragProblem, solver: Solver[Any]) -> Taken:
    """One drag, to its end."""
    started_s = time.perf_counter()
    for step in tugan.drag(problem, solver=solver):
        last = step
    seconds = time.perf_counter() - started_s
    assert last.outcome is not None
    left: Tensor = last.distances_px
    return Taken(
        seconds=seconds,
        steps=last.index,
        arrived=last.outcome.ending is Ending.REACHED,
        left_px=float(left.mean()),
    )


def floor_s(
    generator: PretrainedGenerator,
    solver: Solver[Any],
    rates: MachineRates,
    steps: float,
    *,
    points: int,
) -> float | None:
    """Of newton and adam, on generators whose costs are known."""
    config = known_config(generator)
    if config is None:
        return None
    if isinstance(solver, Newton):
        # the start is synthesised for what the handles look like, and again to look at them
        until_px = solver.settings.blocks_px[-1]
        features = floor_of(synthesis_cost(config).forward(until_px), rates).seconds
        windows = windows_cost(config, until_px=until_px, points=2 * points)
        return (steps + 2) * features + steps * floor_of(windows.backward, rates).seconds
    if isinstance(solver, Adam):
        until_px = generator.info.nearest_block(solver.settings.feature_px).until_px
        trunk_px = None
        if isinstance(generator, WindowedGenerator):
            trunk_px = generator.trunk_px(points, until_px=until_px)
        cost = descent_cost(config, until_px=until_px, points=points, trunk_px=trunk_px)
        return (steps + 1) * floor_of(cost, rates).seconds
    return None


def tell(
    method: Method,
    found: list[Taken],
    *,
    points: int,
    least_s: Callable[[float], float | None],
    newton_s: float | None,
) -> None:
    """A line of the table; ``least_s`` is the floor of so many steps."""
    median_s = statistics.median([one.seconds for one in found])
    steps = statistics.median([one.steps for one in found])
    left = statistics.mean([one.left_px for one in found])
    arrived = sum(one.arrived for one in found)
    least = least_s(steps)
    floor = "-" if least is None else f"{least:.2f}"
    ratio = "" if newton_s is None else f"{median_s / newton_s:6.1f}x"
    print(
        f"{points:>6}   {method.name:<14} {median_s:9.2f}   {floor:>7}   {steps:6.0f}"
        f"   {arrived:>3} of {len(found):<3}   {left:9.2f}   {ratio}",
        flush=True,
    )


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default=CONFIG_F, help="what tugan knows, or config-f")
    parser.add_argument("--size", type=int, default=512, help="of config-f")
    parser.add_argument("--points", default="1", help="numbers of points, with commas")
    parser.add_argument("--drags", type=int, default=5)
    parser.add_argument("--methods", default="newton,adam,adam-original")
    arguments = parser.parse_args()
    keep_freed_memory()
    if arguments.model == CONFIG_F:
        generator: PretrainedGenerator = random_generator(arguments.size)
    else:
        generator = load_generator(arguments.model, device="cpu")
    if isinstance(generator, StagedNetwork):
        generator.lay_out_weights()
    w_statistics_of(generator)  # estimated once, and kept from then on
    print(f"{generator.info.name}, {torch.get_num_threads()} threads; medians, left: mean")
    config = known_config(generator)
    rates = measure_rates(
        None if config is None else synthesis_cost(config),
        until_px=generator.info.nearest_block(generator.info.hints.feature_px).until_px,
        device=generator.device,
    )
    print(
        "points   method           seconds     floor    steps     arrived     left px"
        "   newton's time"
    )
    methods = make_methods(tuple(arguments.methods.split(",")), generator.info)
    for points in map(int, arguments.points.split(",")):
        problems = drags(generator, points=points, count=arguments.drags)
        drag(problems[0], methods[0].solver)  # what is made once is made
        found: dict[str, list[Taken]] = {method.name: [] for method in methods}
        for problem in problems:
            for method in methods:
                found[method.name].append(drag(problem, method.solver))
        newton_s = statistics.median([one.seconds for one in found[methods[0].name]])
        for method in methods:
            first = method is methods[0]
            tell(
                method,
                found[method.name],
                points=points,
                least_s=partial(floor_s, generator, method.solver, rates, points=points),
                newton_s=None if first else newton_s,
            )


if __name__ == "__main__":
    main()
