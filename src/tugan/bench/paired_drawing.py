"""The pairs of near pictures: which latents they are of, and what moves from one to the other."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tugan.bench.bench_error import BenchError
from tugan.bench.face_pairs import SOURCE, TARGET, picture_seed
from tugan.bench.optical_flow import Matches, dis_matches, feature_matches
from tugan.bench.paired_task import PairedTask
from tugan.bench.picture_metrics import PictureErrors, PictureMetrics
from tugan.core.geometry import REFERENCE_SIDE_PX, scale_from_512
from tugan.core.images import to_rgb_array
from tugan.generators.protocol import Generator, Ws, sample_z, synthesize

MAX_CANDIDATES = 20
"""Pairs looked at before a task counts as one in which too little moves."""
_CHOICE = 2


@dataclass(frozen=True, kw_only=True)
class NearPair:
    """A picture, another one near it, and some of what moves between them."""

    index: int
    source_seed: int
    """``tugan generate --seed`` draws the first picture."""
    target_seed: int
    """Of the draw that its rows moved toward."""
    skipped: int
    """Candidates before it in which too little moves."""
    ws: Ws = field(repr=False)
    """Of the first picture."""
    before: Float[Tensor, "1 3 h w"] = field(repr=False)
    after: Float[Tensor, "1 3 h w"] = field(repr=False)
    """The picture that is to be reconstructed."""
    handles_xy: Float[Tensor, "n 2"]
    targets_xy: Float[Tensor, "n 2"]
    metrics: PictureMetrics = field(repr=False)
    no_edit: PictureErrors
    """Of the first picture against the second."""

    @property
    def mean_px_at_512(self) -> float:
        """How far the handles are asked to move."""
        lengths = torch.linalg.vector_norm(self.targets_xy - self.handles_xy, dim=1)
        return float(lengths.mean()) * REFERENCE_SIDE_PX / max(self.before.shape[-2:])


def draw_near_pair(generator: Generator, task: PairedTask, *, index: int) -> NearPair:
    """The pair of this index: the same for every number of pairs and methods.

    :class:`BenchError` if the generator draws classes, or too little moves.
    """
    if generator.info.label_dim:
        raise BenchError(
            f"{generator.info.name} draws {generator.info.label_dim} classes; this experiment is"
            " for generators without classes"
        )
    for candidate in range(MAX_CANDIDATES):
        found = _candidate(generator, task, index=index, candidate=candidate)
        if found is not None:
            return found
    raise BenchError(
        f"in {MAX_CANDIDATES} pairs of {generator.info.name} fewer than {task.points} places were"
        f" found again that move by {task.least_px_at_512:g} px at 512: ask for fewer points, or a"
        " larger share"
    )


def perturbed(
    generator: Generator, ws: Ws, *, seed: int, psi: float, rows: int, share: float
) -> Ws:
    """The first ``rows`` moved by ``share`` of the way toward an independent draw in W+, in which
    every row is of a latent of its own (Endo 2022's rule, as Pan et al. 2023 use it)."""
    rows = min(rows, generator.info.num_ws)
    with torch.no_grad():
        drawn = generator.map(sample_z(seed, z_dim=generator.info.z_dim, count=rows), psi=psi)
    diagonal = torch.arange(rows)
    moved = ws.clone()
    moved[0, :rows] += share * (drawn[diagonal, diagonal] - ws[0, :rows])
    return moved


def _candidate(
    generator: Generator, task: PairedTask, *, index: int, candidate: int
) -> NearPair | None:
    source, target, choice = (
        picture_seed(task.seed, pair=index, side=side, candidate=candidate)
        for side in (SOURCE, TARGET, _CHOICE)
    )
    with torch.no_grad():
        ws = generator.map(sample_z(source, z_dim=generator.info.z_dim), psi=task.psi)
    other = perturbed(generator, ws, seed=target, psi=task.psi, rows=task.rows, share=task.share)
    before, after = synthesize(generator, ws), synthesize(generator, other)
    if task.correspondence == "dis":
        matches = dis_matches(to_rgb_array(before), to_rgb_array(after))
    else:
        matches = feature_matches(generator, ws, other)
    chosen = _chosen(matches, task, seed=choice, image_hw=generator.info.size_hw)
    if chosen is None:
        return None
    metrics = PictureMetrics.installed()
    return NearPair(
        index=index,
        source_seed=source,
        target_seed=target,
        skipped=candidate,
        ws=ws,
        before=before,
        after=after,
        handles_xy=chosen.starts_xy,
        targets_xy=chosen.ends_xy,
        metrics=metrics,
        no_edit=metrics.between(before, after),
    )


def _chosen(
    matches: Matches, task: PairedTask, *, seed: int, image_hw: tuple[int, int]
) -> Matches | None:
    """At random, of what moves; None if that is too little."""
    least = scale_from_512(task.least_px_at_512, image_hw)
    moving = (matches.lengths_px >= least).nonzero()[:, 0].numpy()
    if len(moving) < task.points:
        return None
    picked = np.random.default_rng(seed).choice(moving, task.points, replace=False)
    indices = torch.from_numpy(picked)
    return Matches(starts_xy=matches.starts_xy[indices], ends_xy=matches.ends_xy[indices])
