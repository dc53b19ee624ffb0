"""The MLP-Mixer of PIPs: eight frames of one point to a change of its track and of its features.

Names of parts are those of the published weights, in which every layer of a mixer has its number.
"""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

FRAMES = 8
"""Of a window; the mixer knows no other number."""
_WIDTH = 512
_DEPTH = 12
_EXPANSION = 4
_SINES = 64
"""Numbers that each coordinate of the motion is spread over."""
_FREQUENCY_RANGE = 1000.0
MOTION = 3 * _SINES + 3
"""Channels of :func:`motion_code`."""


def motion_code(motion: Float[Tensor, "n s 3"]) -> Float[Tensor, "n s 195"]:
    """Sines and cosines of each coordinate in turn, then the coordinates themselves."""
    steps = torch.arange(0, _SINES, 2, dtype=motion.dtype, device=motion.device)
    phases = motion[..., None] * (steps * (_FREQUENCY_RANGE / _SINES))
    waves = torch.stack([phases.sin(), phases.cos()], dim=-1)
    return torch.cat([waves.flatten(2), motion], dim=2)


@final
class Mixed(nn.Module):
    """Two layers beside their input: over the frames, or over the channels."""

    def __init__(self, *, over_frames: bool) -> None:
        """Over frames the layers are convolutions of one tap, as the weights have them."""
        super().__init__()
        first: nn.Module
        last: nn.Module
        if over_frames:
            first = nn.Conv1d(FRAMES, _EXPANSION * FRAMES, 1)
            last = nn.Conv1d(_EXPANSION * FRAMES, FRAMES, 1)
        else:
            first = nn.Linear(_WIDTH, _EXPANSION * _WIDTH)
            last = nn.Linear(_EXPANSION * _WIDTH, _WIDTH)
        # the third is where training had a dropout
        self.fn = nn.Sequential(first, nn.GELU(), nn.Identity(), last)
        self.norm = nn.LayerNorm(_WIDTH)

    def forward(self, x: Float[Tensor, "n s c"]) -> Float[Tensor, "n s c"]:
        """The same shape."""
        changed: Tensor = x + self.fn(self.norm(x))
        return changed


@final
class FrameMean(nn.Module):
    """What is common to the frames."""

    def forward(self, x: Float[Tensor, "n s c"]) -> Float[Tensor, "n c"]:
        """Over all of them."""
        return x.mean(dim=1)


@final
class DeltaBlock(nn.Module):
    """Features, correlations and motion of a point to what changes in each frame."""

    def __init__(self, *, fan_in: int, fan_out: int) -> None:
        """Channels that come in, and that go out for each frame."""
        super().__init__()
        blocks = [
            nn.Sequential(Mixed(over_frames=True), Mixed(over_frames=False)) for _ in range(_DEPTH)
        ]
        self.to_delta = nn.Sequential(
            nn.Linear(fan_in, _WIDTH),
            *blocks,
            nn.LayerNorm(_WIDTH),
            FrameMean(),
            nn.Linear(_WIDTH, FRAMES * fan_out),
        )

    def forward(self, seen: Float[Tensor, "n s i"]) -> Float[Tensor, "n s o"]:
        """Of points by themselves; they do not know of each other."""
        change: Tensor = self.to_delta(seen)
        return change.reshape(len(seen), FRAMES, -1)
