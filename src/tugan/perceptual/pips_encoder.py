"""The encoder of PIPs (Harley et al., ECCV 2022): four stages at one size, put together.

Names of parts are those of the published weights.
"""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.perceptual.raft_encoder import ResidualBlock, norm_layer, stage

FEATURES = 128
"""Channels of the map."""
_STAGES = (64, 96, 128, 128)


@final
class PipsEncoder(nn.Module):
    """Pictures to features, a cell for ``stride_px`` pixels; every picture by itself."""

    def __init__(self, *, stride_px: int) -> None:
        """``stride_px`` is no part of the weights: the stages are resized to what it asks for."""
        super().__init__()
        self.stride_px = stride_px
        first, second, third, fourth = _STAGES
        self.conv1 = nn.Conv2d(3, first, 7, stride=2, padding=3)
        self.norm1 = norm_layer("instance", first)
        self.layer1 = stage(ResidualBlock, first, first, norm="instance", stride=1)
        self.layer2 = stage(ResidualBlock, first, second, norm="instance", stride=2)
        self.layer3 = stage(ResidualBlock, second, third, norm="instance", stride=2)
        self.layer4 = stage(ResidualBlock, third, fourth, norm="instance", stride=2)
        self.conv2 = nn.Conv2d(sum(_STAGES), 2 * FEATURES, 3, padding=1)
        self.norm2 = norm_layer("instance", 2 * FEATURES)
        self.conv3 = nn.Conv2d(2 * FEATURES, FEATURES, 1)

    def forward(self, pictures: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 128 mh mw"]:
        """Of pictures in [-1, 1]."""
        size = [side // self.stride_px for side in pictures.shape[-2:]]
        out = F.relu(self.norm1(self.conv1(pictures)))
        maps = []
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            out = layer(out)
            maps.append(F.interpolate(out, size, mode="bilinear", align_corners=True))
        together = F.relu(self.norm2(self.conv2(torch.cat(maps, dim=1))))
        features: Tensor = self.conv3(together)
        return features
