"""3x3 convolutions with a quarter of the multiplications (Winograd; Lavin and Gray 2016).

Tiles of 4 x 4 results come from 6 x 6 inputs through 36 products where the plain sum takes 144. In
``y = A' [(G w G') * (B' x B)] A`` the matrices evaluate and interpolate polynomials (Toom and Cook)
at the points 0, 2/3, -2/3, 3/2, -3/2 and infinity. These lose less to rounding than the usual
0, 1, -1, 2, -2 (Barabasz et al. 2020): about 1.5e-6 of the result's spread, where the plain sum has
2e-7. And the reciprocal of each is one of them, so that the mirrored weights of the backward pass
are the same numbers in another order: one transformed tensor serves both ways.
"""

from dataclasses import dataclass, field
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

TILE = 4
PATCH = TILE + 2
POINTS = (0.0, 2 / 3, -2 / 3, 3 / 2, -3 / 2)
"""And infinity."""
RECIPROCALS = (5, 3, 4, 1, 2, 0)
"""The place of each point's reciprocal."""
LEAST_CHANNELS = 128
"""With fewer, moving the tiles costs more than the products save."""
LEAST_TILES = 16
TILES_AT_ONCE = 256
"""Bounds memory: a few tens of MB of products at a time, which is also the fastest."""
_OUTPUTS_AT_ONCE = 64


def winograd_pays(x: Float[Tensor, "b i h w"], weight: Float[Tensor, "o i 3 3"]) -> bool:
    """Is it faster here than torch's convolution? On CPUs, in float32, with many channels.

    The weight must be frozen, since it is transformed once.
    """
    tiles = len(x) * -(-x.shape[2] // TILE) * -(-x.shape[3] // TILE)
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and min(weight.shape[:2]) >= LEAST_CHANNELS
        and tiles >= LEAST_TILES
        and not weight.requires_grad
        and not torch.compiler.is_compiling()
    )


def winograd_weight(weight: Float[Tensor, "o i 3 3"]) -> Float[Tensor, "36 i o"]:
    """The weight as :func:`winograd_conv2d` takes it: four times its size."""
    matrix = _transforms().weight
    fan_out, fan_in = weight.shape[:2]
    out = weight.new_empty(PATCH * PATCH, fan_in, fan_out)
    for start in range(0, fan_out, _OUTPUTS_AT_ONCE):
        part = weight[start : start + _OUTPUTS_AT_ONCE].double()
        found = torch.einsum("ak,bl,oikl->abio", matrix, matrix, part)
        out[:, :, start : start + len(part)] = found.flatten(0, 1)
    return out


def winograd_conv2d(
    x: Float[Tensor, "b i h w"], transformed: Float[Tensor, "36 i o"]
) -> Float[Tensor, "b o h w"]:
    """``F.conv2d(x, weight, padding=1)``, channels last; gradients flow to ``x``."""
    out: Tensor = _Winograd.apply(x, transformed)  # type: ignore[no-untyped-call]
    return out


def winograd_pulled_back(
    upstream: Float[Tensor, "b o h w"], transformed: Float[Tensor, "36 i o"]
) -> Float[Tensor, "b i h w"]:
    """Its gradient by ``x``."""
    return _in_tiles(upstream, transformed.transpose(1, 2), mirrored=True)


class _Winograd(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, transformed: Tensor) -> Tensor:
        return _in_tiles(x, transformed, mirrored=False)

    @staticmethod
    def setup_context(ctx, inputs, output) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        ctx.save_for_backward(inputs[1])
        ctx.save_for_forward(inputs[1])

    @staticmethod
    def backward(ctx, upstream):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        (transformed,) = ctx.saved_tensors
        return winograd_pulled_back(upstream, transformed), None

    @staticmethod
    def jvp(ctx, tangent, *_):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN205
        (transformed,) = ctx.saved_tensors
        return _in_tiles(tangent, transformed, mirrored=False)


@dataclass(frozen=True, kw_only=True)
class _Transforms:
    """In one dimension: of inputs (B'), weights (G) and products (A')."""

    patch: Float[Tensor, "6 6"] = field(repr=False)
    weight: Float[Tensor, "6 3"] = field(repr=False)
    result: Float[Tensor, "4 6"] = field(repr=False)
    share: Float[Tensor, "6"] = field(repr=False)
    """Of a point's mirrored weights in its reciprocal's."""

    def mirrored(self) -> "_Transforms":
        """For the same weights, mirrored: each product is found at the reciprocal's place."""
        places = torch.tensor(RECIPROCALS)
        patch, result = torch.empty_like(self.patch), torch.empty_like(self.result)
        patch[places] = self.share[:, None] * self.patch
        result[:, places] = self.result
        return _Transforms(patch=patch, weight=self.weight, result=result, share=self.share)


