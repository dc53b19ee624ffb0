"""Film grain and sensor noise: how much there is, and the same amount where it is missing."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

_GAUSS_TO_MEDIAN = 0.6745
_RESPONSE = 6.0
"""Standard deviation of the filter below on white noise of deviation 1."""
_MEASURED_PX = 1024
_MOST_GRAIN = 12.0
"""Grey levels: what is beyond is texture."""


def grain_of(channel: Float[Tensor, "h w"], weight: Float[Tensor, "h w"]) -> float:
    """Standard deviation of the noise where the weight is above a half, grey levels.

    Immerkaer's (1996) difference of two Laplacians, which edges and slopes leave at zero, with the
    median instead of the mean, so that texture counts little.
    """
    channel, weight = _middle(channel), _middle(weight)
    kernel = channel.new_tensor([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
    response = F.conv2d(channel[None, None], kernel[None, None], padding=1)[0, 0].abs()
    inside = response[weight > 0.5]
    if inside.numel() == 0:
        return 0.0
    return float(inside.median()) / _GAUSS_TO_MEDIAN / _RESPONSE


def _middle(values: Float[Tensor, "h w"]) -> Float[Tensor, "h2 w2"]:
    """Enough to measure on, whatever the size."""
    height, width = values.shape
    top, left = (max((side - _MEASURED_PX) // 2, 0) for side in (height, width))
    return values[top : top + _MEASURED_PX, left : left + _MEASURED_PX]


def add_grain(channel: Float[Tensor, "h w"], *, missing: float, seed: int) -> Float[Tensor, "h w"]:
    """With white noise of this variance; none if it is negative."""
    if missing <= 0:
        return channel
    rng = torch.Generator().manual_seed(seed)
    noise = torch.randn(channel.shape, generator=rng)
    return noise.mul_(min(missing**0.5, _MOST_GRAIN)).add_(channel)
