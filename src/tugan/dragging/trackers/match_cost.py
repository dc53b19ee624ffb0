"""How badly patches match at many places, without reading features at any of them.

Bilinear reading is linear in the map, so the products of a patch with the map are taken at the
map's cells and read in between afterwards; the squared length of an interpolated feature is a
quadratic form of the products of neighbouring cells, which are taken once for the whole map. The
result is that of reading every feature at every place, at a small part of the cost.
"""

import math
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import pixels_to_grid, xy_like


def square_xy(
    reach: float, *, step: float, device: torch.device | None = None
) -> Float[Tensor, "s 2"]:
    """Offsets of a square grid around the origin, row by row; ``reach`` is half its side."""
    count = round(reach / step)
    side = torch.arange(-count, count + 1, dtype=torch.float32, device=device) * step
    ys, xs = torch.meshgrid(side, side, indexing="ij")
    return torch.stack([xs, ys], dim=-1).reshape(-1, 2)


@final
@dataclass(frozen=True, kw_only=True)
class MatchField:
    """A feature map whose vectors have length 1, and the products of its neighbouring cells."""

    unit: Float[Tensor, "h w c"] = field(repr=False)
    products: Float[Tensor, "5 cells"] = field(repr=False)
    """Of each cell with itself, its right, lower and lower right neighbour; and of its right with
    its lower neighbour."""
    image_hw: tuple[int, int]
    map_hw: tuple[int, int]
    """Height and width of the whole map, of which this may be a part."""
    origin_xy: tuple[int, int] = (0, 0)
    """The whole map's cell that is the first of this part."""

    @classmethod
    def of(cls, features: Float[Tensor, "1 c h w"], *, image_hw: tuple[int, int]) -> "MatchField":
        """One pass over the map."""
        map_hw = (features.shape[2], features.shape[3])
        return cls._of_part(features, image_hw=image_hw, map_hw=map_hw, origin_xy=(0, 0))

    @classmethod
    def around(
        cls,
        features: Float[Tensor, "1 c h w"],
        points_xy: Float[Tensor, "n 2"],
        *,
        reach_px: float,
        reach_cells: float,
        image_hw: tuple[int, int],
    ) -> "MatchField":
        """One pass over the rectangle in which all samples of the points' searches lie.

        They are no farther from their points, along an axis, than ``reach_px`` pixels and
        ``reach_cells`` cells together. Looks at the points.
        """
        rows, columns = features.shape[2:]
        per_cell = (image_hw[1] / columns, image_hw[0] / rows)
        first, last = points_xy.amin(dim=0).tolist(), points_xy.amax(dim=0).tolist()
        spans = []
        for low, high, cell_px, count in zip(first, last, per_cell, (columns, rows), strict=True):
            reach = reach_px / cell_px + reach_cells + 1
            start = min(max(math.floor((low + 0.5) / cell_px - 0.5 - reach), 0), count - 2)
            end = max(math.ceil((high + 0.5) / cell_px - 0.5 + reach) + 2, start + 2)
            spans.append(slice(max(start, 0), min(end, count)))
        across, down = spans
        return cls._of_part(
            features[:, :, down, across],
            image_hw=image_hw,
            map_hw=(rows, columns),
            origin_xy=(across.start, down.start),
        )

    @classmethod
    def _of_part(
        cls,
        features: Float[Tensor, "1 c h w"],
        *,
        image_hw: tuple[int, int],
        map_hw: tuple[int, int],
        origin_xy: tuple[int, int],
    ) -> "MatchField":
        unit = F.normalize(features[0].float().permute(1, 2, 0), dim=2, eps=1e-6)
        pairs = (
            (unit, unit),
            (unit[:, :-1], unit[:, 1:]),
            (unit[:-1], unit[1:]),
            (unit[:-1, :-1], unit[1:, 1:]),
            (unit[:-1, 1:], unit[1:, :-1]),
        )
        rows, columns = unit.shape[:2]
        products = unit.new_zeros(5, rows, columns)
        # the last row and column have no neighbours, and are read with weight 0 there
        for product, (one, other) in zip(products, pairs, strict=True):
            product[: one.shape[0], : one.shape[1]] = (one * other).sum(dim=2)
        return cls(
            unit=unit,
            products=products.flatten(1),
            image_hw=image_hw,
            map_hw=map_hw,
            origin_xy=origin_xy,
        )

    @property
    def cell_xy(self) -> Float[Tensor, "2"]:
        """Width and height of a cell, in pixels."""
        rows, columns = self.map_hw
        height, width = self.image_hw
        return xy_like(self.unit, width / columns, height / rows)

    def clamped(self, points_xy: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n 2"]:
        """The same inside the picture."""
        height, width = self.image_hw
        upper = xy_like(points_xy, width - 1, height - 1)
        return torch.minimum(points_xy.clamp(min=0), upper)

    def read(self, places_xy: Float[Tensor, "n s 2"]) -> Float[Tensor, "n s c"]:
        """Bilinear samples, of a whole map."""
        grid = pixels_to_grid(places_xy, image_hw=self.image_hw)[None].to(self.unit)
        values = F.grid_sample(
            self.unit.permute(2, 0, 1)[None],
            grid,
            mode="bilinear",
            padding_mode="border",
            align_corners=False,
        )
        return values[0].permute(1, 2, 0)

    def extent_of(self, side_px: float, *, side_cells: float) -> int:
        """Cells a side that bilinear reading sees of a square, wherever it lies.

        The square has a side of ``side_px`` pixels and ``side_cells`` cells together.
        """
        cell_px = min(there / here for there, here in zip(self.image_hw, self.map_hw, strict=True))
        # a place and its next cell; the rest is for what float32 rounds up
        return math.floor(side_px / cell_px + side_cells + 1e-3) + 3

    def chance_mismatch(self, patches: Float[Tensor, "n k c"]) -> Float[Tensor, " n"]:
        """The mean mismatch of the patches with every cell of this whole map."""
        length = patches.square().sum(dim=2).mean(dim=1)
        return 1 + length - 2 * (patches.mean(dim=1) @ self.unit.mean(dim=(0, 1)))

    def mismatch(
        self,
        patches: Float[Tensor, "n k c"],
        places_xy: Float[Tensor, "n s 2"],
        *,
        offsets_xy: Float[Tensor, "k 2"],
        extent: int | None = None,
    ) -> Float[Tensor, "n s"]:
        """Mean over a patch's samples of their squared distance, at each place of each point.

        ``extent`` says how many cells a side hold all samples of a point (:meth:`extent_of`), so
        that nothing waits for the places; None looks at them.
        """
        cells = self._cells(places_xy[:, :, None] + offsets_xy)
        corner = cells.floor()
        part = cells - corner
        corner = corner.long()
        right, lower = part[..., 0], part[..., 1]
        weights = (
            (1 - right) * (1 - lower), right * (1 - lower), (1 - right) * lower, right * lower
        )  # fmt: skip
        length = self._interpolated_length(corner, weights)
        if extent is None:
            extent = int((corner.amax(dim=(1, 2)) - corner.amin(dim=(1, 2))).max()) + 2
        product = self._interpolated_product(patches, corner, weights, extent=extent)
        distance: Tensor = length - 2 * product + patches.square().sum(dim=2)[:, None]
        return distance.mean(dim=2)

    def _cells(self, places_xy: Float[Tensor, "n s k 2"]) -> Float[Tensor, "n s k 2"]:
        """In cells of this part, not quite on the whole map's last row and column."""
        rows, columns = self.map_hw
        cells = (places_xy + 0.5) / self.cell_xy - 0.5
        upper = xy_like(cells, columns - 1, rows - 1) - 1e-4
        inside = torch.minimum(cells.clamp(min=0), upper.clamp(min=0))
        return inside - xy_like(cells, *self.origin_xy)

    def _interpolated_length(
        self, corner: Tensor, weights: tuple[Tensor, Tensor, Tensor, Tensor]
    ) -> Float[Tensor, "n s k"]:
        rows, columns = self.unit.shape[:2]
        x, y = corner[..., 0], corner[..., 1]
        next_x, next_y = (x + 1).clamp(max=columns - 1), (y + 1).clamp(max=rows - 1)
        here, right = y * columns + x, y * columns + next_x
        lower, diagonal = next_y * columns + x, next_y * columns + next_x
        itself, to_right, to_lower, to_diagonal, across = self.products
        a, r, d, q = weights
        squares = (
            a * a * itself[here] + r * r * itself[right] + d * d * itself[lower]
            + q * q * itself[diagonal]
        )  # fmt: skip
        mixed = (
            a * r * to_right[here] + a * d * to_lower[here] + a * q * to_diagonal[here]
            + r * d * across[here] + r * q * to_lower[right] + d * q * to_right[lower]
        )  # fmt: skip
        length: Tensor = squares + 2 * mixed
        return length

    def _interpolated_product(
        self,
        patches: Float[Tensor, "n k c"],
        corner: Tensor,
        weights: tuple[Tensor, Tensor, Tensor, Tensor],
        *,
        extent: int,
    ) -> Float[Tensor, "n s k"]:
        """Of each patch's samples with the map, in a window of cells around the places."""
        rows, columns = self.unit.shape[:2]
        first = corner.amin(dim=(1, 2))
        steps = torch.arange(extent, device=corner.device)
        xs = (first[:, None, 0] + steps).clamp(max=columns - 1)
        ys = (first[:, None, 1] + steps).clamp(max=rows - 1)
        window = self.unit[ys[:, :, None], xs[:, None, :]].flatten(1, 2)
        products = torch.bmm(window, patches.transpose(1, 2))
        within = corner - first[:, None, None]
        index = within[..., 1] * extent + within[..., 0]
        shifts = (0, 1, extent, extent + 1)
        total = torch.zeros_like(weights[0])
        for weight, shift in zip(weights, shifts, strict=True):
            total = total + weight * torch.gather(products, 1, index + shift)
        return total
