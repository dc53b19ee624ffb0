"""Where a drag by feature flow is."""

import math
from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from tugan.dragging.latent_space import LatentSpace
from tugan.dragging.repainting_charge import RepaintingCharge
from tugan.dragging.solvers.bounds import Bounds
from tugan.dragging.solvers.curvature import Curvature
from tugan.dragging.solvers.held_region import HeldRegion
from tugan.dragging.solvers.turns import Turns


@dataclass(frozen=True, kw_only=True)
class NewtonState:
    """Where a drag is."""

    steps: int
    move: Float[Tensor, "moved d"] = field(repr=False)
    """In the coordinates of the latent space."""
    space: LatentSpace = field(repr=False)
    repainting: RepaintingCharge | None = field(repr=False)
    """What repainting costs; None where nothing is held but by a mask."""
    bounds: tuple[Bounds, ...] = field(repr=False)
    """What may not be left, for each block."""
    level: int
    """Index of the feature block in use."""
    references: tuple[Float[Tensor, "n _"], ...] = field(repr=False)
    """What the handles looked like at the start, for each block."""
    held: tuple[HeldRegion, ...] = field(repr=False)
    """What should stay, for each block; empty without a mask."""
    turns: Turns = field(repr=False)
    """Whose derivatives a step computes."""
    expected_xy: Float[Tensor, "n 2"]
    """Where the last step was predicted to bring the handles."""
    seen_xy: Float[Tensor, "n 2"]
    """Where they were before it."""
    damping: float
    jacobian: Float[Tensor, "e m"] | None = field(default=None, repr=False)
    """Motion of the handles by the flattened move, as it was last known; zero where it is not
    known yet."""
    last_change: Float[Tensor, " m"] | None = field(default=None, repr=False)
    """The last step."""
    curvature: Curvature | None = field(default=None, repr=False)
    """Of what the mask holds, as far as it is known."""
    radius: float = 1.0
    """Of the trust region, as a share of the settings'."""
    tries: int = 0
    """Steps that were taken back where this one began."""
    taken_back: int = 0
    """And since the drag began."""
    stopped: bool = False
    """However small, the next step would have to be taken back."""
    age: int = 0
    """Steps since the Jacobian was computed or, where that goes in turns, begun."""
    left_px: float = math.inf
    """Mean distance of the handles, the least lately."""
    waited: int = 0
    """Steps of little progress."""
    least_left_px: float = math.inf
    least_left_step: int = 0