@cache
def _transforms() -> _Transforms:
    with torch.inference_mode(False):
        points = torch.tensor(POINTS, dtype=torch.float64)
        apart = points[:, None] - points + torch.eye(len(points), dtype=torch.float64)
        scale = apart.prod(dim=1)
        patch = torch.zeros(PATCH, PATCH, dtype=torch.float64)
        for place in range(PATCH):
            others = [p for index, p in enumerate(POINTS) if index != place]
            patch[place, : len(others) + 1] = _with_roots(others)
        weight = torch.zeros(PATCH, 3, dtype=torch.float64)
        weight[:-1] = points[:, None] ** torch.arange(3) / scale[:, None]
        weight[-1, -1] = 1
        result = torch.zeros(TILE, PATCH, dtype=torch.float64)
        result[:, :-1] = points ** torch.arange(TILE)[:, None]
        result[-1, -1] = 1
        # powers of two between the two factors, which round nothing and keep both near 1
        balance = torch.exp2((patch.norm(dim=1) / weight.norm(dim=1)).sqrt().log2().round())
        patch, weight = patch / balance[:, None], weight * balance[:, None]
        # a mirrored weight at a point is, up to this, the weight at the point's reciprocal
        mirrored = weight.flip(1)
        reciprocal = weight[list(RECIPROCALS)]
        largest = reciprocal.abs().argmax(dim=1, keepdim=True)
        share = (mirrored.gather(1, largest) / reciprocal.gather(1, largest))[:, 0]
        return _Transforms(patch=patch, weight=weight, result=result, share=share)


@cache
def _matrices(*, mirrored: bool) -> tuple[Float[Tensor, "36 36"], Float[Tensor, "16 36"]]:
    """Of patches and of products, in two dimensions at once."""
    with torch.inference_mode(False), torch.no_grad():
        chosen = _transforms().mirrored() if mirrored else _transforms()
        patch, result = (torch.kron(one, one).float() for one in (chosen.patch, chosen.result))
    return patch, result


def _with_roots(roots: list[float]) -> Float[Tensor, " n"]:
    """Coefficients of the polynomial with these roots, the constant first."""
    found = torch.ones(1, dtype=torch.float64)
    for root in roots:
        longer = torch.zeros(len(found) + 1, dtype=torch.float64)
        longer[1:] += found
        longer[:-1] -= root * found
        found = longer
    return found


def _in_tiles(
    x: Float[Tensor, "b i h w"], transformed: Float[Tensor, "36 i o"], *, mirrored: bool
) -> Float[Tensor, "b o h w"]:
    batch, fan_in, height, width = x.shape
    fan_out = transformed.shape[2]
    rows, columns = -(-height // TILE), -(-width // TILE)
    of_patch, of_products = _matrices(mirrored=mirrored)
    padded = x.new_zeros(batch, TILE * rows + 2, TILE * columns + 2, fan_in)
    padded[:, 1 : height + 1, 1 : width + 1] = x.permute(0, 2, 3, 1)
    # 6 x 6 patches, 4 apart
    patches = padded.unfold(1, PATCH, TILE).unfold(2, PATCH, TILE).permute(4, 5, 0, 1, 2, 3)
    out = x.new_empty(batch, rows, TILE, columns, TILE, fan_out)
    some = max(TILES_AT_ONCE // (batch * columns), 1)
    for start in range(0, rows, some):
        part = patches[:, :, :, start : start + some]
        seen = torch.mm(of_patch, part.reshape(PATCH * PATCH, -1)).view(PATCH * PATCH, -1, fan_in)
        products = torch.bmm(seen, transformed)
        tiles = torch.mm(of_products, products.view(PATCH * PATCH, -1))
        tiles = tiles.view(TILE, TILE, batch, -1, columns, fan_out)
        out[:, start : start + some] = tiles.permute(2, 3, 0, 4, 1, 5)
    whole = out.view(batch, TILE * rows, TILE * columns, fan_out)
    return whole[:, :height, :width].permute(0, 3, 1, 2)
