"""What a step of a drag and what is shown of it are made of, each with what it costs at the least.

Every part is the code that drags run, called alone.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import final

import torch
from PIL import Image
from torch import Tensor

from tugan.bench.cost_model import (
    KnownConfig,
    descent_cost,
    known_config,
    synthesis_cost,
    windows_cost,
)
from tugan.bench.layer_cost import FLOAT_BYTES, Cost
from tugan.core.images import to_rgb_array
from tugan.dragging.feature_flow import FeatureFlow, feature_flow
from tugan.dragging.latent_space import LatentSpace
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.damped_step import DampedStep, damped_step
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.supervision import motion_loss
from tugan.dragging.trackers.nearest_feature import NearestFeature
from tugan.dragging.trackers.patch import Patch
from tugan.generators.preview import PreviewHead
from tugan.generators.protocol import (
    Generator,
    SynthesisState,
    TracingGenerator,
    Ws,
    synthesize,
)

JPEG_QUALITY = 85
"""As the studio sends previews."""


@final
@dataclass(frozen=True, kw_only=True)
class Part:
    """Something that is timed alone."""

    name: str
    points: int | None
    """None where their number does not matter."""
    action: Callable[[], object] = field(repr=False)
    cost: Cost | None
    """The least that it takes; None where nobody has counted it."""


def picture_parts(
    generator: Generator, ws: Ws, *, until_px: int, head: PreviewHead | None
) -> Iterator[Part]:
    """Those that do not depend on points: to the features of ``until_px`` and back, and what is
    shown. ``head`` is None where previews would have to be fitted first.

    The last two are timed on the picture of ``ws``, which is synthesised for them.
    """
    config = known_config(generator)
    whole = None if config is None else synthesis_cost(config)
    forward = None if whole is None else whole.forward(until_px)
    yield Part(
        name=f"synthesis to {until_px} px",
        points=None,
        action=torch.no_grad()(lambda: _features(generator, ws, until_px)),
        cost=forward,
    )
    leaf = ws.detach().clone().requires_grad_()
    yield Part(
        name="adam: the same, for a gradient",
        points=None,
        action=lambda: _features(generator, leaf, until_px),
        cost=forward,
    )
    features = _features(generator, leaf, until_px).features
    upstream = torch.ones_like(features)
    yield Part(
        name="adam: backward to the latent",
        points=None,
        action=lambda: torch.autograd.grad(features, leaf, upstream, retain_graph=True),
        cost=None if whole is None else whole.backward(until_px),
    )
    yield Part(
        name="the whole picture",
        points=None,
        action=lambda: synthesize(generator, ws),
        cost=None if whole is None else whole.picture,
    )
    picture = synthesize(generator, ws)
    yield Part(
        name="picture to 8 bits",
        points=None,
        action=lambda: to_rgb_array(picture),
        cost=Cost(activations=picture.numel() + picture.numel() // FLOAT_BYTES),
    )
    shown, said = picture, "picture"
    if head is not None:
        seen = features.detach()
        yield Part(
            name="preview from the features",
            points=None,
            action=lambda: head.render(seen),
            cost=preview_cost(head),
        )
        shown, said = head.render(seen), "preview"
    pixels = to_rgb_array(shown)
    size = f"{pixels.shape[1]} x {pixels.shape[0]}"
    yield Part(
        name=f"JPEG of the {said}, {size}",
        points=None,
        action=lambda: Image.fromarray(pixels).save(io.BytesIO(), "JPEG", quality=JPEG_QUALITY),
        cost=None,
    )


def point_parts(problem: DragProblem, *, until_px: int) -> Iterator[Part]:
    """Those of a step that go with the number of points: both solvers' tracking, adam's loss and
    its gradient on the features, newton's derivatives and its solution."""
    generator, handles_xy, image_hw = problem.generator, problem.handles_xy, problem.image_hw
    count = len(handles_xy)
    with torch.no_grad():
        features = _features(generator, problem.ws, until_px).features
    once = Cost(activations=features.numel())
    settings = DragSettings.for_generator(generator.info)
    nearest = NearestFeature(
        radius_px_at_512=settings.track_radius_px_at_512, norm=settings.tracking_norm
    )
    wanted = nearest.reference(features, handles_xy, image_hw=image_hw)
    leaf = features.clone().requires_grad_()

    def supervise() -> Tensor:
        nearest.track(features, wanted, handles_xy, image_hw=image_hw)
        loss = motion_loss(
            leaf, handles_xy, problem.targets_xy, image_hw=image_hw, settings=settings
        )
        (gradient,) = torch.autograd.grad(loss, leaf)
        return gradient

    # the gradient is a map of its own, almost all of it zeros
    yield Part(name="adam: tracking and loss", points=count, action=supervise, cost=once)
    yield _descent(problem, settings, until_px=until_px)

    patch = Patch()
    reference = patch.reference(features, handles_xy, image_hw=image_hw)
    yield Part(
        name="newton: tracking",
        points=count,
        action=lambda: patch.track(features, reference, handles_xy, image_hw=image_hw),
        cost=None,  # reads as much of the map as the points' searches see together
    )

    trace = None
    if isinstance(generator, TracingGenerator):
        with torch.no_grad():  # the tracking's synthesis is the derivatives', too
            trace = generator.advance_traced(generator.begin(problem.ws), until_px=until_px)

    def derive() -> FeatureFlow:
        return feature_flow(generator, problem.ws, handles_xy, until_px=until_px, trace=trace)

    config = known_config(generator)
    where = "on the whole map" if trace is None else "on windows"
    yield Part(
        name=f"newton: derivatives {where}",
        points=count,
        action=derive,
        cost=None if config is None else _derivatives_cost(config, until_px, count),
    )
    yield _solution(problem, derive())


