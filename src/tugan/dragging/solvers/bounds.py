"""What a drag may not leave: the pictures that the model draws."""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.dragging.latent_space import LatentSpace
from tugan.generators.protocol import FeatureRange, RepaintingSketch

LONGEST_WAY = 0.3
"""A move may be so long, as a share of the way between two pictures of the model: drags that went
well on faces took up to 0.25, melted faces were 0.28 and more away."""
FAMILIAR_WAY = 0.15
"""A move that would become longer than this share is shortened, and its handles stay behind. Drags
of faces that went well were shorter but for a few; under a hand, which asks for more than a face
can do, eyes and mouths dissolved, mostly from 0.18 on (docs/newton.md)."""
LEAST_WAY = 6.0
"""But so long always, in standard deviations of W: where W has few dimensions the way between
pictures is short, and single directions lead much further. Of faces this is half as far."""
START_EXCESS = 1.25
"""Where the start is further out than the model's pictures, features may be so much further."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Of the features, by how far those of the model's pictures are from their mean, and of the
    move."""

    features: FeatureRange | None = field(default=None, repr=False)
    """None where it is not known."""
    farthest: float = math.inf
    """Mean square of features that is still drawn."""
    longest: float = math.inf
    """Of the move."""
    familiar: float = math.inf
    """To this length moves are kept by what they are charged."""

    @classmethod
    def of(
        cls, sketch: RepaintingSketch | None, space: LatentSpace, start: Float[Tensor, "1 c h w"]
    ) -> "Bounds":
        """Of drags from the picture with these features; none without a sketch of the model."""
        if sketch is None:
            return cls()
        way = space.way_between_pictures
        longest, familiar = (max(share * way, LEAST_WAY) for share in (LONGEST_WAY, FAMILIAR_WAY))
        if len(sketch.features.mean) != start.shape[1]:
            return cls(longest=longest, familiar=familiar)
        farthest = max(
            sketch.features.farthest, START_EXCESS * float(sketch.features.square(start))
        )
        return cls(features=sketch.features, farthest=farthest, longest=longest, familiar=familiar)

    def excess(
        self, features: Float[Tensor, "1 c h w"], move: Float[Tensor, "moved d"]
    ) -> Float[Tensor, ""]:
        """How far out a state is: up to 1 it is within; on the device, without waiting for it."""
        length: Tensor = move.norm() / self.longest
        if self.features is None:
            return length
        return torch.maximum(length, self.features.square(features) / self.farthest)
