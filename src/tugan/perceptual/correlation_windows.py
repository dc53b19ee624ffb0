"""Correlations read in squares around places, as RAFT and PIPs look them up."""

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import pixels_to_grid


def window_offsets_xy(radius: int) -> Float[Tensor, "k 2"]:
    """Whole offsets of a square, ``x`` the slower: the order that the published weights expect."""
    side = torch.arange(-radius, radius + 1, dtype=torch.float32)
    return torch.cartesian_prod(side, side)


def halved(maps: Float[Tensor, "n c h w"], *, levels: int) -> tuple[Tensor, ...]:
    """The maps and their averages over squares of 2, 4, ... cells: ``levels`` in all."""
    found = [maps]
    while len(found) < levels:
        found.append(F.avg_pool2d(found[-1], 2))
    return tuple(found)


def read_windows(
    maps: Float[Tensor, "n c h w"], places_xy: Float[Tensor, "n p k 2"]
) -> Float[Tensor, "n c p k"]:
    """Bilinear samples at places in cells, each map at its own; zero outside the map."""
    height, width = maps.shape[-2:]
    grid = pixels_to_grid(places_xy, image_hw=(height, width))
    return F.grid_sample(maps, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


@final
@dataclass(frozen=True, kw_only=True)
class CorrelationPyramid:
    """Of every cell of one map with every cell of another (Teed & Deng 2020, section 3.2)."""

    levels: tuple[Tensor, ...] = field(repr=False)
    """``(b * h * w, 1, h / 2^l, w / 2^l)``: products over the root of the number of channels."""
    radius: int

    @classmethod
    def of(
        cls,
        first: Float[Tensor, "b c h w"],
        second: Float[Tensor, "b c h w"],
        *,
        levels: int,
        radius: int,
    ) -> "CorrelationPyramid":
        """Needs ``b * (h * w)^2 * 16 / 3`` bytes: 90 MB for a map of 64 x 64."""
        count, channels, height, width = first.shape
        products = torch.einsum("bchw,bcyx->bhwyx", first, second) / channels**0.5
        volume = products.reshape(count * height * width, 1, height, width)
        return cls(levels=halved(volume, levels=levels), radius=radius)

    def look_up(self, centres_xy: Float[Tensor, "b 2 h w"]) -> Float[Tensor, "b k h w"]:
        """Squares around a place for each cell, level by level; places in cells of the map."""
        count, _, height, width = centres_xy.shape
        centres = centres_xy.permute(0, 2, 3, 1).reshape(-1, 1, 1, 2)
        offsets = window_offsets_xy(self.radius).to(centres)
        found = [
            read_windows(level, centres / 2**index + offsets)[:, 0, 0]
            for index, level in enumerate(self.levels)
        ]
        windows = torch.cat(found, dim=1).reshape(count, height, width, -1)
        return windows.permute(0, 3, 1, 2)
