"""Point tracking by nearest feature (Pan et al. 2023, section 3.3)."""

from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.geometry import inside, scale_from_512, square_offsets_xy
from tugan.dragging.features import read_features
from tugan.dragging.trackers.protocol import Tracking

_READINGS_AT_ONCE = 16_384


@final
@dataclass(frozen=True, kw_only=True)
class NearestFeature:
    """The pixel of a square around each point whose feature is nearest the initial one.

    Results are whole pixels. The square is clipped at the picture's border.
    """

    radius_px_at_512: float = 12.0
    """Half the square's side, r2."""
    norm: Literal["l1", "l2"] = "l1"
    """Norm over channels."""

    @torch.no_grad()
    def reference(
        self,
        features: Float[Tensor, "1 c h w"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Float[Tensor, "n c"]:
        """The features at the points' pixels."""
        return read_features(features, points_xy.round(), image_hw=image_hw)

    @torch.no_grad()
    def track(
        self,
        features: Float[Tensor, "1 c h w"],
        reference: Float[Tensor, "n c"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Tracking:
        """Search every pixel of each square; points are taken a few at a time to bound memory."""
        half_width = max(round(scale_from_512(self.radius_px_at_512, image_hw)), 1)
        offsets = square_offsets_xy(half_width).to(points_xy)
        at_once = max(_READINGS_AT_ONCE // len(offsets), 1)
        found = [
            self._nearest(features, wanted, points.round()[:, None] + offsets, image_hw)
            for points, wanted in zip(
                points_xy.split(at_once), reference.split(at_once), strict=True
            )
        ]
        return Tracking(
            points_xy=torch.cat([points for points, _ in found]),
            mismatch=torch.cat([mismatch for _, mismatch in found]),
        )

    def _nearest(
        self,
        features: Float[Tensor, "1 c h w"],
        wanted: Float[Tensor, "m c"],
        places_xy: Float[Tensor, "m q 2"],
        image_hw: tuple[int, int],
    ) -> tuple[Float[Tensor, "m 2"], Float[Tensor, " m"]]:
        count, squares, _ = places_xy.shape
        if squares > _READINGS_AT_ONCE:
            parts = [
                self._nearest(features, wanted, some, image_hw)
                for some in places_xy.split(_READINGS_AT_ONCE, dim=1)
            ]
            mismatch, part = torch.stack([mismatch for _, mismatch in parts]).min(dim=0)
            chosen = torch.stack([points for points, _ in parts])
            return chosen[part, torch.arange(count, device=places_xy.device)], mismatch
        values = read_features(features, places_xy.reshape(-1, 2), image_hw=image_hw)
        distance = torch.cdist(
            values.reshape(count, squares, -1),
            wanted[:, None],
            p=1.0 if self.norm == "l1" else 2.0,
            # by matrix products nearly equal features would lose their last digits
            compute_mode="donot_use_mm_for_euclid_dist",
        )[:, :, 0]
        outside = ~inside(places_xy, image_hw=image_hw)
        mismatch, index = distance.masked_fill(outside, torch.inf).min(dim=1)
        chosen = places_xy[torch.arange(count, device=places_xy.device), index]
        return chosen, mismatch
