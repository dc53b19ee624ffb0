"""The layers of MobileStyleGAN synthesis (Belousov 2021), demodulation folded into the weights."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.generators.mapping import LEAKY_SLOPE
from tugan.generators.noise import NoiseSource


def doubled_inverse_haar(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c4 h2 w2"]:
    """Twice the inverse Haar wavelet transform: a quarter of the channels at twice the size.

    The first quarter holds the averages; the rest holds the three details of each channel in turn.
    The factor one half of the transform is the caller's, who has something small to put it into.
    Works and returns channels last, where it is fastest.
    """
    batch, channels, height, width = x.shape
    quarter = channels // 4
    pixels = x.permute(0, 2, 3, 1)
    average = pixels[..., :quarter]
    across, down, diagonal = pixels[..., quarter:].unflatten(-1, (quarter, 3)).unbind(dim=-1)
    left, right = average + across, average - across
    level, slope = down + diagonal, down - diagonal
    upper = torch.stack([left + level, left - level], dim=3)
    lower = torch.stack([right + slope, right - slope], dim=3)
    doubled = torch.stack([upper, lower], dim=2)
    return doubled.reshape(batch, 2 * height, 2 * width, quarter).permute(0, 3, 1, 2)


@final
class NoisyActivation(nn.Module):
    """What follows every convolution: noise, then leaky ReLU without gain.

    Both in place: the convolution's result is nobody else's, and fresh memory is what costs.
    """

    def __init__(self, *, side_px: int) -> None:
        """The stored noise has its strength folded in."""
        super().__init__()
        self.noise = nn.Buffer(torch.empty(side_px, side_px))

    def forward(self, x: Float[Tensor, "b c h w"], noise: NoiseSource) -> Float[Tensor, "b c h w"]:
        """Random noise is drawn with the stored map's standard deviation."""
        pattern = noise.pattern(self.noise, like=x)
        if pattern is not None:
            if noise.kind == "random":
                pattern = pattern * self.noise.square().mean().sqrt()
            x = x.add_(pattern)
        return F.leaky_relu_(x, LEAKY_SLOPE)


@final
class DenseConv(nn.Module):
    """Styled 3x3 convolution, bias, noise, leaky ReLU: the first layer."""

    def __init__(self, *, channels: int, w_dim: int, side_px: int) -> None:
        """Works at the constant's size."""
        super().__init__()
        self.affine = nn.Linear(w_dim, channels)
        self.weight = nn.Parameter(torch.empty(channels, channels, 3, 3))
        self.bias = nn.Parameter(torch.empty(channels))
        self.activation = NoisyActivation(side_px=side_px)

    def forward(
        self, x: Float[Tensor, "b i h w"], w: Float[Tensor, "b d"], noise: NoiseSource
    ) -> Float[Tensor, "b o h w"]:
        """Features after this layer."""
        x = x * self.affine(w)[:, :, None, None]
        out: Tensor = self.activation(F.conv2d(x, self.weight, self.bias, padding=1), noise)
        return out


@final
class SeparableConv(nn.Module):
    """Styled depthwise 3x3 then pointwise convolution, bias, noise, leaky ReLU."""

    def __init__(self, *, fan_in: int, fan_out: int, w_dim: int, side_px: int) -> None:
        """Keeps the size."""
        super().__init__()
        self.affine = nn.Linear(w_dim, fan_in)
        self.depthwise = nn.Parameter(torch.empty(fan_in, 1, 3, 3))
        self.pointwise = nn.Parameter(torch.empty(fan_out, fan_in, 1, 1))
        self.bias = nn.Parameter(torch.empty(fan_out))
        self.activation = NoisyActivation(side_px=side_px)

    def forward(
        self, x: Float[Tensor, "b i h w"], w: Float[Tensor, "b d"], noise: NoiseSource
    ) -> Float[Tensor, "b o h w"]:
        """Features after this layer."""
        x = self._styled_depthwise(x, self.affine(w))
        out: Tensor = self.activation(F.conv2d(x, self.pointwise, self.bias), noise)
        return out

    def _styled_depthwise(
        self, x: Float[Tensor, "b i h w"], style: Float[Tensor, "b i"]
    ) -> Float[Tensor, "b i h w"]:
        if len(style) == 1:
            # scaling nine weights a channel is cheaper than scaling the channel
            styled = self.depthwise * style[0, :, None, None, None]
            return F.conv2d(x, styled, padding=1, groups=x.shape[1])
        x = x * style[:, :, None, None]
        return F.conv2d(x, self.depthwise, padding=1, groups=x.shape[1])


@final
class DoublingBlock(nn.Module):
    """Style, inverse Haar to twice the size, two separable convolutions."""

    def __init__(self, *, fan_in: int, fan_out: int, w_dim: int, side_px: int) -> None:
        """``side_px`` is the output's."""
        super().__init__()
        self.affine = nn.Linear(w_dim, fan_in)
        self.conv0 = SeparableConv(
            fan_in=fan_in // 4, fan_out=fan_out, w_dim=w_dim, side_px=side_px
        )
        self.conv1 = SeparableConv(fan_in=fan_out, fan_out=fan_out, w_dim=w_dim, side_px=side_px)

    def forward(
        self,
        x: Float[Tensor, "b i h w"],
        w0: Float[Tensor, "b d"],
        w1: Float[Tensor, "b d"],
        noise: NoiseSource,
    ) -> Float[Tensor, "b o h2 w2"]:
        """``w0`` styles the doubling and the first convolution, ``w1`` the second."""
        x = doubled_inverse_haar(x * (0.5 * self.affine(w0))[:, :, None, None])
        out: Tensor = self.conv1(self.conv0(x, w0, noise), w1, noise.of_layer(1))
        return out
