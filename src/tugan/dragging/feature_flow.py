"""How tracked points move when the latent moves: Lucas and Kanade (1981) run backwards.

A tracked point keeps its feature, ``F(w)(p(w)) = f``. Over a small weighted patch around ``p``,
with ``A = [dF/dx, dF/dy]``, that gives ``A'A dp + A' (dF/dw) dw = 0``, so
``J = dp/dw = -(A'A)^-1 A' dF/dw``. Derivation and figures: ``docs/newton.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import pixels_to_grid, xy_like
from tugan.dragging.features import read_features
from tugan.dragging.trackers.match_cost import square_xy
from tugan.generators.protocol import (
    FeatureBlock,
    FeatureWindows,
    Generator,
    Noise,
    Trace,
    TracingGenerator,
    WindowedGenerator,
    Ws,
)

PATCH_CELLS = 0.75
"""Half the side of the patch, in cells of the feature map."""
SPACING_CELLS = 0.25
SIGMA_CELLS = 0.5
"""Of the patch's Gaussian weights."""
SLOPE_CELLS = 0.5
"""Central differences reach this far."""
RIDGE = 1e-3
"""Added to ``A'A``, as a share of its trace, where the picture does not say which way."""
POINTS_AT_ONCE = 8
"""Bounds memory; larger batches are no faster on a CPU."""
TRACED_POINTS_AT_ONCE_ON_A_GPU = 256
"""The same where no layer is run again, and it is starting the kernels that takes the time."""

_Reader = Callable[[Tensor], Tensor]
"""Features ``(n, q, c)`` at image points ``(n, q, 2)``."""
_Derivative = Callable[[Tensor], Tensor]
"""By ``ws``, ``(2, n, rows, d)``, of two numbers of each point, ``(2, n)``."""


@dataclass(frozen=True, kw_only=True)
class FeatureFlow:
    """The motion of points by the latent, to first order."""

    jacobian: Float[Tensor, "n 2 rows d"] = field(repr=False)
    """Pixels for each unit of ``ws``."""
    structure: Float[Tensor, "n 2 2"] = field(repr=False)
    """``A'A`` of each patch, weights summing to 1: squared feature change a squared pixel."""


def feature_flow(
    generator: Generator,
    ws: Ws,
    points_xy: Float[Tensor, "n 2"],
    *,
    until_px: int,
    noise: Noise = "const",
    noise_seed: int = 0,
    trace: Trace | None = None,
) -> FeatureFlow:
    """Of the picture of ``ws``, ``(1, rows, d)``, at the block of this size.

    Two vector-Jacobian products a point. Generators that can run on windows do them on windows,
    where they cost a small part of a picture's; with the ``trace`` of this very synthesis, to this
    block, a generator that can does not even run the windows' layers again.
    """
    if trace is not None and isinstance(generator, TracingGenerator):
        return _traced_flow(generator, trace, points_xy)
    flows = []
    for points in points_xy.split(POINTS_AT_ONCE):
        leaf = ws.detach().expand(len(points), -1, -1).clone().requires_grad_()
        with torch.enable_grad():
            if isinstance(generator, WindowedGenerator):
                windows = generator.windows(
                    leaf, points, until_px=until_px, noise=noise, noise_seed=noise_seed
                )
                read = _window_reader(windows, image_hw=generator.info.size_hw)
            else:
                read = _whole_reader(generator, leaf, until_px, noise, noise_seed)
            block = generator.info.block(until_px)
            cell_xy = _cell_xy(block, generator.info.size_hw, like=points)
            flows.append(_flow(read, points, cell_xy, partial(_by_autograd, leaf)))
    return _joined(flows)


def _traced_flow(
    generator: TracingGenerator, trace: Trace, points_xy: Float[Tensor, "n 2"]
) -> FeatureFlow:
    on_cpu = points_xy.device.type == "cpu"
    flows = []
    for points in points_xy.split(POINTS_AT_ONCE if on_cpu else TRACED_POINTS_AT_ONCE_ON_A_GPU):
        windows = generator.windows_of(trace, points)
        leaf = windows.features.detach().requires_grad_()
        near = replace(windows, features=leaf)
        cell_xy = _cell_xy(windows.block, generator.info.size_hw, like=points)

        def differentiate(
            along: Tensor, leaf: Tensor = leaf, points: Tensor = points
        ) -> Float[Tensor, "2 n rows d"]:
            upstream = _by_autograd(leaf, along)
            return generator.pulled_back(trace, points, upstream)

        with torch.enable_grad():
            read = _window_reader(near, image_hw=generator.info.size_hw)
            flows.append(_flow(read, points, cell_xy, differentiate))
    return _joined(flows)


def _by_autograd(
    leaf: Float[Tensor, "n ..."], along: Float[Tensor, "2 n"]
) -> Float[Tensor, "2 n ..."]:
    with torch.enable_grad():
        first, second = along.sum(dim=1)
    (by_first,) = torch.autograd.grad(first, leaf, retain_graph=True)
    (by_second,) = torch.autograd.grad(second, leaf)
    return torch.stack([by_first, by_second])


