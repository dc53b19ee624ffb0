"""What the drag needs of a generator, and nothing more."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

Ws = Float[Tensor, "b rows d"]
"""Intermediate latents: a row of ``w_dim`` numbers for each of the ``num_ws`` style inputs."""

Noise = Literal["const", "random", "none"]
"""Per-pixel noise of the StyleGAN families: the stored maps, fresh draws, or nothing."""

UNKNOWN = "unknown"
"""What is said of a model where nobody has said it."""

LatentKind = Literal["w", "w+"]
"""``w``: one move shared by the moving rows; ``w+``: a move of its own for each of them."""


@dataclass(frozen=True, kw_only=True)
class FeatureBlock:
    """A place where synthesis can stop."""

    until_px: int
    """Longer side of the block's feature map; what :meth:`Generator.advance` is asked for."""
    size_hw: tuple[int, int]
    """Height and width of its feature map."""
    channels: int


@dataclass(frozen=True, kw_only=True)
class WStatistics:
    """First two moments of W, from many mapped samples."""

    mean: Float[Tensor, " d"]
    covariance_factor: Float[Tensor, "d d"]
    """Lower triangular ``L`` with ``L @ L.T`` the covariance."""

    def factor(self, power: float) -> Float[Tensor, "d d"]:
        """``L`` with ``L @ L.T`` the covariance to this power, of the covariance's trace.

        0 is the plain metric of W, 1 the Mahalanobis metric.
        """
        if power == 1:
            return self.covariance_factor
        values, vectors = self._principal
        powered = values**power
        powered = powered * (values.sum() / powered.sum())
        return (vectors * powered.sqrt()) @ vectors.T

    @cached_property
    def _principal(self) -> tuple[Float[Tensor, " d"], Float[Tensor, "d d"]]:
        covariance = self.covariance_factor.double() @ self.covariance_factor.double().T
        values, vectors = torch.linalg.eigh(covariance)
        return values.clamp(min=1e-12).float(), vectors.float()


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureRange:
    """What the features of a generator's pictures are like: what is far from it, it never drew."""

    mean: Float[Tensor, " c"]
    """Of each channel of the block that drags take."""
    deviation: Float[Tensor, " c"]
    """Its standard deviation."""
    farthest: float
    """The largest mean square of a picture's features, in standard deviations from the mean."""

    def square(self, features: Float[Tensor, "1 c h w"]) -> Float[Tensor, ""]:
        """The mean square of these features, in standard deviations from the mean."""
        mean, deviation = (
            one.to(features.device, torch.float32)[:, None, None]
            for one in (self.mean, self.deviation)
        )
        found: Tensor = ((features.float() - mean) / deviation).square().mean()
        return found


@dataclass(frozen=True, kw_only=True, eq=False)
class RepaintingSketch:
    """How much a latent move changes features beside moving them (:mod:`.repainting`)."""

    rows: Float[Tensor, "k rows d"]
    """``R``, of the first rows of ``ws``, which are those that features depend on: the mean square
    of what a move repaints is about ``|R dw|^2``, up to a factor that is the same for all moves."""
    features: FeatureRange
    """Of the pictures that it is averaged over."""
    prepared: dict[Hashable, tuple[Tensor, ...]] = field(default_factory=dict, repr=False)
    """What was computed of it, by what it is for."""

    def __deepcopy__(self, memo: dict[int, object]) -> "RepaintingSketch":
        """Itself: copies of a generator share what is known of it."""
        return self


@dataclass(frozen=True, kw_only=True)
class DragHints:
    """Where drags go well on this generator; solvers take their defaults from here."""

    feature_px: int
    """Block whose features are supervised and tracked."""
    latent: LatentKind
    rows: int
    """How many of the first rows of ``ws`` move."""
    whitened: bool
    """Move in coordinates whitened by the covariance of W."""
    learning_rate: float
    """Adam's, in the chosen coordinates."""


