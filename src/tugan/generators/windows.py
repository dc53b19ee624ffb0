"""Features near points: the blocks of a synthesis run on windows of their maps.

A feature depends on a small part of the block below, so that the Jacobian of the features near n
points needs no whole map: each point is an element of the batch, and before each block its map is
cropped to a window around the point. Windows are moved into the map rather than cut by its border:
a convolution's zero padding at a window's edge is either the true one or far from the point.
"""

import math
from dataclasses import replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tugan.generators.noise import NoiseSource
from tugan.generators.protocol import FeatureWindows, GeneratorInfo, SynthesisState, Ws
from tugan.generators.stepping import blocks_until

EXACT_REACH_CELLS = 2.5
"""As far around its point, in cells of the last map, a window may be read bilinearly."""


@runtime_checkable
class WindowBlock(Protocol):
    """Runs one block of a network on its input, without the picture."""

    def __call__(
        self, index: int, x: Float[Tensor, "b i h w"], ws: Ws, noise: NoiseSource, /
    ) -> Float[Tensor, "b o oh ow"]:
        """Features after block ``index``."""
        ...


def window_side(*, reach_before_doubling: int, reach_after_doubling: int) -> int:
    """Cells a side that a block's input needs, for features that are exact where they are read.

    ``reach_before_doubling`` and ``reach_after_doubling`` say how many cells to each side a block's
    output depends on, in its input's cells and in those after it has doubled the size.
    """
    # Cells nearer to the point than ``reach`` are needed: bilinear reading takes the next cell too.
    # The point is at v in the lower map and at 2 v + 1/2 in the upper, and so the two halves of a
    # lower cell i are 2 (i - v) +- 1/2 away from it. If a block's output must be right to r, then
    # its input must be to (r + after + 1/2) / 2 + before. Going down, this tends to its fixed point
    # 2 before + after + 1/2 and never past the larger of that and the first.
    last = EXACT_REACH_CELLS + 1
    below = (last + reach_after_doubling + 0.5) / 2 + reach_before_doubling
    fixed = 2 * reach_before_doubling + reach_after_doubling + 0.5
    # An origin is a rounded number, and a window of s cells holds all cells nearer than s / 2.
    return math.ceil(2 * max(below, fixed))


def windowed_features(
    state: SynthesisState,
    points_xy: Float[Tensor, "n 2"],
    *,
    info: GeneratorInfo,
    until_px: int,
    side: int,
    block: WindowBlock,
) -> FeatureWindows:
    """Run a synthesis from its beginning, a point for each element of its batch.

    Before each block, a map that is larger than ``side`` cells is cropped to that; ``ValueError``
    if there is no such block, or the batch has not as many elements as there are points.
    """
    if points_xy.shape != (len(state.ws), 2):
        raise ValueError(
            f"ws must have a row for each point: got {len(state.ws)} for points"
            f" {tuple(points_xy.shape)}"
        )
    x = state.features
    points_xy = points_xy.detach().to(x.device, torch.float32)
    origins_xy = points_xy.new_zeros(points_xy.shape, dtype=torch.long)
    window_hw = info.blocks[0].size_hw
    noise = NoiseSource(kind=state.noise, seed=state.noise_seed)
    blocks = info.blocks[: blocks_until(state, info, until_px=until_px)]
    for index, (lower, upper) in enumerate(zip((None, *blocks), blocks, strict=False)):
        if lower is not None:
            height, width = window_hw
            if height > side or width > side:
                window_hw = (min(height, side), min(width, side))
                moved_xy = _origins(points_xy, info.size_hw, lower.size_hw, window_hw)
                x = _cropped(x, _cells(moved_xy - origins_xy, window_hw, width=width))
                origins_xy = moved_xy
            window_hw = (2 * window_hw[0], 2 * window_hw[1])
            origins_xy = 2 * origins_xy
        cells = _cells(origins_xy, window_hw, width=upper.size_hw[1])
        x = block(index, x, state.ws, replace(noise, cells=cells))
    return FeatureWindows(features=x, origins_xy=origins_xy, block=blocks[-1])


def _origins(
    points_xy: Float[Tensor, "n 2"],
    image_hw: tuple[int, int],
    map_hw: tuple[int, int],
    window_hw: tuple[int, int],
) -> Int[Tensor, "n 2"]:
    """Top left cells of windows that have the points as near to their middle as the map allows."""
    image_wh, map_wh, window_wh = points_xy.new_tensor([image_hw, map_hw, window_hw]).flip(1)
    middle = (points_xy + 0.5) * (map_wh / image_wh) - 0.5
    origins = (middle - (window_wh - 1) / 2).round()
    return torch.minimum(origins.clamp(min=0), map_wh - window_wh).long()


def _cells(
    origins_xy: Int[Tensor, "n 2"], window_hw: tuple[int, int], *, width: int
) -> Int[Tensor, "n h w"]:
    """The cells of windows, counted along the rows of a map of this width."""
    rows = torch.arange(window_hw[0], device=origins_xy.device) * width
    window = rows[:, None] + torch.arange(window_hw[1], device=origins_xy.device)
    return (origins_xy[:, 1] * width + origins_xy[:, 0])[:, None, None] + window


def _cropped(
    x: Float[Tensor, "n c h w"], places: Int[Tensor, "n wh ww"]
) -> Float[Tensor, "n c wh ww"]:
    """Each element at its own places of it; works and returns channels last."""
    count, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(-1, channels)
    starts = torch.arange(count, device=x.device)[:, None, None] * (height * width)
    chosen = pixels.index_select(0, (places + starts).flatten())
    return chosen.reshape(*places.shape, channels).permute(0, 3, 1, 2)