def _joined(flows: list[FeatureFlow]) -> FeatureFlow:
    return FeatureFlow(
        jacobian=torch.cat([flow.jacobian for flow in flows]),
        structure=torch.cat([flow.structure for flow in flows]),
    )


def structure_tensors(
    features: Float[Tensor, "1 c h w"],
    points_xy: Float[Tensor, "n 2"],
    *,
    image_hw: tuple[int, int],
) -> Float[Tensor, "n 2 2"]:
    """``A'A`` alone, which needs no derivative of the generator."""

    def read(places_xy: Tensor) -> Tensor:
        values = read_features(features, places_xy.reshape(-1, 2), image_hw=image_hw)
        return values.reshape(*places_xy.shape[:2], -1)

    rows, columns = features.shape[2:]
    cell_xy = xy_like(points_xy, image_hw[1] / columns, image_hw[0] / rows)
    patch = _Patch.around(points_xy, cell_xy)
    return patch.structure(patch.slopes(read, cell_xy))


@dataclass(frozen=True, kw_only=True)
class _Patch:
    places_xy: Float[Tensor, "n q 2"]
    weights: Float[Tensor, " q"]

    @classmethod
    def around(cls, points_xy: Float[Tensor, "n 2"], cell_xy: Float[Tensor, "2"]) -> "_Patch":
        square = square_xy(PATCH_CELLS, step=SPACING_CELLS, device=points_xy.device)
        cells = square.to(points_xy)
        weights = torch.exp(-cells.square().sum(dim=1) / (2 * SIGMA_CELLS**2))
        return cls(places_xy=points_xy[:, None] + cells * cell_xy, weights=weights / weights.sum())

    def slopes(self, read: _Reader, cell_xy: Float[Tensor, "2"]) -> Float[Tensor, "n 2 q c"]:
        """``A``: change of the feature for each pixel to the right, and down."""
        found = []
        for axis in (0, 1):
            reach = torch.zeros_like(cell_xy)
            reach[axis] = SLOPE_CELLS * cell_xy[axis]
            ahead, behind = read(self.places_xy + reach), read(self.places_xy - reach)
            found.append((ahead - behind) / (2 * reach[axis]))
        return torch.stack(found, dim=1)

    def structure(self, slopes: Float[Tensor, "n 2 q c"]) -> Float[Tensor, "n 2 2"]:
        weighted = slopes * self.weights[:, None]
        return torch.einsum("nkqc,nlqc->nkl", weighted, slopes)


def _flow(
    read: _Reader,
    points_xy: Float[Tensor, "n 2"],
    cell_xy: Float[Tensor, "2"],
    differentiate: _Derivative,
) -> FeatureFlow:
    patch = _Patch.around(points_xy, cell_xy)
    values = read(patch.places_xy)
    with torch.no_grad():
        slopes = patch.slopes(read, cell_xy)
        structure = patch.structure(slopes)
    along = torch.einsum("nkqc,nqc,q->kn", slopes, values, patch.weights)
    with torch.no_grad():
        change = differentiate(along).float()
    ridge = RIDGE * structure.diagonal(dim1=1, dim2=2).sum(dim=1).clamp(min=1e-12)
    eye = torch.eye(2, dtype=structure.dtype, device=structure.device)
    # inv itself asks the device whether it went well; with the ridge it does
    inverse, _ = torch.linalg.inv_ex(structure + ridge[:, None, None] * eye)
    return FeatureFlow(
        jacobian=-torch.einsum("nkl,lnrd->nkrd", inverse, change), structure=structure
    )


def _window_reader(windows: FeatureWindows, *, image_hw: tuple[int, int]) -> _Reader:
    features = windows.features.float()
    height, width = features.shape[2:]

    def read(places_xy: Tensor) -> Tensor:
        cell_xy = _cell_xy(windows.block, image_hw, like=places_xy)
        cells = (places_xy + 0.5) / cell_xy - 0.5 - windows.origins_xy[:, None]
        grid = (2 * cells + 1) / xy_like(cells, width, height) - 1
        values = F.grid_sample(
            features,
            grid[:, None],
            mode="bilinear",
            padding_mode="border",
            align_corners=False,
        )
        return values[:, :, 0].permute(0, 2, 1)

    return read


def _whole_reader(
    generator: Generator, leaf: Ws, until_px: int, noise: Noise, noise_seed: int
) -> _Reader:
    # one by one: random noise is drawn for a batch, and every row must see that of a batch of one
    maps = []
    for row in leaf.split(1):
        start = generator.begin(row, noise=noise, noise_seed=noise_seed)
        maps.append(generator.advance(start, until_px=until_px).features.float())
    features = torch.cat(maps)

    def read(places_xy: Tensor) -> Tensor:
        grid = pixels_to_grid(places_xy, image_hw=generator.info.size_hw)[:, None]
        values = F.grid_sample(
            features, grid, mode="bilinear", padding_mode="border", align_corners=False
        )
        return values[:, :, 0].permute(0, 2, 1)

    return read


def _cell_xy(
    block: FeatureBlock, image_hw: tuple[int, int], *, like: Float[Tensor, "..."]
) -> Float[Tensor, "2"]:
    rows, columns = block.size_hw
    return xy_like(like, image_hw[1] / columns, image_hw[0] / rows)
