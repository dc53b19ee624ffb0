"""What FreeDrag's places should look like: templates, and how fast they change."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.dragging.features import read_features

GOOD_MOTION = 0.2, 0.5
"""At a loss of this share of ``l``, this much of the template is made anew."""
BAD_MOTION = 0.8, 0.1
"""And at this one, this much: the two conditions that fix ``alpha`` and ``beta``."""


def patches(
    features: Float[Tensor, "1 c h w"],
    places_xy: Float[Tensor, "n 2"],
    offsets_xy: Float[Tensor, "q 2"],
    *,
    image_hw: tuple[int, int],
) -> Float[Tensor, "n q c"]:
    """Features of the discs around the places; gradients flow to ``features``."""
    places = places_xy[:, None] + offsets_xy
    read = read_features(features, places.reshape(-1, 2), image_hw=image_hw)
    return read.reshape(len(places_xy), len(offsets_xy), -1)


def difference(
    found: Float[Tensor, "n q c"], templates: Float[Tensor, "n q c"]
) -> Float[Tensor, " n"]:
    """Mean absolute difference, the loss of each handle."""
    return (found - templates).abs().mean(dim=(1, 2))


def update_weight(loss: Float[Tensor, " n"], expected: float) -> Float[Tensor, " n"]:
    """``lambda = 1 / (1 + exp(alpha (L - beta)))``, of the losses that a sub-motion ended with.

    Much of the template is made anew where the loss is small, little where it is not: what is at
    the place is then something else. ``alpha`` and ``beta`` follow from
    :data:`GOOD_MOTION` and :data:`BAD_MOTION`; ``expected`` is ``l``.
    """
    (good_at, good), (bad_at, bad) = GOOD_MOTION, BAD_MOTION
    low, high = math.log(1 / good - 1), math.log(1 / bad - 1)
    alpha = (high - low) / (bad_at - good_at)
    beta = good_at - low / alpha
    return torch.sigmoid(-alpha * (loss / expected - beta))


def updated(
    templates: Float[Tensor, "n q c"], found: Float[Tensor, "n q c"], weight: Float[Tensor, " n"]
) -> Float[Tensor, "n q c"]:
    """``lambda F(h) + (1 - lambda) T``."""
    return torch.lerp(templates, found, weight[:, None, None])
