"""The layers of StyleGAN3 synthesis (Karras et al. 2021), in plain PyTorch."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.generators.frozen_conv import frozen_conv2d
from tugan.generators.mapping import ACTIVATION_GAIN
from tugan.generators.stylegan3.resampler import Resampler

DEMODULATION_EPS = 1e-8


@final
class SynthesisLayer(nn.Module):
    """Modulated convolution, bias, and the leaky ReLU between two filters (figure 4b).

    Styles scale the input channels and demodulation the output channels, as in our StyleGAN2.
    """

    def __init__(
        self, *, fan_in: int, fan_out: int, w_dim: int, kernel: int, resampler: Resampler
    ) -> None:
        """``kernel``: the side of the convolution's."""
        super().__init__()
        self.affine = nn.Linear(w_dim, fan_in)
        self.weight = nn.Parameter(torch.empty(fan_out, fan_in, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(fan_out))
        self.input_gain = nn.Buffer(torch.empty(()))
        """One over the root of the input's mean square in training (appendix C.1)."""
        self.resampler = resampler

    def forward(self, x: Float[Tensor, "b i h w"], w: Float[Tensor, "b d"]) -> Tensor:
        """Features after this layer, ``(b, o, oh, ow)``."""
        style = self.affine(w)
        # leaky ReLU and the filter before it let a positive gain through: its sqrt 2 goes here
        scale = (ACTIVATION_GAIN * self.input_gain * self._demodulation(style))[:, :, None, None]
        x = self._convolved(x * style[:, :, None, None])
        x = torch.addcmul((ACTIVATION_GAIN * self.bias)[:, None, None], x, scale)
        out: Tensor = self.resampler(x)
        return out

    def _convolved(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o oh ow"]:
        """Fully padded, but for what the filters would cut off."""
        padding = self.weight.shape[-1] - 1 - self.resampler.plan.trim
        if padding < 0:
            x = x[:, :, -padding:padding, -padding:padding]
        return frozen_conv2d(x, self.weight, padding=max(padding, 0))

    def _demodulation(self, style: Float[Tensor, "b i"]) -> Float[Tensor, "b o"]:
        """One over the norm of each filter, times ``style``.

        The small constant is meant for filters and styles of mean square 1: it is scaled to theirs
        instead of them to it.
        """
        energy = self.weight.square().sum(dim=(2, 3))
        size = energy.mean(dim=1) / self.weight[0, 0].numel()
        styles = style.square()
        small = DEMODULATION_EPS * styles.mean(dim=1, keepdim=True) * size
        return torch.rsqrt(styles @ energy.T + small)


@final
class ToRgb(nn.Module):
    """Modulated 1x1 convolution to the picture, without demodulation."""

    def __init__(self, *, fan_in: int, w_dim: int, clamp: float | None, scale: float) -> None:
        """All gains but ``scale``, which follows the clamp, are folded into ``affine``."""
        super().__init__()
        self.clamp = clamp
        self.scale = scale
        self.affine = nn.Linear(w_dim, fan_in)
        self.weight = nn.Parameter(torch.empty(3, fan_in, 1, 1))
        self.bias = nn.Parameter(torch.empty(3))

    def forward(
        self, x: Float[Tensor, "b i h w"], w: Float[Tensor, "b d"]
    ) -> Float[Tensor, "b 3 h w"]:
        """The picture."""
        style = self.affine(w)
        rgb = frozen_conv2d(x * style[:, :, None, None], self.weight) + self.bias[:, None, None]
        if self.clamp is not None:
            rgb = F.hardtanh(rgb, -self.clamp, self.clamp)
        return rgb * self.scale
