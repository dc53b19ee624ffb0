"""The layers of MobileStyleGAN synthesis (Belousov 2021), demodulation folded into the weights."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.generators.frozen_conv import conv2d_pulled_back
from tugan.generators.mapping import LEAKY_SLOPE
from tugan.generators.noise import NoiseSource
from tugan.generators.window_gradients import Down, activation_pulled_back


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


def doubled_inverse_haar_pulled_back(
    upstream: Float[Tensor, "k n c h2 w2"],
) -> Float[Tensor, "k n c4 h w"]:
    """The gradient by the input of :func:`doubled_inverse_haar`; its transpose."""
    functions, points, quarter, height, width = upstream.shape
    pixels = upstream.permute(0, 1, 3, 4, 2)
    cells = pixels.reshape(functions, points, height // 2, 2, width // 2, 2, quarter)
    upper, lower = cells.unbind(dim=3)
    (upper_left, upper_right), (lower_left, lower_right) = upper.unbind(dim=4), lower.unbind(dim=4)
    left, right = upper_left + upper_right, lower_left + lower_right
    level, slope = upper_left - upper_right, lower_left - lower_right
    details = torch.stack([left - right, level + slope, level - slope], dim=-1).flatten(-2)
    return torch.cat([left + right, details], dim=-1).permute(0, 1, 4, 2, 3)


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

    def pulled_back(
        self,
        upstream: Down,
        x: Float[Tensor, "i h w"],
        y: Float[Tensor, "m o h w"],
        w: Float[Tensor, "1 d"],
    ) -> Float[Tensor, "k n d"]:
        """The gradient by ``w``, given that by ``y``, which this layer made of the constant."""
        convolved = activation_pulled_back(upstream, y).flatten(0, 1)
        styled = conv2d_pulled_back(convolved, self.weight).unflatten(0, upstream.shape[:2])
        by_style: Tensor = (styled * x).sum(dim=(3, 4))
        return by_style @ self.affine.weight


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

    def pulled_back(
        self,
        upstream: Down,
        x: Float[Tensor, "m i h w"],
        y: Float[Tensor, "m o h w"],
        w: Float[Tensor, "1 d"],
    ) -> tuple[Down, Float[Tensor, "k n d"]]:
        """Gradients by ``x`` and ``w``, given those by ``y``, which this layer made of them."""
        convolved = activation_pulled_back(upstream, y).flatten(0, 1)
        # as a product with the matrix as it is; a convolution would have it transposed first
        mixed = convolved.permute(0, 2, 3, 1) @ self.pointwise[:, :, 0, 0]
        mixed = mixed.permute(0, 3, 1, 2)
        styled = F.conv2d(mixed, self.depthwise.flip(2, 3), padding=1, groups=mixed.shape[1])
        styled = styled.unflatten(0, upstream.shape[:2])
        by_style = (styled * x).sum(dim=(3, 4))
        return styled * self.affine(w)[:, :, None, None], by_style @ self.affine.weight

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
        return self.layers(x, w0, w1, noise)[-1]

    def layers(
        self,
        x: Float[Tensor, "b i h w"],
        w0: Float[Tensor, "b d"],
        w1: Float[Tensor, "b d"],
        noise: NoiseSource,
    ) -> tuple[Float[Tensor, "b o h2 w2"], Float[Tensor, "b o h2 w2"]]:
        """What the two convolutions give, the features last."""
        doubled = doubled_inverse_haar(x * self._half_style(w0))
        first = self.conv0(doubled, w0, noise)
        return first, self.conv1(first, w1, noise.of_layer(1))

    def pulled_back(
        self,
        upstream: Down,
        x: Float[Tensor, "m i h w"],
        maps: tuple[Float[Tensor, "m o h2 w2"], ...],
        w0: Float[Tensor, "1 d"],
        w1: Float[Tensor, "1 d"],
    ) -> tuple[Down, Float[Tensor, "k n d"], Float[Tensor, "k n d"]]:
        """Gradients by ``x``, ``w0`` and ``w1``."""
        first, last = maps
        upstream, by_w1 = self.conv1.pulled_back(upstream, first, last, w1)
        half_style = self._half_style(w0)
        doubled = doubled_inverse_haar(x * half_style)
        upstream, by_w0 = self.conv0.pulled_back(upstream, doubled, first, w0)
        styled = doubled_inverse_haar_pulled_back(upstream)
        by_style = 0.5 * (styled * x).sum(dim=(3, 4))
        return styled * half_style, by_w0 + by_style @ self.affine.weight, by_w1

    def _half_style(self, w0: Float[Tensor, "b d"]) -> Float[Tensor, "b i 1 1"]:
        """The transform's one half is in it."""
        style: Tensor = self.affine(w0)
        return 0.5 * style[:, :, None, None]
