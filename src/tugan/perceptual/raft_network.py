"""RAFT: dense motion between two pictures (Teed & Deng, ECCV 2020), written from the paper.

The names of its parts are those of the weights that its authors published.
"""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.perceptual.correlation_windows import CorrelationPyramid
from tugan.perceptual.raft_config import LEVELS, STRIDE_PX, RaftConfig
from tugan.perceptual.raft_encoder import RaftEncoder
from tugan.perceptual.raft_update import UpdateBlock

SMALLEST_PX = STRIDE_PX * 2 ** (LEVELS - 1)
"""Below this the last level of the pyramid would be empty."""


@final
class Raft(nn.Module):
    """Optical flow by a recurrent unit that looks up correlations around the flow so far."""

    def __init__(self, config: RaftConfig) -> None:
        """Untrained; :func:`tugan.perceptual.raft_weights.raft_of` fills in weights."""
        super().__init__()
        self.config = config
        small = config.variant == "small"
        self.fnet = RaftEncoder(config.stages, config.features, norm="instance", bottleneck=small)
        self.cnet = RaftEncoder(
            config.stages,
            config.hidden + config.context,
            norm=config.context_norm,
            bottleneck=small,
        )
        self.update_block = UpdateBlock(config)
        # batch norms use their running figures
        self.eval()

    def forward(
        self, first: Float[Tensor, "b 3 h w"], second: Float[Tensor, "b 3 h w"], *, updates: int
    ) -> Float[Tensor, "b 2 h w"]:
        """Where each pixel of ``first`` went, ``(x, y)`` in pixels, after so many updates.

        Pictures in [-1, 1]; ``ValueError`` unless their sides are multiples of 8 and at least 64.
        """
        _check_sides(first)
        return self._flow(first, self.fnet(first), self.fnet(second), updates=updates)

    def both_ways(
        self, first: Float[Tensor, "1 3 h w"], second: Float[Tensor, "1 3 h w"], *, updates: int
    ) -> tuple[Float[Tensor, "1 2 h w"], Float[Tensor, "1 2 h w"]]:
        """From the first to the second, and back; cheaper than twice :meth:`forward`."""
        _check_sides(first)
        pictures = torch.cat([first, second])
        maps = self.fnet(pictures)
        there, back = self._flow(pictures, maps, maps.flip(0), updates=updates).split(1)
        return there, back

    def _flow(
        self,
        pictures: Float[Tensor, "b 3 h w"],
        maps: Float[Tensor, "b c mh mw"],
        others: Float[Tensor, "b c mh mw"],
        *,
        updates: int,
    ) -> Float[Tensor, "b 2 h w"]:
        correlations = CorrelationPyramid.of(maps, others, levels=LEVELS, radius=self.config.radius)
        sizes = [self.config.hidden, self.config.context]
        hidden, context = self.cnet(pictures).split(sizes, dim=1)
        hidden, context = torch.tanh(hidden), F.relu(context)
        cells = _cells_xy(hidden)
        flow = torch.zeros_like(cells).expand(len(pictures), -1, -1, -1)
        for _ in range(updates):
            looked_up = correlations.look_up(cells + flow)
            hidden, change = self.update_block(hidden, context, looked_up, flow)
            flow = flow + change
        return self.update_block.enlarged(flow, hidden)


def _cells_xy(like: Float[Tensor, "b c h w"]) -> Float[Tensor, "1 2 h w"]:
    height, width = like.shape[-2:]
    ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([xs, ys])[None].to(like)


def _check_sides(picture: Float[Tensor, "b 3 h w"]) -> None:
    sides = tuple(picture.shape[-2:])
    if any(side % STRIDE_PX or side < SMALLEST_PX for side in sides):
        raise ValueError(
            f"RAFT takes pictures whose sides are multiples of {STRIDE_PX} and at least"
            f" {SMALLEST_PX} px, got {sides}: resize them"
        )
