"""What a tracker does."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """Where the points are now."""

    points_xy: Float[Tensor, "n 2"]
    mismatch: Float[Tensor, " n"]
    """How far each point's feature is from its reference, in the tracker's norm."""
    confidence: Float[Tensor, " n"] | None = None
    """1 for a perfect match, 0 for one no better than chance; None if the tracker cannot tell."""


@runtime_checkable
class Tracker(Protocol):
    """Finds points again in a feature map by what they looked like at the start."""

    def reference(
        self,
        features: Float[Tensor, "1 c h w"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Float[Tensor, "n k"]:
        """What to look for: taken once, from the initial picture."""
        ...

    def track(
        self,
        features: Float[Tensor, "1 c h w"],
        reference: Float[Tensor, "n k"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Tracking:
        """Where they are now, searched around where they are expected."""
        ...
