"""What repainting costs a move, beside what is unlikely: ``|a|^2 + weight |R a|^2``."""

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.host_copy import to_device
from tugan.dragging.latent_space import LatentSpace
from tugan.generators.protocol import RepaintingSketch

_TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class RepaintingCharge:
    """``R'R`` of the flattened moves of a latent space, scaled so that a unit move costs 1 on
    average: its eigenvectors and eigenvalues."""

    directions: Float[Tensor, "k m"] = field(repr=False)
    squares: Float[Tensor, " k"] = field(repr=False)
    """On the host, in float64."""

    @classmethod
    def of(cls, sketch: RepaintingSketch, space: LatentSpace) -> "RepaintingCharge":
        """Computed once for a sketch and a space (some 50 ms), then kept with the sketch."""
        factor = () if space.factor is None else tuple(space.factor.diagonal().tolist())
        key = (space.kind, space.rows, space.coupling, factor)
        if key not in sketch.prepared:
            sketch.prepared[key] = _spectrum(sketch, space)
        directions, squares = sketch.prepared[key]
        return cls(directions=directions, squares=squares)

    def to(self, device: torch.device) -> "RepaintingCharge":
        """The same on another device."""
        return replace(self, directions=self.directions.to(device))

    def scaled(
        self, moves: Float[Tensor, "*n m"], by: Float[Tensor, " k"]
    ) -> Float[Tensor, "*n m"]:
        """Flattened moves, with ``by`` times their part along each direction added."""
        along = moves @ self.directions.T
        found: Tensor = moves + (along * to_device(by, like=moves)) @ self.directions
        return found


@dataclass(frozen=True, kw_only=True)
class MoveMetric:
    """What a move costs: ``a' G a`` with ``G = 1 + weight R'R``."""

    charge: RepaintingCharge | None = None
    """None: ``G`` is 1."""
    weight: float = 0.0

    def taken(self) -> Float[Tensor, " k"]:
        """What ``G^-1`` takes of a move along each direction, from 0 to 1; on the host."""
        if self.charge is None:
            return torch.zeros(0, dtype=torch.float64)
        charged = self.weight * self.charge.squares
        return charged / (1 + charged)

    def eased(self, moves: Float[Tensor, "*n m"]) -> Float[Tensor, "*n m"]:
        """``G^-1`` of flattened moves."""
        if self.charge is None:
            return moves
        return self.charge.scaled(moves, -self.taken())

    def charged(self, moves: Float[Tensor, "*n m"]) -> Float[Tensor, "*n m"]:
        """``G`` of flattened moves."""
        if self.charge is None:
            return moves
        return self.charge.scaled(moves, self.weight * self.charge.squares)


def _spectrum(sketch: RepaintingSketch, space: LatentSpace) -> tuple[Tensor, Tensor]:
    missing = max(space.rows - sketch.rows.shape[1], 0)
    rows = F.pad(sketch.rows.to("cpu", torch.float32), (0, 0, 0, missing))
    on_cpu = replace(space, factor=None if space.factor is None else space.factor.cpu())
    # in double: what rounding leaves where there are more rows than directions is no direction
    rows = on_cpu.pulled_back(rows[None])[0].flatten(1).double()
    squares, left = torch.linalg.eigh(rows @ rows.T)
    squares = squares.clamp(min=_TINY * float(squares.max().clamp(min=_TINY)))
    directions = ((left / squares.sqrt()).T @ rows).float()
    return directions, squares * (rows.shape[1] / squares.sum())
