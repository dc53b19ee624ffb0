"""The sizes that fix a RAFT network (Teed & Deng, ECCV 2020)."""

from dataclasses import dataclass
from typing import Literal, final

STRIDE_PX = 8
"""Pixels of the picture a cell of the feature maps."""
LEVELS = 4
"""Of the correlation pyramid."""


@final
@dataclass(frozen=True, kw_only=True)
class RaftConfig:
    """Widths in channels; the published networks are :data:`LARGE` and :data:`SMALL`."""

    variant: Literal["large", "small"]
    """``small`` has bottleneck blocks, one plain GRU, and flow that is made larger bilinearly."""
    stages: tuple[int, int, int]
    """Of both encoders; the first is also their stem's."""
    features: int
    """What is correlated."""
    hidden: int
    """State of the recurrent unit."""
    context: int
    """What the first picture says to it at every step."""
    context_norm: Literal["batch", "none"]
    """The feature encoder's is always ``instance``."""
    radius: int
    """Cells that the lookup reaches at each level."""
    correlation: tuple[int, ...]
    """Of the motion encoder's layers for correlations."""
    flow: tuple[int, int]
    """Of its layers for the flow so far."""
    motion: int
    """Of its result, which ends with the flow itself."""
    head: int
    """Hidden layer of the flow head."""

    @property
    def looked_up(self) -> int:
        """Correlations that a lookup gives for each cell."""
        return LEVELS * (2 * self.radius + 1) ** 2


LARGE = RaftConfig(
    variant="large",
    stages=(64, 96, 128),
    features=256,
    hidden=128,
    context=128,
    context_norm="batch",
    radius=4,
    correlation=(256, 192),
    flow=(128, 64),
    motion=128,
    head=256,
)
SMALL = RaftConfig(
    variant="small",
    stages=(32, 64, 96),
    features=128,
    hidden=96,
    context=64,
    context_norm="none",
    radius=3,
    correlation=(96,),
    flow=(64, 32),
    motion=82,
    head=128,
)