@dataclass(frozen=True, kw_only=True)
class GeneratorInfo:
    """All that is known of a generator without running it."""

    name: str
    family: str
    size_hw: tuple[int, int]
    """Height and width of the picture, in pixels."""
    num_ws: int
    w_dim: int
    z_dim: int
    label_dim: int
    """Number of classes; 0 if the generator takes no label."""
    blocks: tuple[FeatureBlock, ...]
    hints: DragHints
    w_statistics: WStatistics | None = field(default=None, repr=False)
    repainting: RepaintingSketch | None = field(default=None, repr=False, compare=False)
    """None where it has not been computed: drags then hold nothing but their masks."""
    domain: str = UNKNOWN
    """What it draws: faces, cats, ...; only people's faces begin with that word."""
    licence: str = UNKNOWN
    source: str = UNKNOWN
    """Where the weights came from."""
    notes: str = ""
    """What moves well, and what does not."""
    folder: Path | None = field(default=None, repr=False, compare=False)
    """The model folder that it was loaded from, where a preview head may be; None: a file."""

    @property
    def draws_faces(self) -> bool | None:
        """Are its pictures people's faces? None where nobody has said what it draws."""
        return None if self.domain == UNKNOWN else self.domain.startswith("faces")

    def block(self, until_px: int) -> FeatureBlock:
        """The block of this size; ``ValueError`` lists the sizes there are."""
        for block in self.blocks:
            if block.until_px == until_px:
                return block
        sizes = ", ".join(str(block.until_px) for block in self.blocks)
        raise ValueError(f"{self.name} has no {until_px} px block; it has {sizes}")

    def nearest_block(self, until_px: int) -> FeatureBlock:
        """The largest block not larger than this (the smallest one, if all are larger)."""
        fitting = [block for block in self.blocks if block.until_px <= until_px]
        return fitting[-1] if fitting else self.blocks[0]


@dataclass(frozen=True, kw_only=True)
class SynthesisState:
    """A synthesis that has stopped at a block and can go on from there.

    States are values: one can be advanced twice, or kept while another goes on.
    """

    ws: Ws
    blocks_done: int
    features: Float[Tensor, "b c h w"]
    """Output of the last block that ran (before the first: the learned constant)."""
    image: Float[Tensor, "b 3 h w"] | None = None
    """The picture so far, in families that build it up alongside (StyleGAN2's skips)."""
    beyond: Float[Tensor, "b c bh bw"] | None = None
    """The same map with its margins, in families whose maps reach over the picture (StyleGAN3)."""
    noise: Noise = "const"
    noise_seed: int = 0
    """Of random noise: on the same machine and versions the same seed gives the same picture."""

    def detach(self) -> "SynthesisState":
        """The same without its autograd history."""
        return replace(
            self,
            ws=self.ws.detach(),
            features=self.features.detach(),
            image=None if self.image is None else self.image.detach(),
            beyond=None if self.beyond is None else self.beyond.detach(),
        )


@runtime_checkable
class Generator(Protocol):
    """A frozen, pretrained generator whose synthesis can stop at a block and go on."""

    @property
    def info(self) -> GeneratorInfo:
        """What it is."""
        ...

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        ...

    def map(
        self,
        z: Float[Tensor, "b z"],
        *,
        psi: float = 0.7,
        label: Float[Tensor, "b c"] | None = None,
    ) -> Ws:
        """Latents of standard normal ``z``, pulled toward the mean of W by truncation ``psi``."""
        ...

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        """Synthesis before its first block."""
        ...

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        """Run blocks up to and including the one whose map has this longer side."""
        ...

    def finish(self, state: SynthesisState) -> Float[Tensor, "b 3 h w"]:
        """Run what is left; the picture, about [-1, 1]."""
        ...


