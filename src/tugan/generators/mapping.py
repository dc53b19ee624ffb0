"""The mapping network: z to w (Karras et al. 2019; conditional form: Karras et al. 2020b)."""

import math
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

LEAKY_SLOPE = 0.2
ACTIVATION_GAIN = math.sqrt(2)


@final
class MappingNetwork(nn.Module):
    """Normalised ``z`` (and an embedded label) through leaky linear layers to ``w``.

    The weights are the effective ones: gains of equalised learning rates are folded in.
    """

    def __init__(
        self,
        *,
        z_dim: int,
        widths: tuple[int, ...],
        label_dim: int,
        embed_dim: int,
        joint_norm: bool = False,
    ) -> None:
        """``widths`` are the layers' output sizes; the last is that of w.

        ``joint_norm`` normalises ``z`` and the embedded label together, as StyleGAN2's first
        program did, and not each for itself as since Karras et al. 2020b.
        """
        super().__init__()
        self.joint_norm = joint_norm
        self.z_dim = z_dim
        self.label_dim = label_dim
        self.embed = nn.Linear(label_dim, embed_dim) if label_dim else None
        first = z_dim + (embed_dim if label_dim else 0)
        self.layers = nn.ModuleList(
            nn.Linear(fan_in, fan_out)
            for fan_in, fan_out in zip((first, *widths[:-1]), widths, strict=True)
        )

    def forward(
        self, z: Float[Tensor, "b z"], label: Float[Tensor, "b c"] | None
    ) -> Float[Tensor, "b w"]:
        """``w`` before truncation; ``ValueError`` if ``z`` or ``label`` has another width."""
        x = self._checked(z, self.z_dim, "z")
        if not self.joint_norm:
            x = _normalise(x)
        if self.embed is not None:
            if label is None:
                raise ValueError(f"this generator is conditional: give a label of {self.label_dim}")
            embedded = self.embed(self._checked(label, self.label_dim, "label"))
            x = torch.cat([x, embedded if self.joint_norm else _normalise(embedded)], dim=1)
        if self.joint_norm:
            x = _normalise(x)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), LEAKY_SLOPE) * ACTIVATION_GAIN
        return x

    @staticmethod
    def _checked(values: Tensor, width: int, name: str) -> Tensor:
        if values.ndim != 2 or values.shape[1] != width:
            raise ValueError(f"{name} must be (batch, {width}), got {tuple(values.shape)}")
        return values


def truncate(
    w: Float[Tensor, "b d"],
    *,
    mean: Float[Tensor, " d"],
    psi: float,
    num_ws: int,
    cutoff: int | None = None,
) -> Float[Tensor, "b rows d"]:
    """``w`` on every row, pulled toward the mean by ``psi`` (Karras et al. 2019, section B).

    ``cutoff`` limits that to the first rows.
    """
    ws = w[:, None, :].repeat(1, num_ws, 1)
    if psi == 1.0:
        return ws
    pulled = mean + psi * (ws[:, :cutoff] - mean)
    return pulled if cutoff is None else torch.cat([pulled, ws[:, cutoff:]], dim=1)


def _normalise(x: Float[Tensor, "b n"]) -> Float[Tensor, "b n"]:
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)
