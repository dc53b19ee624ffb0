"""The first picture as a tracker's reference: its pixels are dealt out to the points' rows."""

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


@final
@dataclass(frozen=True, kw_only=True)
class FrameSize:
    """How large the pictures are that a network sees."""

    largest_px: int
    """Longer side; smaller pictures are not enlarged to it."""
    smallest_px: int
    """Both sides; smaller pictures are enlarged."""
    multiple_px: int

    def of(self, image_hw: tuple[int, int]) -> tuple[int, int]:
        """Height and width of the frame of a picture."""
        scale = min(1.0, self.largest_px / max(image_hw))
        height, width = (
            max(round(side * scale / self.multiple_px) * self.multiple_px, self.smallest_px)
            for side in image_hw
        )
        return height, width

    def frame(self, picture: Float[Tensor, "1 3 h w"]) -> Float[Tensor, "1 3 fh fw"]:
        """The picture at that size, in [-1, 1]; NaN stays NaN."""
        size = self.of((picture.shape[2], picture.shape[3]))
        picture = picture.float().clamp(-1, 1)
        if size[0] < picture.shape[2] or size[1] < picture.shape[3]:
            return F.interpolate(picture, size, mode="area")
        return F.interpolate(picture, size, mode="bilinear", align_corners=False)


def to_frame_xy(
    points_xy: Float[Tensor, "*n 2"], *, image_hw: tuple[int, int], frame_hw: tuple[int, int]
) -> Float[Tensor, "*n 2"]:
    """Points of the picture as points of its frame; swap the sizes for the way back."""
    scale = points_xy.new_tensor([frame_hw[1] / image_hw[1], frame_hw[0] / image_hw[0]])
    return (points_xy + 0.5) * scale - 0.5


def packed(
    frame: Float[Tensor, "1 3 h w"], points_xy: Float[Tensor, "n 2"]
) -> Float[Tensor, "n k"]:
    """A row for each point: its place, then its share of the pixels."""
    pixels = frame.flatten().to(points_xy)
    count = len(points_xy)
    dealt = F.pad(pixels, (0, -len(pixels) % count)).reshape(count, -1)
    return torch.cat([points_xy, dealt], dim=1)


def unpacked(
    reference: Float[Tensor, "n k"], frame_hw: tuple[int, int]
) -> tuple[Float[Tensor, "1 3 h w"], Float[Tensor, "n 2"]]:
    """Inverse of :func:`packed`: the frame and the places."""
    height, width = frame_hw
    frame = reference[:, 2:].flatten()[: 3 * height * width].reshape(1, 3, height, width)
    return frame, reference[:, :2]
