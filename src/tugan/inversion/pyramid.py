"""Laplacian pyramids of one channel, to blend pictures without a seam (Burt and Adelson 1983)."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

_KERNEL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
_SMALLEST_PX = 8
Channel = Float[np.ndarray, "h w"]


def blend(
    under: Float[Tensor, "h w"],
    over: Float[Tensor, "h w"],
    weight: Float[Tensor, "h w"],
    *,
    levels: int,
) -> Float[Tensor, "h w"]:
    """``over`` where ``weight`` is 1, ``under`` where it is 0; in between each band of detail
    fades over a width of its own.

    Works on the difference of the two, so that one pyramid is held in memory.
    """
    difference = (over - under)[None, None]
    return under + _weighed(difference, weight[None, None], levels)[0, 0]


def levels_for(height: int, width: int) -> int:
    """As many halvings as leave the shorter side :data:`_SMALLEST_PX`."""
    return max(int(np.log2(max(min(height, width), 1) / _SMALLEST_PX)), 0)


def _weighed(
    values: Float[Tensor, "1 1 h w"], weight: Float[Tensor, "1 1 h w"], levels: int
) -> Float[Tensor, "1 1 h w"]:
    if levels == 0:
        return values * weight
    small = _reduced(values)
    detail = _expanded(small, values).neg_().add_(values).mul_(weight)
    return detail.add_(_expanded(_weighed(small, _reduced(weight), levels - 1), values))


def _reduced(x: Float[Tensor, "1 1 h w"]) -> Float[Tensor, "1 1 h2 w2"]:
    return _smooth(x)[:, :, ::2, ::2].contiguous()


def _expanded(
    small: Float[Tensor, "1 1 h2 w2"], like: Float[Tensor, "1 1 h w"]
) -> Float[Tensor, "1 1 h w"]:
    spread = torch.zeros_like(like)
    spread[:, :, ::2, ::2] = 4 * small
    return _smooth(spread)


def _smooth(x: Float[Tensor, "1 1 h w"]) -> Float[Tensor, "1 1 h w"]:
    """By shifted sums: a convolution of one channel would unfold it to five."""
    for dim, pad in ((3, (2, 2, 0, 0)), (2, (0, 0, 2, 2))):
        size = x.shape[dim]
        padded = F.pad(x, pad, mode="replicate")
        x = padded.narrow(dim, 2, size) * _KERNEL[2]
        for shift in (0, 1, 3, 4):
            x.add_(padded.narrow(dim, shift, size), alpha=_KERNEL[shift])
    return x
