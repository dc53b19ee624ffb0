"""The small set of cases that tools/bench_compare.py times, in whichever checkout it is told.

    PYTHONPATH=CHECKOUT/src python tools/bench_cases.py faces-picture --source CHECKOUT/src

Prints one line of JSON: seconds of each repetition, or what of the package a case wanted in vain.
Cases use as little of the package as they can, so that they run on older checkouts too.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import torch

Action = Callable[[], object]
LIVE_TRIES = 100
LACKING = (ImportError, AttributeError, TypeError)
"""What a checkout without some part of the package raises while a case is prepared."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Something to time, on a model."""

    says: str
    prepare: Callable[[], Action]
    """Loads and sets up; what it returns is done once untimed, then ``repeats`` times."""
    repeats: int
    usual: bool = True
    """Done where no cases are named."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A generator, a latent of it, and a handle with its goal."""

    generator: Any
    ws: Any
    handle_xy: tuple[float, float]
    goal_xy: tuple[float, float]
    newton_steps: int
    """At most: drags on random weights need not arrive."""

    def problem(self, *, masked: bool = False, side: int = 1) -> Any:  # noqa: ANN401 (of the checkout)
        """A drag of a square of points about the handle, so many to a side; under a mask, what is
        near to the handle may change."""
        from tugan.dragging.problem import DragProblem

        mask = None
        steps = max(self.generator.info.size_hw) / 24 * (torch.arange(side) - (side - 1) / 2)
        square = torch.cartesian_prod(steps, steps)
        if masked:
            mask = torch.zeros(self.generator.info.size_hw)
            x, y, reach = *map(int, self.handle_xy), max(mask.shape) // 6
            mask[max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach] = 1
        return DragProblem(
            generator=self.generator,
            ws=self.ws,
            handles_xy=torch.tensor([self.handle_xy]) + square,
            targets_xy=torch.tensor([self.goal_xy]) + square,
            mask=mask,
        )


def faces() -> Model:
    """The default model and the drag of ``make demo``."""
    from tugan.generators.loading import load_generator
    from tugan.generators.protocol import sample_z

    generator = load_generator("faces-1024", device="cpu")
    return Model(
        generator=generator,
        ws=generator.map(sample_z(14, z_dim=512)),
        handle_xy=(608.0, 762.0),
        goal_xy=(636.0, 722.0),
        newton_steps=60,
    )


def stylegan2() -> Model:
    """StyleGAN2 config-f of 256 px with random weights."""
    from bench_step import random_generator
    from tugan.generators.protocol import sample_z

    generator = random_generator(256)
    return Model(
        generator=generator,
        ws=generator.map(sample_z(0, z_dim=512)),
        handle_xy=(120.0, 140.0),
        goal_xy=(146.0, 130.0),
        newton_steps=3,
    )


def toy() -> Model:
    """A generator that costs nothing, to try this tool with."""
    from tugan.generators.protocol import sample_z
    from tugan.generators.toy import ToyGenerator

    generator = ToyGenerator()
    return Model(
        generator=generator,
        ws=generator.map(sample_z(0, z_dim=generator.info.z_dim)),
        handle_xy=(30.0, 30.0),
        goal_xy=(36.0, 30.0),
        newton_steps=3,
    )


def adam_step(model: Model) -> Action:
    """One more step of an endless drag."""
    from tugan.dragging.settings import DragSettings
    from tugan.dragging.solve import drag
    from tugan.dragging.solvers.adam import Adam

    settings = replace(
        DragSettings.for_generator(model.generator.info), max_steps=None, patience_steps=None
    )
    height, width = model.generator.info.size_hw
    far = replace(model, goal_xy=(0.9 * width, 0.1 * height))
    steps = drag(far.problem(), solver=Adam(settings=settings))
    next(steps)
    return lambda: next(steps)


def newton_drag(model: Model, *, masked: bool = False, side: int = 1) -> Action:
    """A drag by the default solver, from start to end."""
    from tugan.dragging.solve import drag
    from tugan.dragging.solvers.newton import Newton
    from tugan.dragging.solvers.newton_settings import NewtonSettings

    settings = NewtonSettings.for_generator(model.generator.info)
    solver = Newton(settings=replace(settings, max_steps=model.newton_steps))
    problem = model.problem(masked=masked, side=side)
    return lambda: list(drag(problem, solver=solver))


def picture(model: Model) -> Action:
    """The whole picture."""
    from tugan.generators.protocol import synthesize

    return lambda: synthesize(model.generator, model.ws)


def feature_map(model: Model) -> Action:
    """The features that drags work on."""
    generator = model.generator
    until_px = generator.info.hints.feature_px

    @torch.no_grad()
    def synthesise() -> object:
        return generator.advance(generator.begin(model.ws), until_px=until_px)

    return synthesise


