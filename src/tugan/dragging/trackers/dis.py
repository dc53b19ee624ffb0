"""Point tracking by dense optical flow on the pictures: OpenCV's DIS (Kroeger et al. 2016)."""

import importlib
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import MissingExtraError
from tugan.core.geometry import inside, pixels_to_grid, scale_from_512
from tugan.dragging.trackers.packed_picture import FrameSize, packed, to_frame_xy, unpacked
from tugan.dragging.trackers.protocol import Tracking

FRAME = FrameSize(largest_px=512, smallest_px=64, multiple_px=1)
"""Larger pictures are reduced to it: they only cost more."""


@final
@dataclass(frozen=True, kw_only=True)
class Dis:
    """Follows points by the optical flow from the first picture to the one now.

    For :class:`~tugan.dragging.trackers.on_pictures.OnPictures`: its map is the picture. The flow
    is always that from the first picture: from step to step the errors of each step would add up,
    and a tracker would need a memory that a resumed drag does not have. The price is that it does
    not follow far: DIS finds motions of some tens of pixels at 512.

    A point is confirmed by the way back: the flow from the picture now to the first one, at the
    place found, must lead to where the point was. Confidence is ``1 / (1 + (r / r0)^2)`` for a
    round trip that misses by ``r``, and 0 for a point that left the picture.
    """

    round_trip_px_at_512: float = 4.0
    """``r0``: the round trip's error at which confidence is one half."""

    def __post_init__(self) -> None:
        """:class:`MissingExtraError` without OpenCV, before a drag has begun."""
        _opencv()

    @torch.no_grad()
    def reference(
        self,
        features: Float[Tensor, "1 3 h w"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Float[Tensor, "n k"]:
        """The points and the first picture; ``features`` is the picture, about [-1, 1]."""
        return packed(FRAME.frame(features), points_xy)

    @torch.no_grad()
    def track(
        self,
        features: Float[Tensor, "1 3 h w"],
        reference: Float[Tensor, "n k"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Tracking:
        """Where the first picture's points are in this one; ``points_xy`` is not used.

        The mismatch is the round trip's error, pixels of the picture; NaN if the picture is not
        finite.
        """
        now = FRAME.frame(features)
        frame_hw = (now.shape[2], now.shape[3])
        first, starts = unpacked(reference, frame_hw)
        if not bool(torch.isfinite(features).all()):
            return Tracking(points_xy=starts, mismatch=torch.full_like(starts[:, 0], torch.nan))
        begun = to_frame_xy(starts, image_hw=image_hw, frame_hw=frame_hw)
        there = begun + _read(_flow(first, now), begun)
        back = there + _read(_flow(now, first), there)
        found = to_frame_xy(there, image_hw=frame_hw, frame_hw=image_hw)
        returned = to_frame_xy(back, image_hw=frame_hw, frame_hw=image_hw)
        missed = torch.linalg.vector_norm(returned - starts, dim=1)
        share = missed / scale_from_512(self.round_trip_px_at_512, image_hw)
        confidence = inside(found, image_hw=image_hw) / (1 + share.square())
        return Tracking(points_xy=found, mismatch=missed, confidence=confidence)


def _flow(
    one: Float[Tensor, "1 3 s t"], other: Float[Tensor, "1 3 s t"]
) -> Float[Tensor, "1 2 s t"]:
    """From a picture to another, in their pixels."""
    cv2 = _opencv()
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = torch.from_numpy(dis.calc(_grey(one), _grey(other), None))
    return found.permute(2, 0, 1)[None].to(one)


def _grey(picture: Float[Tensor, "1 3 s t"]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Luma (ITU-R BT.601) in 8 bits, which is what OpenCV's DIS takes."""
    weights = picture.new_tensor([0.299, 0.587, 0.114])
    luma = (picture[0] * weights[:, None, None]).sum(dim=0)
    levels = ((luma + 1) * 127.5).clamp(0, 255).round()
    return levels.cpu().numpy().astype(np.uint8)


def _read(flow: Float[Tensor, "1 2 s t"], points_xy: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
    """Between the pixels."""
    grid = pixels_to_grid(points_xy, image_hw=(flow.shape[2], flow.shape[3]))
    values = F.grid_sample(
        flow, grid[None, None], mode="bilinear", padding_mode="border", align_corners=False
    )
    return values[0, :, 0].T


def _opencv() -> Any:  # noqa: ANN401 (a module that is optional)
    try:
        return importlib.import_module("cv2")
    except ImportError as error:
        raise MissingExtraError(
            'the tracker dis needs the extra "flow": pip install "tugan[flow]"'
        ) from error
