"""Tracking of small patches of features, around where the points are predicted to be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.geometry import scale_from_512
from tugan.dragging.trackers.match_cost import MatchField, square_xy
from tugan.dragging.trackers.protocol import Tracking

_POINTS_AT_ONCE = 64

_Cost = Callable[[Tensor, float], Tensor]
"""Of places ``(m, s, 2)`` in a square that reaches so far, in pixels: ``(m, s)``."""


@final
@dataclass(frozen=True, kw_only=True)
class Patch:
    """The place whose patch of features looks most like the point's initial one.

    Features are compared by direction (they are scaled to length 1), always with the initial
    picture: matching with the previous step's drifts. The search starts where a point is expected,
    on a coarse grid and then a fine one, and ends between the fine grid's places by a parabola. A
    small charge for leaving the expected place decides where the picture cannot: along an edge.
    """

    spacing_cells: float = 0.5
    """Between the nine samples of a patch, in cells of the feature map."""
    search_px_at_512: float = 12.0
    """Half the side of the square that is searched."""
    coarse_px_at_512: float = 2.0
    """Step of the first search."""
    fine_px_at_512: float = 0.5
    """Step of the second."""
    charge: float = 1e-3
    """Added to the mismatch for each squared pixel (at 512) from the expected place."""
    fixed_shapes: bool = False
    """Never look at a number on the way, as is always done on a GPU; the same places, but on a CPU
    it takes a little longer."""

    @torch.no_grad()
    def reference(
        self,
        features: Float[Tensor, "1 c h w"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Float[Tensor, "n k"]:
        """The patches, and last in each row the mismatch that a place chosen blindly would have."""
        field = MatchField.of(features, image_hw=image_hw)
        patches = field.read(points_xy[:, None] + self._offsets(field))
        chance = field.chance_mismatch(patches)
        return torch.cat([patches.flatten(1), chance[:, None]], dim=1)

    @torch.no_grad()
    def track(
        self,
        features: Float[Tensor, "1 c h w"],
        reference: Float[Tensor, "n k"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Tracking:
        """Search around ``points_xy``; confidence is what the match is better than chance."""
        field = self._field(features, points_xy, image_hw=image_hw)
        parts = [
            self._search(field, wanted, expected)
            for wanted, expected in zip(
                reference.split(_POINTS_AT_ONCE), points_xy.split(_POINTS_AT_ONCE), strict=True
            )
        ]
        mismatch = torch.cat([part.mismatch for part in parts])
        chance = reference[:, -1].clamp(min=1e-6)
        return Tracking(
            points_xy=torch.cat([part.points_xy for part in parts]),
            mismatch=mismatch,
            confidence=(1 - mismatch / chance).clamp(0, 1),
        )

    def _field(
        self,
        features: Float[Tensor, "1 c h w"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> MatchField:
        """Of as much of the map as the searches see; of all of it where nobody may look at them."""
        if self._is_fixed(features):
            return MatchField.of(features, image_hw=image_hw)
        # the second search is about the first's best place, the parabola about the second's
        reach = self.search_px_at_512 + self.coarse_px_at_512 + 2 * self.fine_px_at_512
        return MatchField.around(
            features,
            points_xy,
            reach_px=scale_from_512(reach, image_hw),
            reach_cells=self.spacing_cells,
            image_hw=image_hw,
        )

    def _is_fixed(self, features: Float[Tensor, "..."]) -> bool:
        return self.fixed_shapes or features.device.type != "cpu"

    def _search(
        self,
        field: MatchField,
        reference: Float[Tensor, "m k"],
        expected_xy: Float[Tensor, "m 2"],
    ) -> Tracking:
        offsets = self._offsets(field)
        patches = reference[:, :-1].reshape(len(reference), len(offsets), -1)
        px = scale_from_512(1.0, field.image_hw)
        fixed = self._is_fixed(field.unit)

        def mismatches(places_xy: Float[Tensor, "m s 2"], reach: float) -> Float[Tensor, "m s"]:
            extent = field.extent_of(2 * reach, side_cells=2 * self.spacing_cells)
            return field.mismatch(
                patches, places_xy, offsets_xy=offsets, extent=extent if fixed else None
            )

        def cost(places_xy: Float[Tensor, "m s 2"], reach: float) -> Float[Tensor, "m s"]:
            away = (places_xy - expected_xy[:, None]) / px
            return mismatches(places_xy, reach) + self.charge * away.square().sum(dim=-1)

        coarse, fine = self.coarse_px_at_512 * px, self.fine_px_at_512 * px
        near = _best(field, cost, expected_xy, reach=self.search_px_at_512 * px, step=coarse)
        found = _best(field, cost, near, reach=coarse, step=fine)
        found = _between(field, cost, found, step=fine)
        return Tracking(points_xy=found, mismatch=mismatches(found[:, None], 0.0)[:, 0])

    def _offsets(self, field: MatchField) -> Float[Tensor, "9 2"]:
        spacing, device = self.spacing_cells, field.unit.device
        return square_xy(spacing, step=spacing, device=device) * field.cell_xy


def _best(
    field: MatchField,
    cost: _Cost,
    centres_xy: Float[Tensor, "m 2"],
    *,
    reach: float,
    step: float,
) -> Float[Tensor, "m 2"]:
    square = square_xy(reach, step=step, device=centres_xy.device)
    places = field.clamped(centres_xy[:, None] + square)
    index = cost(places, round(reach / step) * step).argmin(dim=1)
    chosen: Tensor = places[torch.arange(len(places), device=places.device), index]
    return chosen


def _between(
    field: MatchField, cost: _Cost, found_xy: Float[Tensor, "m 2"], *, step: float
) -> Float[Tensor, "m 2"]:
    """The lowest point of a parabola in x and one in y through the costs around the best place."""
    along_x, along_y = torch.eye(2, device=found_xy.device)
    around = torch.stack([0 * along_x, -along_x, along_x, -along_y, along_y]) * step
    here, left, right, up, down = cost(found_xy[:, None] + around, step).unbind(dim=1)
    before, after = torch.stack([left, up], dim=1), torch.stack([right, down], dim=1)
    bend = before + after - 2 * here[:, None]
    shift = torch.where(bend > 1e-9, 0.5 * (before - after) / bend.clamp(min=1e-9), 0.0)
    return field.clamped(found_xy + step * shift.clamp(-0.5, 0.5))
