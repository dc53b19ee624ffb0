"""Features near points: the blocks of a synthesis run on windows of their maps.

A feature depends on a small part of the block below, so that the Jacobian of the features near n
points needs no whole map: each point is an element of the batch, and before each block its map is
cropped to a window around the point. Windows are moved into the map rather than cut by its border:
a convolution's zero padding at a window's edge is either the true one or far from the point.
"""

import math
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tugan.core.geometry import xy_like
from tugan.generators.noise import NoiseSource
from tugan.generators.protocol import (
    FeatureBlock,
    FeatureWindows,
    GeneratorInfo,
    SynthesisState,
    Ws,
)
from tugan.generators.stepping import blocks_until

WINDOW_COST = 1.4
"""A cell of a window costs so many of a whole map: small convolutions are slower."""
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


def blocks_before_windows(
    info: GeneratorInfo, *, points: int, until_px: int, side: int
) -> int | None:
    """After how many blocks windows around points cost less than a whole map's way back.

    A gradient on windows runs their blocks once more and back; on a whole map that has been run
    already, back alone. None if that is cheaper to the end.
    """
    blocks = info.blocks[: info.blocks.index(info.block(until_px)) + 1]
    on_windows = [2 * points * _cells_a_point(lower, side) for lower in blocks[:-1]]
    whole = [height * width for height, width in (upper.size_hw for upper in blocks[1:])]
    cheaper = [WINDOW_COST * some < every for some, every in zip(on_windows, whole, strict=True)]
    if not cheaper or not cheaper[-1]:
        return None
    dear = [index for index, is_cheaper in enumerate(cheaper, start=1) if not is_cheaper]
    return max(dear, default=0) + 1


def _cells_a_point(lower: FeatureBlock, side: int) -> int:
    """Of a window after the block that follows this one."""
    height, width = (min(whole, side) for whole in lower.size_hw)
    return 4 * height * width


@dataclass(frozen=True, kw_only=True)
class BlockWindows:
    """Where a block's windows lie, one around each point: on its input's map, and on its own."""

    lower_hw: tuple[int, int] | None
    """None before the first block: all of the constant."""
    lower_xy: Int[Tensor, "n 2"]
    """Cells at the top left."""
    upper_hw: tuple[int, int]
    upper_xy: Int[Tensor, "n 2"]


def block_windows(
    info: GeneratorInfo,
    points_xy: Float[Tensor, "n 2"],
    *,
    first: int,
    end: int,
    side: int,
) -> tuple[BlockWindows, ...]:
    """Of the blocks from ``first`` to before ``end``: maps of more than ``side`` cells are cropped.

    The first of them gets whole maps, cropped if they are larger.
    """
    corner = points_xy.new_zeros(points_xy.shape, dtype=torch.long)
    upper_hw, upper_xy = info.blocks[max(first - 1, 0)].size_hw, corner
    found = []
    for index in range(first, end):
        lower_hw, lower_xy = None, corner
        if index > 0:
            lower_hw, lower_xy = upper_hw, upper_xy
            if max(lower_hw) > side:
                lower_hw = (min(lower_hw[0], side), min(lower_hw[1], side))
                map_hw = info.blocks[index - 1].size_hw
                lower_xy = _origins(points_xy, info.size_hw, map_hw, lower_hw)
            upper_hw, upper_xy = (2 * lower_hw[0], 2 * lower_hw[1]), 2 * lower_xy
        found.append(
            BlockWindows(lower_hw=lower_hw, lower_xy=lower_xy, upper_hw=upper_hw, upper_xy=upper_xy)
        )
    return tuple(found)


def windowed_features(
    state: SynthesisState,
    points_xy: Float[Tensor, "n 2"],
    *,
    info: GeneratorInfo,
    until_px: int,
    side: int,
    block: WindowBlock,
) -> FeatureWindows:
    """Run the rest of a synthesis around points: a batch of one for all, or an element for each.

    Before each block, a map that is larger than ``side`` cells is cropped to that; ``ValueError``
    if there is no such block ahead, or the batch fits the points in neither way.
    """
    count = len(points_xy)
    if len(state.ws) not in (1, count) or points_xy.shape != (count, 2):
        raise ValueError(
            f"a synthesis of one picture, or of one for each point, is needed: got"
            f" {len(state.ws)} for points {tuple(points_xy.shape)}"
        )
    x, ws = state.features, state.ws.expand(count, -1, -1)
    first, end = state.blocks_done, blocks_until(state, info, until_px=until_px)
    points_xy = points_xy.detach().to(x.device, torch.float32)
    plan = block_windows(info, points_xy, first=first, end=end, side=side)
    noise = NoiseSource(kind=state.noise, seed=state.noise_seed)
    map_hw, map_xy = (
        info.blocks[max(first - 1, 0)].size_hw,
        points_xy.new_zeros(points_xy.shape, dtype=torch.long),
    )
    for index, windows in enumerate(plan, start=first):
        lower_hw = windows.lower_hw
        if lower_hw is not None and lower_hw != map_hw:
            x = cropped(x, cells_of(windows.lower_xy - map_xy, lower_hw, width=map_hw[1]))
        map_hw, map_xy = windows.upper_hw, windows.upper_xy
        cells = cells_of(map_xy, map_hw, width=info.blocks[index].size_hw[1])
        x = block(index, x.expand(count, -1, -1, -1), ws, replace(noise, cells=cells))
    return FeatureWindows(features=x, origins_xy=map_xy, block=info.blocks[end - 1])


def _origins(
    points_xy: Float[Tensor, "n 2"],
    image_hw: tuple[int, int],
    map_hw: tuple[int, int],
    window_hw: tuple[int, int],
) -> Int[Tensor, "n 2"]:
    """Top left cells of windows that have the points as near to their middle as the map allows."""
    image_wh, map_wh, window_wh = (
        xy_like(points_xy, width, height) for height, width in (image_hw, map_hw, window_hw)
    )
    middle = (points_xy + 0.5) * (map_wh / image_wh) - 0.5
    origins = (middle - (window_wh - 1) / 2).round()
    return torch.minimum(origins.clamp(min=0), map_wh - window_wh).long()


def cells_of(
    origins_xy: Int[Tensor, "n 2"], window_hw: tuple[int, int], *, width: int
) -> Int[Tensor, "n h w"]:
    """The cells of windows, counted along the rows of a map of this width."""
    rows = torch.arange(window_hw[0], device=origins_xy.device) * width
    window = rows[:, None] + torch.arange(window_hw[1], device=origins_xy.device)
    return (origins_xy[:, 1] * width + origins_xy[:, 0])[:, None, None] + window


def cropped(
    x: Float[Tensor, "b c h w"], places: Int[Tensor, "n wh ww"]
) -> Float[Tensor, "n c wh ww"]:
    """Each element, or all of a single one, at its own places; works and returns channels last."""
    count, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(-1, channels)
    if count > 1:
        starts = torch.arange(count, device=x.device)[:, None, None] * (height * width)
        places = places + starts
    chosen = pixels.index_select(0, places.flatten())
    return chosen.reshape(*places.shape, channels).permute(0, 3, 1, 2)
