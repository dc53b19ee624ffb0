"""Every coordinate conversion of the project.

A point is ``(x, y)`` in pixels of the generator's output; an integer is the centre of a pixel, so
the picture spans ``[-0.5, w - 0.5]``. A feature map spans the same picture with larger cells.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

REFERENCE_SIDE_PX = 512
"""Radii and tolerances named ``_px_at_512`` are stated for a picture whose longer side is this."""


def scale_from_512(length_px_at_512: float, size_hw: tuple[int, int]) -> float:
    """Length in pixels of a picture of ``size_hw`` of a length stated at 512 px."""
    return length_px_at_512 * max(size_hw) / REFERENCE_SIDE_PX


def xy_like(like: Float[Tensor, "..."], x: float, y: float) -> Float[Tensor, "2"]:
    """``(x, y)`` where ``like`` is and of its type, made there: nothing waits for a transfer."""
    return torch.stack([like.new_full((), x), like.new_full((), y)])


def pixels_to_grid(
    points_xy: Float[Tensor, "*n 2"], *, image_hw: tuple[int, int]
) -> Float[Tensor, "*n 2"]:
    """Image points as the ``[-1, 1]`` grid of ``torch.nn.functional.grid_sample``.

    For ``align_corners=False``, in which -1 and 1 are the outer edges of the outer pixels: the same
    grid reads the picture and any feature map of it.
    """
    height, width = image_hw
    size_wh = xy_like(points_xy, width, height)
    return (2 * points_xy + 1) / size_wh - 1


def disc_offsets_xy(radius_px: float, *, strict: bool) -> Float[Tensor, "q 2"]:
    """Integer offsets within ``radius_px`` of the origin, in row-major order.

    ``strict`` leaves out those at exactly the radius.
    """
    reach = math.ceil(radius_px)
    offsets = square_offsets_xy(reach)
    distance = offsets.norm(dim=-1)
    return offsets[distance < radius_px if strict else distance <= radius_px]


def square_offsets_xy(half_width_px: int) -> Float[Tensor, "q 2"]:
    """Integer offsets of a square, ``2 * half_width_px + 1`` pixels a side, in row-major order."""
    side = torch.arange(-half_width_px, half_width_px + 1, dtype=torch.float32)
    ys, xs = torch.meshgrid(side, side, indexing="ij")
    return torch.stack([xs, ys], dim=-1).reshape(-1, 2)


def inside(points_xy: Float[Tensor, "*n 2"], *, image_hw: tuple[int, int]) -> Tensor:
    """Bool ``(*n,)``: is the point between the centres of the outermost pixels?"""
    height, width = image_hw
    upper = xy_like(points_xy, width - 1, height - 1)
    return ((points_xy >= 0) & (points_xy <= upper)).all(dim=-1)
