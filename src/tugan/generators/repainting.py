"""How latent moves repaint a generator's pictures: what changes in features beside their motion.

At a cell of a feature map with the slopes ``A = [dF/dx, dF/dy]`` the part of ``dF/dw`` in the span
of ``A`` is what a motion of the picture does; the rest, ``P dF/dw`` with
``P = 1 - A (A'A + e)^-1 A'``, is repainting. Its mean square over cells and pictures is a quadratic
form of the move, ``|R dw|^2``. ``R`` is sketched (Halko et al. 2011) by vector-Jacobian products of
random probes: a map of noise without its part along the slopes is pulled back to ``ws``. As
``E[probe probe'] = P``, rows of pulled-back probes over the square root of their number are ``R``.
Derivation and figures: ``docs/newton.md``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import CheckpointError
from tugan.generators.protocol import (
    FeatureRange,
    Generator,
    RepaintingSketch,
    TracingGenerator,
    Ws,
    WStatistics,
)
from tugan.generators.w_statistics import w_statistics_of

PICTURES = 40
"""Pictures that a sketch is averaged over."""
PROBES = 16
"""Probes of each: more pictures with fewer each tell about as much."""
KEPT_ROWS = 256
"""Rows of the finished sketch, which hold nearly all that so many probes say of it."""
PSI = 0.7
POWER = 0.75
"""Of W's covariance: the coordinates whose strongest directions are kept (as newton moves)."""
_RIDGE = 1e-3
"""Added to ``A'A`` as a share of its trace: where the picture is flat, nothing is motion."""
_TINY = 1e-12
_LEAST_DEVIATION = 1e-3
"""Of a channel, as a share of the largest one's."""


@final
@dataclass(frozen=True, kw_only=True)
class SketchProgress:
    """How far a sketch is."""

    done: int
    """Pictures."""
    pictures: int

    def __str__(self) -> str:
        """For a line of progress."""
        return f"{self.done} of {self.pictures} pictures"


def sketch_repainting(
    generator: Generator,
    *,
    pictures: int = PICTURES,
    probes: int = PROBES,
    kept_rows: int = KEPT_ROWS,
    seed: int = 0,
) -> Iterator[SketchProgress | RepaintingSketch]:
    """Sketch a generator's repainting at the block that its drags take, the sketch last.

    Takes about three times so many forward passes to that block as there are ``pictures`` times
    ``probes``. Labels of conditional generators take turns. Raises :class:`CheckpointError` if the
    derivatives are not finite, and ``ValueError`` if nothing is asked for.
    """
    if min(pictures, probes, kept_rows) < 1:
        raise ValueError(
            f"a sketch needs pictures, probes and rows, got {pictures}, {probes} and {kept_rows}"
        )
    info = generator.info
    until_px = info.nearest_block(info.hints.feature_px).until_px
    statistics = w_statistics_of(generator)
    rng = torch.Generator().manual_seed(seed)
    rows, maps = [], []
    for index in range(pictures):
        z = torch.randn(1, info.z_dim, generator=rng).to(generator.device)
        label = None
        if info.label_dim:
            label = F.one_hot(torch.tensor([index % info.label_dim]), info.label_dim).to(z)
        with torch.no_grad():
            ws = generator.map(z, psi=PSI, label=label)
        probed = _probed(generator, ws, until_px, probes, rng)
        rows.append(probed.rows.cpu())
        maps.append(probed.features.half().cpu())
        yield SketchProgress(done=index + 1, pictures=pictures)
    found = torch.cat(rows) / (pictures * probes) ** 0.5
    if not bool(torch.isfinite(found).all()):
        raise CheckpointError(
            f"the derivatives of {info.name} are NaN or infinite: the model is damaged"
        )
    yield RepaintingSketch(rows=_compressed(found, statistics, kept_rows), features=_range(maps))