def live_step(model: Model, head: Any) -> Action:  # noqa: ANN401 (of the checkout)
    """A live step toward a goal that circles, and its preview."""
    from tugan.dragging.live import LiveDrag

    live = LiveDrag(model.generator, model.ws)
    live.grab(torch.tensor([model.handle_xy]))
    x, y = model.handle_xy
    radius_px = max(model.generator.info.size_hw) / 32
    turns = count()

    def step() -> object:
        for _ in range(LIVE_TRIES):
            angle = 2 * math.pi * next(turns) / 40
            goal = (x + radius_px * math.sin(angle), y + radius_px * (1 - math.cos(angle)))
            live.move(torch.tensor([goal]))
            found = live.step()
            if found is not None:
                return found.preview(head)
        raise RuntimeError(f"no step was taken toward {LIVE_TRIES} goals")

    return step


def faces_live() -> Action:
    """With the preview head that comes with the model."""
    from tugan.generators.preview_store import preview_head_of

    model = faces()
    return live_step(model, preview_head_of(model.generator))


def stylegan2_live() -> Action:
    """With a random head: to fit one takes a hundred pictures."""
    from tugan.generators.preview import PreviewHead

    model, kept = stylegan2(), 32
    block = model.generator.info.block(model.generator.info.hints.feature_px)
    outputs = 3 * (max(model.generator.info.size_hw) // block.until_px) ** 2
    rng = torch.Generator().manual_seed(0)
    head = PreviewHead(
        until_px=block.until_px,
        size_hw=model.generator.info.size_hw,
        reduce=torch.randn(kept, block.channels, generator=rng),
        offset=torch.zeros(kept),
        weight=torch.randn(outputs, kept, 2, 2, generator=rng),
        bias=torch.zeros(outputs),
        second_moments=torch.eye(4 * kept + 1),
    )
    return live_step(model, head)


CASES = {
    "faces-adam-step": Case(says="a step of adam", prepare=lambda: adam_step(faces()), repeats=10),
    "faces-newton-drag": Case(
        says="a whole drag by newton", prepare=lambda: newton_drag(faces()), repeats=2
    ),
    "faces-masked-drag": Case(
        says="the same under a mask", prepare=lambda: newton_drag(faces(), masked=True), repeats=1
    ),
    "faces-many-points-drag": Case(
        says="the same with 64 points", prepare=lambda: newton_drag(faces(), side=8), repeats=1
    ),
    "faces-picture": Case(says="a picture", prepare=lambda: picture(faces()), repeats=4),
    "faces-features": Case(
        says="the features of drags", prepare=lambda: feature_map(faces()), repeats=15
    ),
    "faces-live-step": Case(says="a live step with its preview", prepare=faces_live, repeats=10),
    "stylegan2-adam-step": Case(
        says="a step of adam", prepare=lambda: adam_step(stylegan2()), repeats=4
    ),
    "stylegan2-newton-drag": Case(
        says="three steps of newton", prepare=lambda: newton_drag(stylegan2()), repeats=2
    ),
    "stylegan2-masked-drag": Case(
        says="the same under a mask",
        prepare=lambda: newton_drag(stylegan2(), masked=True),
        repeats=1,
    ),
    "stylegan2-many-points-drag": Case(
        says="the same with 64 points",
        prepare=lambda: newton_drag(stylegan2(), side=8),
        repeats=1,
    ),
    "stylegan2-picture": Case(says="a picture", prepare=lambda: picture(stylegan2()), repeats=4),
    "stylegan2-features": Case(
        says="the features of drags", prepare=lambda: feature_map(stylegan2()), repeats=6
    ),
    "stylegan2-live-step": Case(
        says="a live step with its preview", prepare=stylegan2_live, repeats=6
    ),
    "toy-drag": Case(
        says="a drag of the toy", prepare=lambda: newton_drag(toy()), repeats=3, usual=False
    ),
}


def timed(case: Case, *, repeats: int) -> dict[str, object]:
    """Seconds of each repetition, after one that nobody times; or what is lacking."""
    try:
        action = case.prepare()
    except LACKING as error:
        return {"lacks": f"{type(error).__name__}: {error}"}
    action()
    seconds = []
    for _ in range(repeats):
        started_s = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started_s)
    return {"seconds": seconds}


def main() -> None:
    """One case in this process, on one thread."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("case", choices=tuple(CASES))
    parser.add_argument("--source", type=Path, required=True, help="where tugan must come from")
    parser.add_argument("--repeats", type=int)
    arguments = parser.parse_args()
    import tugan

    found = Path(tugan.__file__).resolve()
    if not found.is_relative_to(arguments.source.resolve()):
        sys.exit(f"tugan was imported from {found}, not from {arguments.source}: set PYTHONPATH")
    torch.set_num_threads(1)
    case = CASES[arguments.case]
    repeats = case.repeats if arguments.repeats is None else arguments.repeats
    print(json.dumps(timed(case, repeats=repeats)))


if __name__ == "__main__":
    main()
