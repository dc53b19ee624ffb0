"""The first feature map: waves that the latent turns and moves (Karras et al. 2021, 3.1)."""

import math
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tugan.generators.stylegan3.sampling import Signal


@final
class FourierInput(nn.Module):
    """Waves of fixed frequency and phase, mixed by a matrix."""

    def __init__(self, *, channels: int, w_dim: int, signal: Signal) -> None:
        """Gains are folded into ``weight`` and ``affine``."""
        super().__init__()
        self.signal = signal
        self.affine = nn.Linear(w_dim, 4)
        self.weight = nn.Parameter(torch.empty(channels, channels))
        self.frequencies = nn.Buffer(torch.empty(channels, 2))
        """Periods a picture's side, to the right and down."""
        self.phases = nn.Buffer(torch.empty(channels))
        """In periods."""
        self.transform = nn.Buffer(torch.empty(3, 3))
        """Places in the picture to places in the waves, over and above what the latent says."""

    def forward(self, w: Float[Tensor, "b d"]) -> Float[Tensor, "b c h w"]:
        """The waves at every cell, margins included."""
        transforms = self._transforms(w)
        frequencies = self.frequencies @ transforms[:, :2, :2]
        phases = self.phases + (self.frequencies @ transforms[:, :2, 2:])[:, :, 0]
        # waves that would alias at this sampling rate fade out
        excess = frequencies.norm(dim=2) - self.signal.cutoff
        amplitudes = (1 - excess / (self.signal.rate / 2 - self.signal.cutoff)).clamp(0, 1)
        angles = self._places_xy() @ frequencies.transpose(1, 2) + phases[:, None]
        waves = torch.sin(2 * math.pi * angles) * amplitudes[:, None]
        size = self.signal.size
        # channels last, which all convolutions after it are faster in
        cells: Tensor = (waves @ self.weight.T).unflatten(1, (size, size))
        return cells.permute(0, 3, 1, 2)

    def _transforms(self, w: Float[Tensor, "b d"]) -> Float[Tensor, "b 3 3"]:
        """A rotation and a translation by the latent, after ``transform``."""
        cosine, sine, x, y = self._motion(w)
        zero, one = torch.zeros_like(x), torch.ones_like(x)
        rotation = _matrices([cosine, -sine, zero, sine, cosine, zero, zero, zero, one])
        translation = _matrices([one, zero, -x, zero, one, -y, zero, zero, one])
        whole: Tensor = rotation @ translation @ self.transform
        return whole

    def _motion(self, w: Float[Tensor, "b d"]) -> tuple[Tensor, ...]:
        raw: Tensor = self.affine(w)
        unit: tuple[Tensor, ...] = (raw / raw[:, :2].norm(dim=1, keepdim=True)).unbind(dim=1)
        return unit

    def _places_xy(self) -> Float[Tensor, "cells 2"]:
        """The cells' centres, the picture's side being 1 and its middle the origin."""
        size, rate = self.signal.size, self.signal.rate
        cells = torch.arange(size, device=self.phases.device).to(self.phases)
        side = (cells + 0.5 - size / 2) / rate
        return torch.cartesian_prod(side, side).flip(1)


def _matrices(entries: list[Tensor]) -> Float[Tensor, "b 3 3"]:
    matrices: Tensor = torch.stack(entries, dim=1).unflatten(1, (3, 3))
    return matrices
