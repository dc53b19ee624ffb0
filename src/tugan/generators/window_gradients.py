"""Gradients near points by the maps that a synthesis has made, without running its layers again.

A window of a block's features depends on a window of the block below (:mod:`tugan.generators.
windows`). What autograd would need to know of the layers is in their outputs: on which side of zero
an activation was, and what a style scaled. So gradients are carried down on windows of maps that
are there already, for all points and several functions of each in one batch.
"""

from dataclasses import replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tugan.generators.mapping import LEAKY_SLOPE
from tugan.generators.noise import NoiseSource
from tugan.generators.protocol import FeatureWindows, GeneratorInfo, Trace, Ws
from tugan.generators.windows import BlockWindows, block_windows, cells_of, cropped

Down = Float[Tensor, "k n _ _ _"]
"""Gradients of k functions of each point, on its window."""


@runtime_checkable
class BlockGradient(Protocol):
    """Carries gradients through one block of a network."""

    def __call__(
        self,
        index: int,
        upstream: Down,
        x: Float[Tensor, "m i h w"] | None,
        maps: tuple[Float[Tensor, "m c oh ow"], ...],
        ws: Ws,
        noise: NoiseSource,
        /,
    ) -> tuple[Down | None, dict[int, Float[Tensor, "k n d"]]]:
        """By the block's input, which the first block has none of, and by the rows of ``ws``.

        ``x`` and ``maps`` are the block's input and its layers' outputs on the points' windows,
        or one for all points where the windows are the whole maps.
        """
        ...


def features_near(
    trace: Trace, points_xy: Float[Tensor, "n 2"], *, info: GeneratorInfo, side: int
) -> FeatureWindows:
    """Windows of a trace's features, as :func:`tugan.generators.windows.windowed_features` has."""
    points_xy = points_xy.detach().to(trace.state.features.device, torch.float32)
    last = _windows(trace, points_xy, info=info, side=side)[-1]
    block = info.blocks[trace.state.blocks_done - 1]
    places = cells_of(last.upper_xy, last.upper_hw, width=block.size_hw[1])
    features = cropped(trace.state.features, places)
    return FeatureWindows(features=features, origins_xy=last.upper_xy, block=block)


def gradients_near(
    trace: Trace,
    points_xy: Float[Tensor, "n 2"],
    upstream: Float[Tensor, "k n c h w"],
    *,
    info: GeneratorInfo,
    side: int,
    block: BlockGradient,
) -> Float[Tensor, "k n rows d"]:
    """By ``ws``, from gradients by the features near each point."""
    state = trace.state
    points_xy = points_xy.detach().to(state.features.device, torch.float32)
    plan = _windows(trace, points_xy, info=info, side=side)
    source = NoiseSource(kind=state.noise, seed=state.noise_seed)
    gradient = state.ws.new_zeros(*upstream.shape[:2], *state.ws.shape[1:])
    layers = [
        tuple(one for one in trace.maps if one.shape[2:] == feature_block.size_hw)
        for feature_block in info.blocks
    ]
    for index in reversed(range(len(plan))):
        windows, map_hw = plan[index], info.blocks[index].size_hw
        places = None
        if windows.upper_hw != map_hw:
            places = cells_of(windows.upper_xy, windows.upper_hw, width=map_hw[1])
        maps = tuple(_near(one, places) for one in layers[index])
        below = None
        if index > 0:
            below = _near(layers[index - 1][-1], _lower_places(windows, info, index))
        lower, rows = block(index, upstream, below, maps, state.ws, replace(source, cells=places))
        for row, by_row in rows.items():
            gradient[:, :, row] += by_row
        if lower is not None:
            upstream = _widened(lower, windows, plan[index - 1])
    return gradient


def activation_pulled_back(
    upstream: Down, y: Float[Tensor, "m c h w"], *, clamp: float | None = None
) -> Down:
    """Through leaky ReLU, and a clamp behind it, from what they gave."""
    if clamp is not None:
        upstream = upstream * (y.abs() < clamp)
    # ten times faster than choosing slopes
    gradient: Tensor = torch.ops.aten.leaky_relu_backward(upstream, y, LEAKY_SLOPE, True)
    return gradient


def _windows(
    trace: Trace, points_xy: Float[Tensor, "n 2"], *, info: GeneratorInfo, side: int
) -> tuple[BlockWindows, ...]:
    return block_windows(info, points_xy, first=0, end=trace.state.blocks_done, side=side)


def _lower_places(
    windows: BlockWindows, info: GeneratorInfo, index: int
) -> Int[Tensor, "n h w"] | None:
    map_hw = info.blocks[index - 1].size_hw
    if windows.lower_hw is None or windows.lower_hw == map_hw:
        return None
    return cells_of(windows.lower_xy, windows.lower_hw, width=map_hw[1])


def _near(
    whole: Float[Tensor, "1 c h w"], places: Int[Tensor, "n wh ww"] | None
) -> Float[Tensor, "m c wh ww"]:
    return whole if places is None else cropped(whole, places)


def _widened(lower: Down, windows: BlockWindows, before: BlockWindows) -> Down:
    """On the window of the block below, of which a block's input was a part."""
    assert windows.lower_hw is not None
    if windows.lower_hw == before.upper_hw:
        return lower
    height, width = before.upper_hw
    places = cells_of(windows.lower_xy - before.upper_xy, windows.lower_hw, width=width)
    functions, points, channels = lower.shape[:3]
    starts = torch.arange(points, device=places.device)[:, None, None] * (height * width)
    pixels = lower.new_zeros(functions, points * height * width, channels)
    pixels[:, (places + starts).flatten()] = lower.permute(0, 1, 3, 4, 2).flatten(1, 3)
    return pixels.view(functions, points, height, width, channels).permute(0, 1, 4, 2, 3)