@dataclass(frozen=True, kw_only=True)
class FeatureWindows:
    """Pieces of a feature map, one around each of n points."""

    features: Float[Tensor, "n c h w"]
    """Equal to the whole map's from each point to 2.5 cells around it, read bilinearly; not so at
    the windows' edges, unless an edge is the picture's."""
    origins_xy: Int[Tensor, "n 2"]
    """The cell of the whole map that is at each window's top left."""
    block: FeatureBlock
    """Whose map it is."""


@runtime_checkable
class WindowedGenerator(Generator, Protocol):
    """A generator that can compute a block's features near points without the rest of the map."""

    def windows(
        self,
        ws: Ws,
        points_xy: Float[Tensor, "n 2"],
        *,
        until_px: int,
        noise: Noise = "const",
        noise_seed: int = 0,
    ) -> FeatureWindows:
        """Features near points (in pixels of the picture), each with a row of ``ws`` of its own.

        So one backward pass gives a gradient per point. Random noise is that of a batch of one.
        ``ValueError`` if there is no such block, or not as many rows as points.
        """
        ...

    def windows_from(
        self, state: SynthesisState, points_xy: Float[Tensor, "n 2"], *, until_px: int
    ) -> FeatureWindows:
        """The same from a synthesis that has begun: of one picture for all points, or one for each.

        ``ValueError`` if there is no such block ahead, or the batch fits the points in neither way.
        """
        ...

    def trunk_px(self, points: int, *, until_px: int) -> int | None:
        """The block from which on windows around so many points cost less than whole maps.

        Less than a whole map's backward pass; None if that is cheaper up to ``until_px``.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What the layers of a synthesis gave, for derivatives that need not run them again."""

    state: SynthesisState = field(repr=False)
    """Of one picture, where the synthesis has stopped."""
    maps: tuple[Float[Tensor, "1 _ _ _"], ...] = field(repr=False)
    """What the layers gave, in turn, each of the size of its block; last the block's features."""


@runtime_checkable
class TracingGenerator(Generator, Protocol):
    """A generator that can differentiate features near points by the maps it has made already."""

    def advance_traced(self, state: SynthesisState, *, until_px: int) -> Trace:
        """As ``advance``, of one picture from its start, with the layers' maps kept.

        ``ValueError`` for a synthesis that has gone on, of several pictures, or to no such block.
        """
        ...

    def windows_of(self, trace: Trace, points_xy: Float[Tensor, "n 2"]) -> FeatureWindows:
        """Its features near points, in pixels of the picture."""
        ...

    def pulled_back(
        self,
        trace: Trace,
        points_xy: Float[Tensor, "n 2"],
        upstream: Float[Tensor, "k n c h w"],
    ) -> Float[Tensor, "k n rows d"]:
        """Gradients by ``ws`` of k functions of each point's window, given theirs by the window.

        The windows are those of :meth:`windows_of`, and as exact.
        """
        ...

    def pulled_back_whole(
        self, trace: Trace, upstream: Float[Tensor, "k c h w"]
    ) -> Float[Tensor, "k rows d"]:
        """The same of k functions of the whole map."""
        ...


@runtime_checkable
class PretrainedGenerator(Generator, Protocol):
    """A generator that can be saved: all the families' networks are modules with a config."""

    @property
    def config(self) -> object:
        """The family's configuration, a dataclass instance."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """All tensors by name."""
        ...


def synthesize(
    generator: Generator, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0
) -> Float[Tensor, "b 3 h w"]:
    """The picture of ``ws`` in one go, without autograd."""
    with torch.no_grad():
        return generator.finish(generator.begin(ws, noise=noise, noise_seed=noise_seed))


def sample_z(seed: int, *, z_dim: int, count: int = 1) -> Float[Tensor, "b z"]:
    """Standard normal latents of a seed.

    Drawn by numpy's ``RandomState``, as the field's programs do, so that a seed names the same
    picture everywhere.
    """
    import numpy as np

    draws = np.random.RandomState(seed).randn(count, z_dim)
    return torch.from_numpy(draws).float()
