"""RAFT's encoders: a picture to a map of features, a cell for 8 px.

The residual block is also that of PIPs. Names of parts are those of the published weights.
"""

from typing import Literal, final

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

Norm = Literal["instance", "batch", "none"]


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """Instance norms have no parameters here; batch norms are used with their running figures."""
    if norm == "instance":
        return nn.InstanceNorm2d(channels)
    return nn.BatchNorm2d(channels) if norm == "batch" else nn.Identity()


@final
class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside the input, or beside its projection where the map is halved."""

    def __init__(self, fan_in: int, fan_out: int, *, norm: Norm, stride: int) -> None:
        """``stride`` 1 or 2; with 1 ``fan_in`` and ``fan_out`` are equal."""
        super().__init__()
        self.conv1 = nn.Conv2d(fan_in, fan_out, 3, stride=stride, padding=1)
        self.conv2 = nn.Conv2d(fan_out, fan_out, 3, padding=1)
        self.norm1, self.norm2 = norm_layer(norm, fan_out), norm_layer(norm, fan_out)
        self.downsample: nn.Sequential | None = None
        if stride != 1:
            self.norm3 = norm_layer(norm, fan_out)
            self.downsample = nn.Sequential(nn.Conv2d(fan_in, fan_out, 1, stride=stride))

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o oh ow"]:
        """Both convolutions are followed by a ReLU, and so is the sum."""
        out = F.relu(self.norm1(self.conv1(x)))
        out = F.relu(self.norm2(self.conv2(out)))
        beside = x if self.downsample is None else self.norm3(self.downsample(x))
        return F.relu(beside + out)


@final
class BottleneckBlock(nn.Module):
    """The same with a 3 x 3 convolution of a quarter of the channels between two of 1 x 1."""

    def __init__(self, fan_in: int, fan_out: int, *, norm: Norm, stride: int) -> None:
        """``stride`` 1 or 2; with 1 ``fan_in`` and ``fan_out`` are equal."""
        super().__init__()
        narrow = fan_out // 4
        self.conv1 = nn.Conv2d(fan_in, narrow, 1)
        self.conv2 = nn.Conv2d(narrow, narrow, 3, stride=stride, padding=1)
        self.conv3 = nn.Conv2d(narrow, fan_out, 1)
        self.norm1, self.norm2 = norm_layer(norm, narrow), norm_layer(norm, narrow)
        self.norm3 = norm_layer(norm, fan_out)
        self.downsample: nn.Sequential | None = None
        if stride != 1:
            self.norm4 = norm_layer(norm, fan_out)
            self.downsample = nn.Sequential(nn.Conv2d(fan_in, fan_out, 1, stride=stride))

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o oh ow"]:
        """Every convolution is followed by a ReLU, and so is the sum."""
        out = F.relu(self.norm1(self.conv1(x)))
        out = F.relu(self.norm2(self.conv2(out)))
        out = F.relu(self.norm3(self.conv3(out)))
        beside = x if self.downsample is None else self.norm4(self.downsample(x))
        return F.relu(beside + out)


def stage(
    block: type[ResidualBlock] | type[BottleneckBlock],
    fan_in: int,
    fan_out: int,
    *,
    norm: Norm,
    stride: int,
) -> nn.Sequential:
    """Two blocks, the first with the stride."""
    return nn.Sequential(
        block(fan_in, fan_out, norm=norm, stride=stride),
        block(fan_out, fan_out, norm=norm, stride=1),
    )


@final
class RaftEncoder(nn.Module):
    """A stem that halves the picture, and three stages, of which the last two halve."""

    def __init__(
        self, stages: tuple[int, int, int], fan_out: int, *, norm: Norm, bottleneck: bool
    ) -> None:
        """Widths of the stages, and of the result."""
        super().__init__()
        block = BottleneckBlock if bottleneck else ResidualBlock
        first, second, third = stages
        self.conv1 = nn.Conv2d(3, first, 7, stride=2, padding=3)
        self.norm1 = norm_layer(norm, first)
        self.layer1 = stage(block, first, first, norm=norm, stride=1)
        self.layer2 = stage(block, first, second, norm=norm, stride=2)
        self.layer3 = stage(block, second, third, norm=norm, stride=2)
        self.conv2 = nn.Conv2d(third, fan_out, 1)

    def forward(self, pictures: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c mh mw"]:
        """Of pictures in [-1, 1] whose sides are multiples of 8."""
        out = F.relu(self.norm1(self.conv1(pictures)))
        out = self.layer3(self.layer2(self.layer1(out)))
        features: Tensor = self.conv2(out)
        return features
