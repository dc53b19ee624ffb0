"""PIPs: points through eight frames (Harley et al., "Particle Video Revisited", ECCV 2022).

Written from the paper; names of parts are those of the weights that its authors published.
"""

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.core.geometry import pixels_to_grid
from tugan.perceptual.correlation_windows import halved, read_windows, window_offsets_xy
from tugan.perceptual.pips_encoder import FEATURES, PipsEncoder
from tugan.perceptual.pips_mixer import FRAMES, MOTION, DeltaBlock, motion_code

_LEVELS = 4
_RADIUS = 3
_WINDOW = _LEVELS * (2 * _RADIUS + 1) ** 2
UPDATES = 6
"""As in the paper's experiments."""


@final
@dataclass(frozen=True, kw_only=True)
class PipsConfig:
    """What differs between the published networks."""

    stride_px: int
    """Pixels a cell of the feature maps; no tensor depends on it."""
    sees_border: bool
    """The first release also tells the mixer which correlations lie outside the picture."""

    @property
    def mixed(self) -> int:
        """Channels that the mixer takes."""
        return FEATURES + (2 if self.sees_border else 1) * _WINDOW + MOTION


@final
@dataclass(frozen=True, kw_only=True)
class PipsTracks:
    """Where points are in each frame of a window."""

    points_xy: Float[Tensor, "s n 2"]
    """Pixels of the frames; the first are those that were asked for."""
    visible: Float[Tensor, "s n"]
    """0 to 1: is the point seen there?"""


@final
class Pips(nn.Module):
    """Tracks that are guessed to stand still, and improved together over all frames of a window."""

    def __init__(self, config: PipsConfig) -> None:
        """Untrained; :func:`tugan.perceptual.pips_weights.pips_of` fills in weights."""
        super().__init__()
        self.config = config
        self.fnet = PipsEncoder(stride_px=config.stride_px)
        self.delta_block = DeltaBlock(fan_in=config.mixed, fan_out=2 + FEATURES)
        self.norm = nn.GroupNorm(1, FEATURES)
        self.ffeat_updater = nn.Sequential(nn.Linear(FEATURES, FEATURES), nn.GELU())
        self.vis_predictor = nn.Sequential(nn.Linear(FEATURES, 1))
        self.eval()

    def encode(self, pictures: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 128 mh mw"]:
        """Maps of pictures in [-1, 1], each by itself: a frame need only be encoded once.

        ``ValueError`` unless the sides are multiples of the stride and the map's are at least 8.
        """
        stride, sides = self.config.stride_px, tuple(pictures.shape[-2:])
        if any(side % stride or side < stride * 2 ** (_LEVELS - 1) for side in sides):
            raise ValueError(
                f"PIPs takes pictures whose sides are multiples of {stride} and at least"
                f" {stride * 2 ** (_LEVELS - 1)} px, got {sides}: resize them"
            )
        maps: Tensor = self.fnet(pictures)
        return maps

    def appearance(
        self, maps: Float[Tensor, "1 128 h w"], points_xy: Float[Tensor, "n 2"]
    ) -> Float[Tensor, "n 128"]:
        """What points of one frame look like; pixels of the frame."""
        height, width = maps.shape[-2:]
        grid = pixels_to_grid(points_xy / self.config.stride_px, image_hw=(height, width))
        read = F.grid_sample(maps, grid[None, None], padding_mode="border", align_corners=False)
        return read[0, :, 0].T

    def forward(
        self,
        maps: Float[Tensor, "s 128 h w"],
        starts_xy: Float[Tensor, "n 2"],
        appearance: Float[Tensor, "n 128"],
        *,
        updates: int = UPDATES,
    ) -> PipsTracks:
        """Points through the eight frames of ``maps``, from their places in the first.

        ``appearance`` is that of the points in the first frame, or, where windows are chained, in
        the first of all. ``ValueError`` for another number of frames.
        """
        if len(maps) != FRAMES:
            raise ValueError(
                f"PIPs takes {FRAMES} frames at once, got {len(maps)}: repeat the last, or leave"
                " some out"
            )
        pyramid = halved(maps, levels=_LEVELS)
        places = (starts_xy / self.config.stride_px).expand(FRAMES, -1, -1)
        features = appearance.expand(FRAMES, -1, -1)
        for _ in range(updates):
            moved, changed = self._change(pyramid, places, features)
            features = features + changed
            # where a point starts is known
            places = torch.cat([places[:1], (places + moved)[1:]])
        visible = torch.sigmoid(self.vis_predictor(features)[..., 0])
        return PipsTracks(points_xy=places * self.config.stride_px, visible=visible)

    def _change(
        self,
        pyramid: tuple[Tensor, ...],
        places: Float[Tensor, "s n 2"],
        features: Float[Tensor, "s n c"],
    ) -> tuple[Float[Tensor, "s n 2"], Float[Tensor, "s n c"]]:
        """Of the tracks, in cells, and of what the points look like in each frame."""
        seen = [_seen(level, places / 2**index, features) for index, level in enumerate(pyramid)]
        if self.config.sees_border:
            inside = [torch.ones_like(level[:, :1]) for level in pyramid]
            border = [_seen(level, places / 2**index, None) for index, level in enumerate(inside)]
            seen = [part for pair in zip(seen, border, strict=True) for part in pair]
        frames = torch.linspace(0, FRAMES, FRAMES, device=places.device)
        times = frames[:, None, None].expand(-1, places.shape[1], 1)
        motion = torch.cat([places - places[:1], times], dim=2).transpose(0, 1)
        told = torch.cat([features, *seen], dim=2).transpose(0, 1)
        change = self.delta_block(torch.cat([told, motion_code(motion)], dim=2)).transpose(0, 1)
        moved, changed = change.split([2, FEATURES], dim=2)
        # the norm is over each point's channels in each frame
        normed = self.norm(changed.flatten(0, 1)).unflatten(0, changed.shape[:2])
        updated: Tensor = self.ffeat_updater(normed)
        return moved, updated


def _seen(
    maps: Float[Tensor, "s c h w"],
    centres: Float[Tensor, "s n 2"],
    features: Float[Tensor, "s n d"] | None,
) -> Float[Tensor, "s n k"]:
    """Products of the points' features with a square of the map around each, in each frame.

    Reading is linear, so that reading the maps and then multiplying is reading their products; no
    product is taken where nobody looks. Without features the maps themselves are read.
    """
    offsets = window_offsets_xy(_RADIUS).to(centres)
    windows = read_windows(maps, centres[:, :, None] + offsets)
    if features is None:
        return windows[:, 0]
    products: Tensor = torch.einsum("scnk,snc->snk", windows, features) / FEATURES**0.5
    return products