def motion_free(
    probes: Float[Tensor, "k c h w"], features: Float[Tensor, "1 c h w"]
) -> Float[Tensor, "k c h w"]:
    """The probes without their part along the slopes of the features, cell by cell."""
    slopes = _slopes(features)
    structure = torch.einsum("ichw,jchw->hwij", slopes, slopes)
    trace = structure.diagonal(dim1=2, dim2=3).sum(dim=-1)
    eye = torch.eye(2, dtype=structure.dtype, device=structure.device)
    structure = structure + (_RIDGE * trace.clamp(min=_TINY))[..., None, None] * eye
    along = torch.einsum("ichw,kchw->hwik", slopes, probes)
    shares = torch.linalg.solve(structure, along)
    freed: Tensor = probes - torch.einsum("ichw,hwik->kchw", slopes, shares)
    return freed


def _slopes(features: Float[Tensor, "1 c h w"]) -> Float[Tensor, "2 c h w"]:
    """Central differences, to the right and down, per cell."""
    padded = F.pad(features, (1, 1, 1, 1), mode="replicate")
    right = padded[0, :, 1:-1, 2:] - padded[0, :, 1:-1, :-2]
    down = padded[0, :, 2:, 1:-1] - padded[0, :, :-2, 1:-1]
    return torch.stack([right, down]) / 2


@dataclass(frozen=True, kw_only=True)
class _Probed:
    features: Float[Tensor, "1 c h w"]
    rows: Float[Tensor, "k rows d"]


def _range(maps: list[Float[Tensor, "1 c h w"]]) -> FeatureRange:
    """Of the features of some pictures."""
    count = len(maps)
    mean = sum((one.double().mean(dim=(0, 2, 3)) for one in maps), torch.zeros(())) / count
    squares = [(one.double() - mean[:, None, None]).square().mean(dim=(0, 2, 3)) for one in maps]
    deviation = (sum(squares, torch.zeros(())) / count).sqrt()
    # channels that never change say nothing where they stay, and everything where they do not
    deviation = deviation.clamp(min=_LEAST_DEVIATION * float(deviation.max().clamp(min=_TINY)))
    found = FeatureRange(mean=mean.float(), deviation=deviation.float(), farthest=0.0)
    return replace(found, farthest=max(float(found.square(one)) for one in maps))


def _probed(
    generator: Generator, ws: Ws, until_px: int, probes: int, rng: torch.Generator
) -> _Probed:
    if isinstance(generator, TracingGenerator):
        with torch.no_grad():
            trace = generator.advance_traced(generator.begin(ws), until_px=until_px)
            features = trace.state.features.float()
            drawn = _drawn(features, probes, rng)
            rows = generator.pulled_back_whole(trace, drawn.to(trace.state.features)).float()
            return _Probed(features=features, rows=rows)
    leaf = ws.detach().clone().requires_grad_()
    with torch.enable_grad():
        features = generator.advance(generator.begin(leaf), until_px=until_px).features.float()
    drawn = _drawn(features.detach(), probes, rng)
    found = [
        torch.autograd.grad(features, leaf, probe[None], retain_graph=True)[0] for probe in drawn
    ]
    return _Probed(features=features.detach(), rows=torch.cat(found).float())


def _drawn(
    features: Float[Tensor, "1 c h w"], probes: int, rng: torch.Generator
) -> Float[Tensor, "k c h w"]:
    noise = torch.randn(probes, *features.shape[1:], generator=rng).to(features)
    return motion_free(noise, features)


def _compressed(
    rows: Float[Tensor, "k rows d"], statistics: WStatistics, kept_rows: int
) -> Float[Tensor, "r used d"]:
    """The combinations of rows that say most where moves are measured by W's covariance.

    Of the rows of ``ws`` those remain that the features depend on.
    """
    used = rows.abs().amax(dim=(0, 2)).nonzero()
    rows = rows[:, : int(used.max()) + 1 if len(used) else 1].contiguous()
    if len(rows) <= kept_rows:
        return rows
    white = (rows @ statistics.factor(POWER)).flatten(1).double()
    _, vectors = torch.linalg.eigh(white @ white.T)
    strongest = vectors.flip(1)[:, :kept_rows].T.to(rows)
    kept: Tensor = strongest @ rows.flatten(1)
    return kept.view(-1, *rows.shape[1:])
