"""Point tracking by RAFT's optical flow on the pictures, as Pan et al. 2023 compare with it."""

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import inside, pixels_to_grid, scale_from_512
from tugan.dragging.trackers.packed_picture import FrameSize, packed, to_frame_xy, unpacked
from tugan.dragging.trackers.protocol import Tracking
from tugan.perceptual.raft_config import STRIDE_PX
from tugan.perceptual.raft_network import SMALLEST_PX, Raft
from tugan.perceptual.weight_store import load_raft


@final
@dataclass(frozen=True, kw_only=True)
class RaftTracker:
    """Follows points by the optical flow from the first picture to the one now.

    For :class:`~tugan.dragging.trackers.on_pictures.OnPictures`: its map is the picture. The paper
    does not say whether its RAFT was chained from step to step; here it is not: the flow is always
    that from the first picture, so that errors do not add up and the tracker needs no memory.

    A point is confirmed by the way back, as with ``dis``: confidence is ``1 / (1 + (r / r0)^2)``
    for a round trip that misses by ``r``, and 0 for a point that left the picture.
    """

    network: Raft = field(default_factory=load_raft, repr=False)
    """The stored weights' if none is given, or
    :class:`~tugan.perceptual.weight_store.WeightsNotInstalledError`."""
    updates: int = 20
    """Of the recurrent unit."""
    largest_px: int = 512
    """Larger pictures are reduced to this: the correlations grow with the fourth power of it."""
    round_trip_px_at_512: float = 4.0
    """``r0``: the round trip's error at which confidence is one half."""

    @torch.no_grad()
    def reference(
        self,
        features: Float[Tensor, "1 3 h w"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Float[Tensor, "n k"]:
        """The points and the first picture; ``features`` is the picture, about [-1, 1]."""
        return packed(self._size().frame(features), points_xy)

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
        now = self._size().frame(features)
        frame_hw = (now.shape[2], now.shape[3])
        first, starts = unpacked(reference, frame_hw)
        if not bool(torch.isfinite(features).all()):
            return Tracking(points_xy=starts, mismatch=torch.full_like(starts[:, 0], torch.nan))
        network = self.network.to(now.device)
        there_flow, back_flow = network.both_ways(first, now, updates=self.updates)
        begun = to_frame_xy(starts, image_hw=image_hw, frame_hw=frame_hw)
        there = begun + _read(there_flow, begun)
        back = there + _read(back_flow, there)
        found = to_frame_xy(there, image_hw=frame_hw, frame_hw=image_hw)
        returned = to_frame_xy(back, image_hw=frame_hw, frame_hw=image_hw)
        missed = torch.linalg.vector_norm(returned - starts, dim=1)
        share = missed / scale_from_512(self.round_trip_px_at_512, image_hw)
        confidence = inside(found, image_hw=image_hw) / (1 + share.square())
        return Tracking(points_xy=found, mismatch=missed, confidence=confidence)

    def _size(self) -> FrameSize:
        return FrameSize(largest_px=self.largest_px, smallest_px=SMALLEST_PX, multiple_px=STRIDE_PX)


def _read(flow: Float[Tensor, "1 2 h w"], points_xy: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
    """Between the flow's pixels; outside the picture that at its edge."""
    grid = pixels_to_grid(points_xy, image_hw=(flow.shape[2], flow.shape[3]))
    read = F.grid_sample(
        flow, grid[None, None], mode="bilinear", padding_mode="border", align_corners=False
    )
    return read[0, :, 0].T
