"""LPIPS: how different two pictures look (Zhang et al., CVPR 2018), by AlexNet's or VGG's features.

Names of parts are those of the published weights: torchvision's of the features, the authors' of
the layers on top of them.
"""

from dataclasses import dataclass
from typing import Literal, final

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

SMALLEST_PX = 32
"""Below this AlexNet's or VGG's last map would be empty."""
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
"""ImageNet's means and deviations, of pictures in [-1, 1]."""
_NO_LENGTH = 1e-10


@final
@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A network of convolutions, each with its ReLU, and poolings."""

    name: Literal["alex", "vgg"]
    convolutions: tuple[tuple[int, int, int, int, int], ...]
    """Place in torchvision's ``features``, channels, kernel, stride, padding."""
    poolings: frozenset[int]
    """Places of the poolings, over ``pooled`` pixels, every other one."""
    pooled: int
    compared: tuple[int, ...]
    """Places of the convolutions whose results (after the ReLU) are compared."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of what is compared."""
        return tuple(one[1] for one in self.convolutions if one[0] in self.compared)


ALEX = Backbone(
    name="alex",
    convolutions=(
        (0, 64, 11, 4, 2),
        (3, 192, 5, 1, 2),
        (6, 384, 3, 1, 1),
        (8, 256, 3, 1, 1),
        (10, 256, 3, 1, 1),
    ),
    poolings=frozenset({2, 5}),
    pooled=3,
    compared=(0, 3, 6, 8, 10),
)
VGG = Backbone(
    name="vgg",
    convolutions=tuple(
        (place, width, 3, 1, 1)
        for places, width in (
            ((0, 2), 64),
            ((5, 7), 128),
            ((10, 12, 14), 256),
            ((17, 19, 21), 512),
            ((24, 26, 28), 512),
        )
        for place in places
    ),
    poolings=frozenset({4, 9, 16, 23}),
    pooled=2,
    compared=(2, 7, 14, 21, 28),
)


@final
class _Compared(nn.Module):
    """What each channel's difference counts."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # the first is where training had a dropout
        self.model = nn.Sequential(nn.Identity(), nn.Conv2d(width, 1, 1, bias=False))

    def forward(self, squares: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
        weighted: Tensor = self.model(squares)
        return weighted.mean(dim=(1, 2, 3))


@final
class Lpips(nn.Module):
    """Squared differences of features of length 1, weighted by channel, averaged over places."""

    def __init__(self, backbone: Backbone) -> None:
        """Untrained; :func:`tugan.perceptual.lpips_weights.lpips_of` fills in weights."""
        super().__init__()
        self.backbone = backbone
        self.features = nn.ModuleDict()
        fan_in = 3
        for place, width, kernel, stride, padding in backbone.convolutions:
            layer = nn.Conv2d(fan_in, width, kernel, stride=stride, padding=padding)
            self.features[str(place)] = layer
            fan_in = width
        for index, width in enumerate(backbone.widths):
            self.add_module(f"lin{index}", _Compared(width))
        self.eval()

    def forward(
        self, one: Float[Tensor, "b 3 h w"], other: Float[Tensor, "b 3 h w"]
    ) -> Float[Tensor, " b"]:
        """0 for equal pictures, in [-1, 1]; differentiable.

        ``ValueError`` if a side is below :data:`SMALLEST_PX`.
        """
        if min(one.shape[-2:]) < SMALLEST_PX:
            raise ValueError(
                f"LPIPS takes pictures of at least {SMALLEST_PX} px a side, got"
                f" {tuple(one.shape[-2:])}: enlarge them"
            )
        distance = one.new_zeros(len(one))
        for index, (mine, theirs) in enumerate(
            zip(self._compared(one), self._compared(other), strict=True)
        ):
            squares = (_directions(mine) - _directions(theirs)).square()
            distance = distance + self.get_submodule(f"lin{index}")(squares)
        return distance

    def _compared(self, pictures: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
        shift, scale = (pictures.new_tensor(one)[:, None, None] for one in (_SHIFT, _SCALE))
        x, found = (pictures - shift) / scale, []
        places = {place for place, *_ in self.backbone.convolutions}
        for place in sorted(places | self.backbone.poolings):
            if place in self.backbone.poolings:
                x = F.max_pool2d(x, self.backbone.pooled, stride=2)
                continue
            x = F.relu(self.features[str(place)](x))
            if place in self.backbone.compared:
                found.append(x)
        return found


def _directions(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    length = features.square().sum(dim=1, keepdim=True).clamp(min=_NO_LENGTH**2).sqrt()
    return features / (length + _NO_LENGTH)
