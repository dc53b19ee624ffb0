"""Trackers that see finished pictures and not features: optical flow, video trackers."""

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.dragging.trackers.protocol import Tracker
from tugan.generators.protocol import Generator, SynthesisState


@final
@dataclass(frozen=True, kw_only=True)
class OnPictures:
    """A tracker that is given the picture, ``(1, 3, h, w)`` about [-1, 1], as its feature map.

    Every step of a drag then costs the rest of a synthesis.
    """

    tracker: Tracker


AnyTracker = Tracker | OnPictures
"""What solvers take."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A tracker, and what it looks at."""

    tracker: Tracker
    seen: Float[Tensor, "1 c h w"] = field(repr=False)


@torch.no_grad()
def watched(tracker: AnyTracker, generator: Generator, synthesis: SynthesisState) -> Watched:
    """The features that the synthesis stands at, or the picture that it leads to; no gradient."""
    standing = synthesis.detach()
    if isinstance(tracker, OnPictures):
        return Watched(tracker=tracker.tracker, seen=generator.finish(standing))
    return Watched(tracker=tracker, seen=standing.features)
