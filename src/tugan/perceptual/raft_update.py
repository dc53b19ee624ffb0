"""RAFT's recurrent update: what is seen around the flow so far becomes a change of the flow."""

from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.perceptual.raft_config import STRIDE_PX, RaftConfig

_NEIGHBOURS = 9
_MASK_WIDTH = 256
_MASK_SCALE = 0.25
"""The published weights were trained with the mask's logits scaled by this."""


@final
class MotionEncoder(nn.Module):
    """Correlations and flow together; the flow itself are the last two channels."""

    def __init__(self, config: RaftConfig) -> None:
        """One or two layers for the correlations, two for the flow."""
        super().__init__()
        self.convc1 = nn.Conv2d(config.looked_up, config.correlation[0], 1)
        self.convc2: nn.Conv2d | None = None
        if len(config.correlation) > 1:
            first, second = config.correlation
            self.convc2 = nn.Conv2d(first, second, 3, padding=1)
        self.convf1 = nn.Conv2d(2, config.flow[0], 7, padding=3)
        self.convf2 = nn.Conv2d(*config.flow, 3, padding=1)
        together = config.correlation[-1] + config.flow[-1]
        self.conv = nn.Conv2d(together, config.motion - 2, 3, padding=1)

    def forward(
        self, flow: Float[Tensor, "b 2 h w"], looked_up: Float[Tensor, "b k h w"]
    ) -> Float[Tensor, "b m h w"]:
        """Flow in cells."""
        seen = F.relu(self.convc1(looked_up))
        if self.convc2 is not None:
            seen = F.relu(self.convc2(seen))
        moved = F.relu(self.convf2(F.relu(self.convf1(flow))))
        out = F.relu(self.conv(torch.cat([seen, moved], dim=1)))
        return torch.cat([out, flow], dim=1)


@final
class ConvGru(nn.Module):
    """Gated recurrent units of convolutions, one after the other.

    ``separable`` has two, of 1 x 5 and 5 x 1; else it is one of 3 x 3 (equations 3 to 6).
    """

    def __init__(self, hidden: int, fan_in: int, *, separable: bool) -> None:
        """Channels of the state and of the input."""
        super().__init__()
        shapes = {"1": ((1, 5), (0, 2)), "2": ((5, 1), (2, 0))} if separable else {"": (3, 1)}
        self.passes = tuple(shapes)
        for name, (kernel, padding) in shapes.items():
            for gate in "zrq":
                layer = nn.Conv2d(hidden + fan_in, hidden, kernel, padding=padding)
                self.add_module(f"conv{gate}{name}", layer)

    def forward(
        self, hidden: Float[Tensor, "b s h w"], x: Float[Tensor, "b i h w"]
    ) -> Float[Tensor, "b s h w"]:
        """The next state."""
        for name in self.passes:
            both = torch.cat([hidden, x], dim=1)
            update = torch.sigmoid(self._gate("z", name)(both))
            reset = torch.sigmoid(self._gate("r", name)(both))
            proposed = torch.tanh(self._gate("q", name)(torch.cat([reset * hidden, x], dim=1)))
            hidden = torch.lerp(hidden, proposed, update)
        return hidden

    def _gate(self, gate: Literal["z", "r", "q"], name: str) -> nn.Module:
        return self.get_submodule(f"conv{gate}{name}")


@final
class FlowHead(nn.Module):
    """The state to a change of the flow."""

    def __init__(self, hidden: int, width: int) -> None:
        """Channels of the state and between the two layers."""
        super().__init__()
        self.conv1 = nn.Conv2d(hidden, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b s h w"]) -> Float[Tensor, "b 2 h w"]:
        """In cells."""
        change: Tensor = self.conv2(F.relu(self.conv1(hidden)))
        return change


@final
class UpdateBlock(nn.Module):
    """One step of the recurrent unit."""

    def __init__(self, config: RaftConfig) -> None:
        """The large network also says how its flow is made larger."""
        super().__init__()
        large = config.variant == "large"
        self.encoder = MotionEncoder(config)
        self.gru = ConvGru(config.hidden, config.context + config.motion, separable=large)
        self.flow_head = FlowHead(config.hidden, config.head)
        self.mask: nn.Sequential | None = None
        if large:
            self.mask = nn.Sequential(
                nn.Conv2d(config.hidden, _MASK_WIDTH, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(_MASK_WIDTH, _NEIGHBOURS * STRIDE_PX**2, 1),
            )

    def forward(
        self,
        hidden: Float[Tensor, "b s h w"],
        context: Float[Tensor, "b c h w"],
        looked_up: Float[Tensor, "b k h w"],
        flow: Float[Tensor, "b 2 h w"],
    ) -> tuple[Float[Tensor, "b s h w"], Float[Tensor, "b 2 h w"]]:
        """The next state, and the change of the flow in cells."""
        seen = self.encoder(flow, looked_up)
        hidden = self.gru(hidden, torch.cat([context, seen], dim=1))
        return hidden, self.flow_head(hidden)

    def enlarged(
        self, flow: Float[Tensor, "b 2 h w"], hidden: Float[Tensor, "b s h w"]
    ) -> Float[Tensor, "b 2 ph pw"]:
        """Flow in cells as flow in pixels, 8 times as large."""
        if self.mask is None:
            size = [STRIDE_PX * side for side in flow.shape[-2:]]
            larger = F.interpolate(flow, size, mode="bilinear", align_corners=True)
            return STRIDE_PX * larger
        return convexly_enlarged(flow, _MASK_SCALE * self.mask(hidden))


def convexly_enlarged(
    flow: Float[Tensor, "b 2 h w"], logits: Float[Tensor, "b 576 h w"]
) -> Float[Tensor, "b 2 ph pw"]:
    """Each pixel's flow is a weighted mean of the 3 x 3 cells around its own (section 3.3).

    Outside the map the flow counts as zero, as in the published networks. Flow in cells becomes
    flow in pixels.
    """
    count, _, height, width = flow.shape
    fine = STRIDE_PX
    weights = logits.reshape(count, _NEIGHBOURS, fine, fine, height, width).softmax(dim=1)
    around = F.unfold(fine * flow, 3, padding=1)
    around = around.reshape(count, 2, _NEIGHBOURS, height, width)
    larger = torch.einsum("bnijyx,bcnyx->bcyixj", weights, around)
    return larger.reshape(count, 2, fine * height, fine * width)
