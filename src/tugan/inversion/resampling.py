"""A crop read at a photograph's pixels, a few rows at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import pixels_to_grid
from tugan.core.similarity import Similarity
from tugan.inversion.align import Alignment

_PIXELS_AT_ONCE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle of the photograph; right and bottom are beyond it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left


def sampled(
    values: Float[Tensor, "1 1 s s"],
    photo_to_crop: Similarity,
    box: Box,
    *,
    sharp: bool = True,
    beyond: float | None = None,
) -> Float[Tensor, "h w"]:
    """Values of a crop at the photograph's pixels in the box.

    Where the photograph is coarser than the crop, the crop is averaged down first. ``sharp`` is
    bicubic, which overshoots; else bilinear. ``beyond`` is the value outside the crop; None repeats
    the crop's edge.
    """
    mode = "bicubic" if sharp else "bilinear"
    size_px = values.shape[2]
    scale = photo_to_crop.scale
    if scale > 1:
        smaller = max(round(size_px / scale), 1)
        values = F.interpolate(
            values, size=(smaller, smaller), mode=mode, antialias=True, align_corners=False
        )
    found = []
    for points in _rows(box):
        grid = _grid(photo_to_crop, points, size_px)
        read = F.grid_sample(values, grid, mode=mode, padding_mode="border", align_corners=False)[
            0, 0
        ]
        if beyond is not None:
            within = (grid[0].abs() <= 1).all(dim=-1)
            read = torch.where(within, read, torch.full_like(read, beyond))
        found.append(read)
    return torch.cat(found)


def carried(
    values: Float[Tensor, "h w"],
    offset: Float[Tensor, "1 2 t t"],
    alignment: Alignment,
    box: Box,
) -> Float[Tensor, "h w"]:
    """Values of the box, each read where the motion says that it came from."""
    place = alignment.to_photo(offset.shape[2])
    photo_to_crop = place.inverse()
    # offsets are shares of the crop's side
    turn = torch.from_numpy(place.matrix * offset.shape[2]).float()
    found = []
    for points in _rows(box):
        grid = _grid(photo_to_crop, points, offset.shape[2])
        shares = F.grid_sample(offset, grid, padding_mode="border", align_corners=False)
        moved = torch.from_numpy(points).float() + shares[0].permute(1, 2, 0) @ turn.T
        moved = moved - torch.tensor([box.left, box.top])
        where = pixels_to_grid(moved[None], image_hw=box.size_hw)
        read = F.grid_sample(
            values[None, None], where, mode="bicubic", padding_mode="border", align_corners=False
        )
        found.append(read[0, 0])
    return torch.cat(found)


def levels_of(channel: Float[Tensor, "1 1 s s"]) -> Float[Tensor, "1 1 s s"]:
    """[-1, 1] to 0..255, on the CPU."""
    return (channel.detach().float().cpu().clamp(-1, 1) + 1) * 127.5


def _rows(box: Box) -> Iterator[Float[np.ndarray, "rows w 2"]]:
    """The photograph's pixels in the box, some rows at a time."""
    step = max(_PIXELS_AT_ONCE // max(box.size_hw[1], 1), 1)
    for top in range(box.top, box.bottom, step):
        ys, xs = np.mgrid[top : min(top + step, box.bottom), box.left : box.right]
        yield np.stack([xs, ys], axis=-1).astype(np.float64)


def _grid(
    photo_to_crop: Similarity, points: Float[np.ndarray, "rows w 2"], size_px: int
) -> Float[Tensor, "1 rows w 2"]:
    flat = photo_to_crop.apply(points.reshape(-1, 2)).reshape(1, *points.shape)
    return pixels_to_grid(torch.from_numpy(flat).float(), image_hw=(size_px, size_px))
