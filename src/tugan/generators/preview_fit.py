"""Fitting a preview head: ridge regression from a block's features to pictures."""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import CheckpointError
from tugan.generators.preview import (
    CORNERS,
    LARGEST_PX,
    PreviewHead,
    corner_rows,
    places_stride,
    square_rows,
)
from tugan.generators.protocol import Generator, Ws

SAMPLES = 64
"""Pictures to fit on: 150 gave 0.1 dB more on faces-1024."""
PSI = 0.7
KEPT = 64
"""Numbers a cell, at most: half as many lose 0.4 dB once adapted, half as many again win 0.3 dB."""
_RIDGE = 1e-5
_FLOOR, _TINY = 1e-6, 1e-12

Sample = tuple[Float[Tensor, "b c h w"], Float[Tensor, "b 3 ph pw"]]
"""Features of a block, and the finished picture."""


def fit_preview_head(
    generator: Generator, *, until_px: int, samples: int = SAMPLES, seed: int = 0
) -> PreviewHead:
    """A head fitted on ``samples`` pictures of truncation 0.7; conditional ones are of class 0.

    Takes about twice the time of so many pictures. :class:`CheckpointError` if the features are
    not finite.
    """
    if samples < 1:
        raise ValueError(f"a preview head is fitted on at least one sample, got {samples}")
    block = generator.info.block(until_px)
    factor = max(1, min(LARGEST_PX, max(generator.info.size_hw)) // until_px)
    size_hw = (block.size_hw[0] * factor, block.size_hw[1] * factor)
    drawn = _drawn(generator, until_px=until_px, count=samples, seed=seed)
    among, across = _moments(drawn, size_hw, factor)
    reduce, offset = _basis(among, across)
    # what the moments would have been, had they been taken of the reduced features
    lift = _block_diagonal(reduce, offset)
    among, across = lift @ among @ lift.T, lift @ across
    ridge = _RIDGE * among.diagonal() + _FLOOR
    rows = torch.linalg.solve(among + ridge.diag(), across)
    head = PreviewHead(
        until_px=until_px,
        size_hw=size_hw,
        reduce=reduce.float().contiguous(),
        offset=offset.float(),
        weight=torch.zeros(3 * factor**2, len(reduce), 2, 2),
        bias=torch.zeros(3 * factor**2),
        second_moments=among.float(),
    )
    return head.with_rows(rows.float())


def _drawn(generator: Generator, *, until_px: int, count: int, seed: int) -> Iterator[Sample]:
    """Features and pictures, one at a time, on the CPU."""
    for ws in _latents(generator, count=count, seed=seed):
        with torch.no_grad():
            state = generator.advance(generator.begin(ws), until_px=until_px)
            yield state.features.float().cpu(), generator.finish(state).float().cpu()


def _latents(generator: Generator, *, count: int, seed: int) -> Iterator[Ws]:
    info = generator.info
    label = None
    if info.label_dim:
        label = F.one_hot(torch.tensor([0]), info.label_dim).float().to(generator.device)
    rng = torch.Generator().manual_seed(seed)
    for _ in range(count):
        z = torch.randn(1, info.z_dim, generator=rng).to(generator.device)
        with torch.no_grad():
            yield generator.map(z, psi=PSI, label=label)


def _moments(
    samples: Iterable[Sample], size_hw: tuple[int, int], factor: int
) -> tuple[Float[Tensor, "n n"], Float[Tensor, "n o"]]:
    """Mean products of what lies around a place with itself, and with its pixels; float64."""
    among, across, count = torch.zeros(1, 1).double(), torch.zeros(1, 1).double(), 0
    for features, picture in samples:
        stride = places_stride(max(features.shape[2:]))
        inputs = corner_rows(features, stride=stride)
        wanted = square_rows(picture, size_hw, factor, stride=stride)
        among = among + (inputs.T @ inputs).double() / len(inputs)
        across = across + (inputs.T @ wanted).double() / len(inputs)
        count += 1
    if not bool(torch.isfinite(among).all() and torch.isfinite(across).all()):
        raise CheckpointError(
            "features or pictures have values that are NaN or infinite: the model is damaged"
        )
    return among / count, across / count


def _basis(
    among: Float[Tensor, "n n"], across: Float[Tensor, "n o"]
) -> tuple[Float[Tensor, "r c"], Float[Tensor, " r"]]:
    """Directions of the features that say most of the picture, then those that vary most.

    The first are those of reduced-rank regression (Izenman 1975). They are enough for the average
    picture; heads adapted to one picture make use of the others.
    """
    centred = among[:-1, :-1] - among[-1, :-1, None] * among[-1, :-1]
    channels = len(centred) // CORNERS
    covariance = sum(
        (centred[i : i + channels, i : i + channels] for i in range(0, len(centred), channels)),
        torch.zeros(()),
    )
    variances, axes = torch.linalg.eigh(covariance / CORNERS)
    floor = _FLOOR * float(variances.mean()) + _TINY
    white = axes.flip(1) / variances.clamp(min=floor).flip(0).sqrt()
    if channels > KEPT:
        crossed = across[:-1] - among[-1, :-1, None] * across[-1]
        of_corners = torch.cat(list(crossed.split(channels)), dim=1)
        telling, _, _ = torch.linalg.svd(white.T @ of_corners, full_matrices=False)
        telling = telling[:, : KEPT // 2]
        white = torch.cat([white @ telling, white[:, : KEPT - telling.shape[1]]], dim=1)
    mean = among[-1, :-1].unflatten(0, (CORNERS, channels)).mean(dim=0)
    return white.T, -mean @ white


def _block_diagonal(
    reduce: Float[Tensor, "r c"], offset: Float[Tensor, " r"]
) -> Float[Tensor, "n m"]:
    """The reduction of all four cells of a place and their one, as one matrix."""
    lift: Tensor = torch.block_diag(*[reduce] * CORNERS, reduce.new_ones(1, 1))
    lift[:-1, -1] = offset.repeat(CORNERS)
    return lift
