"""A cheap preview of the picture, linear in the features of a block.

A place between four neighbouring cells of the feature map is drawn from those four, so that the
borders of the cells do not show: drawn from one cell each, previews are chequered.
"""

import math
from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

LARGEST_PX = 512
"""Longer side of a preview, at most (blocks that are larger by themselves keep their size)."""
CORNERS = 4
LOYALTY = 0.3
"""Default of :meth:`PreviewHead.adapted`: of 0.03 to 3, calm texture at a loss of 0.1 dB."""
BELIEVED = 1.4
"""A picture whose reduced numbers are so many times as large (squared, in the mean) as those of the
picture that a head is bent to is not drawn by it: its colours would burn. On six faces under fast
hands previews up to that had colours 12 of 255 beyond those of their pictures, later ones 45."""
_RIDGE = 1e-5
_DENSE_PX = 256
"""Maps with a longer side than this are fitted on a part of their places."""


@final
@dataclass(frozen=True, kw_only=True)
class PreviewHead:
    """A linear map from the features of one block to a small picture."""

    until_px: int
    """The block whose features it takes."""
    size_hw: tuple[int, int]
    """Height and width of its previews, in pixels: a whole multiple of the block's."""
    reduce: Float[Tensor, "r c"]
    """Features to ``r`` numbers a cell, about uncorrelated and of unit variance."""
    offset: Float[Tensor, " r"]
    weight: Float[Tensor, "o r 2 2"]
    """Numbers of four neighbouring cells to the ``o = 3 k k`` values of the square between them."""
    bias: Float[Tensor, " o"]
    second_moments: Float[Tensor, "n n"]
    """Mean product of the four cells' ``n - 1`` numbers and a one: what :meth:`adapted` weighs."""
    reach: float = math.inf
    """Mean square of the reduced numbers of the picture that it is bent to."""

    def __post_init__(self) -> None:
        """``ValueError`` if the tensors do not fit each other."""
        kept, corners = len(self.offset), self.weight.shape[1:]
        count = CORNERS * kept + 1
        if (
            self.reduce.ndim != 2
            or len(self.reduce) != kept
            or tuple(corners) != (kept, 2, 2)
            or self.bias.shape != self.weight.shape[:1]
            or len(self.bias) != 3 * self.factor**2
            or self.second_moments.shape != (count, count)
            or max(self.size_hw) != self.until_px * self.factor
        ):
            raise ValueError("the parts of this preview head do not fit each other")

    @property
    def factor(self) -> int:
        """Pixels of the preview to a cell of the feature map, along a side."""
        return math.isqrt(len(self.bias) // 3)

    def to(self, device: torch.device) -> "PreviewHead":
        """The same on another device."""
        return replace(
            self,
            reduce=self.reduce.to(device),
            offset=self.offset.to(device),
            weight=self.weight.to(device),
            bias=self.bias.to(device),
            second_moments=self.second_moments.to(device),
        )

    def render(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 3 H W"]:
        """The preview of a block's features, about [-1, 1], without autograd."""
        with torch.no_grad():
            return self.draw(features)

    def draw(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 3 H W"]:
        """The same with autograd, for fitting latents to a picture."""
        values = F.conv2d(_padded(self.reduced(features)), self.weight, self.bias)
        return from_squares(values, self.factor)

    def adapted(
        self,
        features: Float[Tensor, "b c h w"],
        picture: Float[Tensor, "b 3 ph pw"],
        *,
        loyalty: float = LOYALTY,
    ) -> "PreviewHead":
        """This head bent toward a finished picture, for previews of its neighbours.

        Least squares on the picture's own places, with the change to this head weighed by
        ``loyalty`` times what it would do to an average picture. Colours and light become those of
        the picture; a small loyalty learns its grain by heart.
        """
        with torch.no_grad():
            stride = places_stride(self.until_px)
            inputs = corner_rows(self.reduced(features), stride=stride)
            wanted = square_rows(picture, self.size_hw, self.factor, stride=stride)
            missing = wanted - inputs @ self.rows()
            among, across = (inputs.T @ rows / len(inputs) for rows in (inputs, missing))
            # the small part in float64 on the CPU: some accelerators have none
            prior = self.second_moments.cpu().double()
            normal = among.cpu().double() + loyalty * prior + _RIDGE * prior.diagonal().diag()
            change = torch.linalg.solve(normal, across.cpu().double())
            reach = float(self.reduced(features).square().mean())
            return replace(self.with_rows(self.rows() + change.to(self.weight)), reach=reach)

    def reduced(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b r h w"]:
        """The few numbers of every cell that previews are made of."""
        return F.conv2d(features.to(self.reduce), self.reduce[:, :, None, None], self.offset)

    @torch.no_grad()
    def believes(self, features: Float[Tensor, "b c h w"]) -> bool:
        """Are these features near enough to the picture that this head is bent to (``adapted``)?

        A head that is bent to none believes all.
        """
        return float(self.reduced(features).square().mean()) <= BELIEVED * self.reach

    def rows(self) -> Float[Tensor, "n o"]:
        """Weight and bias as one matrix, a row for each number of the four cells, then the bias."""
        weight = self.weight.permute(2, 3, 1, 0).flatten(0, 2)
        return torch.cat([weight, self.bias[None]])

    def with_rows(self, rows: Float[Tensor, "n o"]) -> "PreviewHead":
        """Inverse of :meth:`rows`."""
        weight = rows[:-1].unflatten(0, (2, 2, -1)).permute(3, 2, 0, 1)
        weight = weight.contiguous(memory_format=torch.channels_last)
        return replace(self, weight=weight, bias=rows[-1].clone())


def corner_rows(reduced: Float[Tensor, "b r h w"], *, stride: int) -> Float[Tensor, "p n"]:
    """For each place between cells the numbers of its four cells, then a one."""
    padded = _padded(reduced)
    height, width = padded.shape[2] - 1, padded.shape[3] - 1
    corners = [
        padded[:, :, top : top + height : stride, left : left + width : stride]
        for top in (0, 1)
        for left in (0, 1)
    ]
    rows = torch.cat(corners, dim=1).permute(0, 2, 3, 1).flatten(0, 2)
    return torch.cat([rows, rows.new_ones(len(rows), 1)], dim=1)


def square_rows(
    picture: Float[Tensor, "b 3 ph pw"], size_hw: tuple[int, int], factor: int, *, stride: int
) -> Float[Tensor, "p o"]:
    """The pixels around each place between cells, of the picture averaged to the preview's size."""
    before = factor // 2
    small = F.interpolate(picture.float(), size=size_hw, mode="area")
    padded = F.pad(small, (before, factor - before) * 2, mode="replicate")
    squares = F.pixel_unshuffle(padded, factor)[:, :, ::stride, ::stride]
    return squares.permute(0, 2, 3, 1).flatten(0, 2)


def from_squares(values: Float[Tensor, "b o h w"], factor: int) -> Float[Tensor, "b 3 H W"]:
    """The picture of the squares between cells: they reach over its edges by half a square."""
    before = factor // 2
    whole = F.pixel_shuffle(values, factor)
    height, width = whole.shape[2] - factor, whole.shape[3] - factor
    return whole[:, :, before : before + height, before : before + width].contiguous()


def places_stride(until_px: int) -> int:
    """Every how many places are enough to fit on, along a side of a block's map."""
    return max(1, until_px // _DENSE_PX)


def _padded(cells: Float[Tensor, "b r h w"]) -> Float[Tensor, "b r ph pw"]:
    return F.pad(cells, (1, 1, 1, 1), mode="replicate")
