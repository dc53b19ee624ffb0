"""Latents of an inversion in coordinates in which W is standard normal."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.generators.protocol import Generator, Ws
from tugan.generators.w_statistics import w_statistics_of
from tugan.inversion.settings import Space

SHARED, OWN = "shared", "own"


@dataclass(frozen=True, kw_only=True)
class LatentPath:
    """``ws = mean + (shared + spread * own) L.T``: the rows stay together as ``spread`` says.

    Generators that were trained on W alone keep their faces only while the rows are near each
    other (docs/newton.md), so ``own`` is charged as much as ``shared`` and counts less.
    """

    mean: Float[Tensor, " d"] = field(repr=False)
    factor: Float[Tensor, "d d"] = field(repr=False)
    rows: int
    space: Space
    spread: float

    @classmethod
    def of(cls, generator: Generator, *, space: Space, spread: float) -> "LatentPath":
        """Of the generator's statistics of W, which are estimated if it came without."""
        statistics = w_statistics_of(generator)
        return cls(
            mean=statistics.mean.to(generator.device),
            factor=statistics.covariance_factor.to(generator.device),
            rows=generator.info.num_ws,
            space=space,
            spread=spread,
        )

    def start(self, shared: Float[Tensor, "1 d"] | None = None) -> dict[str, Tensor]:
        """Coordinates of one latent for all rows, by default the mean's."""
        width = len(self.mean)
        values = {SHARED: self.mean.new_zeros(1, width) if shared is None else shared.clone()}
        if self.space == "w+":
            values[OWN] = self.mean.new_zeros(self.rows, width)
        return values

    def ws(self, values: dict[str, Tensor]) -> Ws:
        """The latent at these coordinates."""
        move = values[SHARED]
        if OWN in values:
            move = move + self.spread * values[OWN]
        return (self.mean + move @ self.factor.T).expand(self.rows, -1)[None]

    def charge(self, values: dict[str, Tensor]) -> Float[Tensor, ""]:
        """Mean squared coordinate: about 1 for what the generator was trained on."""
        return torch.stack([value.square().mean() for value in values.values()]).sum()

    def coordinates(self, w: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        """Inverse of :meth:`ws` for latents that all rows share."""
        centred = (w.to(self.factor) - self.mean).T
        found: Tensor = torch.linalg.solve_triangular(self.factor, centred, upper=False).T
        return found