def _descent(problem: DragProblem, settings: DragSettings, *, until_px: int) -> Part:
    """A whole step of adam, whose gradient goes by windows where that is less."""
    generator, count = problem.generator, len(problem.handles_xy)
    solver = Adam(settings=replace(settings, feature_px=until_px))
    state = solver.init(problem)
    trunk = solver.observe(problem, state).trunk
    trunk_px = None if trunk is None else generator.info.blocks[trunk.blocks_done - 1].until_px
    config = known_config(generator)
    return Part(
        name="adam: a whole step",
        points=count,
        action=lambda: solver.update(problem, state, solver.observe(problem, state)),
        cost=None
        if config is None
        else descent_cost(config, until_px=until_px, points=count, trunk_px=trunk_px),
    )


def preview_cost(head: PreviewHead) -> Cost:
    """Two products with matrices, at every cell and at every place between cells."""
    kept, channels = head.reduce.shape
    rows, columns = (side // head.factor for side in head.size_hw)
    cells, places = rows * columns, (rows + 1) * (columns + 1)
    weights = head.reduce.numel() + head.weight.numel()
    return Cost(
        pointwise=cells * kept * channels + places * head.weight.numel(),
        weights=weights,
        activations=cells * (channels + 2 * kept) + places * len(head.bias),
    )


def _features(generator: Generator, ws: Ws, until_px: int) -> SynthesisState:
    return generator.advance(generator.begin(ws), until_px=until_px)


def _derivatives_cost(config: KnownConfig, until_px: int, points: int) -> Cost:
    """Two products of a vector and the Jacobian, along each point's two slopes, in one batch.

    There is no forward pass in them: the one that tracked has made the maps.
    """
    return windows_cost(config, until_px=until_px, points=2 * points).backward


def _solution(problem: DragProblem, flow: FeatureFlow) -> Part:
    info = problem.generator.info
    settings = NewtonSettings.for_generator(info)
    space = LatentSpace.of(
        info,
        kind=settings.latent,
        rows=settings.rows,
        whitened=info.w_statistics is not None,
        power=settings.whitening,
        coupling=settings.coupling,
    )
    move = space.origin(problem.ws).flatten()
    asked = (problem.targets_xy - problem.handles_xy).flatten()
    slack_px = settings.tolerance_px(image_hw=problem.image_hw, points=len(problem.handles_xy))

    @torch.no_grad()
    def solve() -> DampedStep:
        jacobian = space.pulled_back(flow.jacobian).flatten(2).flatten(0, 1)
        return damped_step(jacobian, asked, move, damping=settings.damping, slack_px=slack_px / 2)

    equations, rows, width = len(asked), space.rows, info.w_dim
    factor = 0 if space.factor is None else space.factor.numel()
    unknowns = rows * width
    cost = Cost(
        # into the coordinates of the move, the products of all pairs of equations, and back
        pointwise=equations * rows * factor + equations**2 * unknowns + 2 * equations * unknowns,
        weights=factor,
        activations=4 * equations * unknowns,
    )
    return Part(name="newton: solution", points=len(asked) // 2, action=solve, cost=cost)
