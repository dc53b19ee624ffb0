"""The layers of StyleGAN2 synthesis (Karras et al. 2020a), in plain PyTorch."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.generators.frozen_conv import (
    conv2d_pulled_back,
    doubling_conv2d_pulled_back,
    frozen_conv2d,
    frozen_doubling_conv2d,
)
from tugan.generators.mapping import ACTIVATION_GAIN, LEAKY_SLOPE
from tugan.generators.noise import NoiseSource
from tugan.generators.weight_cache import WeightCache
from tugan.generators.window_gradients import Down, activation_pulled_back
from tugan.generators.winograd import (
    winograd_conv2d,
    winograd_pays,
    winograd_pulled_back,
    winograd_weight,
)

DEMODULATION_EPS = 1e-8


def doubling_filter(like: Float[Tensor, "..."]) -> Float[Tensor, "4 4"]:
    """The [1, 3, 3, 1] resampling filter in two dimensions, for maps with zeros between cells.

    Its sum is 4. Made where ``like`` is and of its type, so that nothing waits for a transfer.
    """
    row = like.new_ones(4)
    row[1:3] = 3
    return torch.outer(row, row) / 16


@final
class StyledConv(nn.Module):
    """Modulated 3x3 convolution, noise, bias, leaky ReLU (Karras et al. 2020a, figure 2d).

    Modulation scales the input channels and demodulation the output channels: the same product as
    scaled weights (their equations 1 and 3), with the weights left alone, so that a backward pass
    to the latent needs no gradient of a weight tensor.
    """

    def __init__(
        self,
        *,
        fan_in: int,
        fan_out: int,
        w_dim: int,
        size_hw: tuple[int, int],
        upsample: bool,
        clamp: float | None,
    ) -> None:
        """``size_hw`` is the output's."""
        super().__init__()
        self.upsample = upsample
        self.clamp = clamp
        self.affine = nn.Linear(w_dim, fan_in)
        self.weight = nn.Parameter(torch.empty(fan_out, fan_in, 3, 3))
        self.bias = nn.Parameter(torch.empty(fan_out))
        self.noise_strength = nn.Parameter(torch.empty(()))
        self.noise = nn.Buffer(torch.empty(size_hw))
        self._energy = WeightCache(_energy)
        self._transformed = WeightCache(winograd_weight)
        self._filter = WeightCache(doubling_filter)

    def lay_out_weight(self) -> None:
        """With the channels that the convolution sums over innermost, or that it makes."""
        weight = self.weight.data
        if self.upsample:  # a transposed convolution takes it the other way about
            weight = weight.transpose(0, 1)
        weight = weight.contiguous(memory_format=torch.channels_last)
        self.weight.data = weight.transpose(0, 1) if self.upsample else weight

    def forward(
        self,
        x: Float[Tensor, "b i h w"],
        w: Float[Tensor, "b d"],
        noise: NoiseSource,
        *,
        spent: bool = False,
    ) -> Float[Tensor, "b o oh ow"]:
        """Features after this layer, twice the size if it upsamples.

        ``spent``: nobody needs ``x`` any more, so that without a graph its memory is used.
        """
        style = self.affine(w)
        styled = torch.mul(x, style[:, :, None, None], out=x if spent and _no_graph() else None)
        x = self._convolved(styled)
        # leaky ReLU lets a positive gain through, so its sqrt 2 goes into the small factors; what
        # follows the product works in place, since fresh memory is what costs
        scale = (ACTIVATION_GAIN * self._demodulation(style))[:, :, None, None]
        bias = (ACTIVATION_GAIN * self.bias)[:, None, None]
        x = torch.addcmul(bias, x, scale, out=x if _no_graph() else None)
        offset = self._noise(x, noise)
        if offset is not None:
            x = x.add_(ACTIVATION_GAIN * offset)
        x = F.leaky_relu_(x, LEAKY_SLOPE)
        if self.clamp is None:
            return x
        return torch.clamp(x, -self.clamp, self.clamp, out=x if _no_graph() else None)

    def pulled_back(
        self,
        upstream: Down,
        x: Float[Tensor, "m i h w"],
        y: Float[Tensor, "m o oh ow"],
        w: Float[Tensor, "1 d"],
        noise: NoiseSource,
    ) -> tuple[Down, Float[Tensor, "k n d"]]:
        """Gradients by ``x`` and ``w``, given those by ``y``, which this layer made of them."""
        style = self.affine(w)
        demodulation = self._demodulation(style)
        activated = activation_pulled_back(upstream, y, clamp=self.clamp)
        # of what the convolution gave, scaled, and of what was added to it
        before = F.leaky_relu(y, 1 / LEAKY_SLOPE)
        added = ACTIVATION_GAIN * self.bias[:, None, None]
        offset = self._noise(y, noise)
        if offset is not None:
            added = added + ACTIVATION_GAIN * offset
        by_scale = (activated * (before - added)).sum(dim=(3, 4))
        scaled = activated * (ACTIVATION_GAIN * demodulation)[:, :, None, None]
        styled = self._convolved_back(scaled.flatten(0, 1)).unflatten(0, upstream.shape[:2])
        energy = self._energy.of(self.weight)
        by_style = (styled * x).sum(dim=(3, 4))
        by_style = by_style - style * ((by_scale * demodulation.square()) @ energy)
        return styled * style[:, :, None, None], by_style @ self.affine.weight

    def _convolved_back(self, upstream: Float[Tensor, "b o oh ow"]) -> Float[Tensor, "b i h w"]:
        if not self.upsample:
            if winograd_pays(upstream, self.weight):
                return winograd_pulled_back(upstream, self._transformed.of(self.weight))
            return conv2d_pulled_back(upstream, self.weight)
        # the filter is symmetric, and its own transpose but for the padding
        kernel = self._filter.of(self.weight).expand(upstream.shape[1], 1, 4, 4)
        upstream = F.conv2d(upstream, kernel, padding=2, groups=upstream.shape[1])
        return doubling_conv2d_pulled_back(upstream, self.weight)

    def _convolved(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o oh ow"]:
        if not self.upsample:
            if winograd_pays(x, self.weight):
                return winograd_conv2d(x, self._transformed.of(self.weight))
            return frozen_conv2d(x, self.weight, padding=1)
        # to 2 h + 1, then by the binomial filter down to 2 h
        x = frozen_doubling_conv2d(x, self.weight)
        kernel = self._filter.of(self.weight).expand(x.shape[1], 1, 4, 4)
        return frozen_conv2d(x, kernel, padding=1, groups=x.shape[1])

    def _demodulation(self, style: Float[Tensor, "b i"]) -> Float[Tensor, "b o"]:
        energy = self._energy.of(self.weight)
        return torch.rsqrt(style.square() @ energy.T + DEMODULATION_EPS)

    def _noise(self, x: Tensor, noise: NoiseSource) -> Tensor | None:
        pattern = noise.pattern(self.noise, like=x)
        return None if pattern is None else pattern * self.noise_strength


@final
class ToRgb(nn.Module):
    """Modulated 1x1 convolution to RGB, without demodulation (Karras et al. 2020a, section 4.1)."""

    def __init__(self, *, fan_in: int, w_dim: int, clamp: float | None) -> None:
        """The equalised gain is folded into ``affine``."""
        super().__init__()
        self.clamp = clamp
        self.affine = nn.Linear(w_dim, fan_in)
        self.weight = nn.Parameter(torch.empty(3, fan_in, 1, 1))
        self.bias = nn.Parameter(torch.empty(3))

    def forward(
        self, x: Float[Tensor, "b i h w"], w: Float[Tensor, "b d"]
    ) -> Float[Tensor, "b 3 h w"]:
        """This block's contribution to the picture."""
        styled = self.weight[:, :, 0, 0] * self.affine(w)[:, None]
        # as a product with a matrix, three numbers a pixel: the map itself is left alone
        pixels = x.permute(0, 2, 3, 1).flatten(1, 2)
        rgb = torch.baddbmm(self.bias, pixels, styled.transpose(1, 2))
        rgb = rgb.reshape(len(x), *x.shape[2:], 3).permute(0, 3, 1, 2)
        return rgb if self.clamp is None else rgb.clamp(-self.clamp, self.clamp)


def _no_graph() -> bool:
    """May results be written over what they are made of?"""
    return not torch.is_grad_enabled() and not torch.compiler.is_compiling()


def _energy(weight: Float[Tensor, "o i kh kw"]) -> Float[Tensor, "o i"]:
    """What a unit of each style gives to each output channel's variance."""
    return weight.square().sum(dim=(2, 3))


def upsample_image(image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
    """Twice the size by zero insertion and the binomial filter."""
    channels = image.shape[1]
    kernel = doubling_filter(image).expand(channels, 1, 4, 4)
    return F.conv_transpose2d(image, kernel, stride=2, padding=1, groups=channels)
