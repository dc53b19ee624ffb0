"""Windows of eight frames chained through a longer video (Harley et al. 2022)."""

from dataclasses import dataclass, field, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.perceptual.pips_mixer import FRAMES
from tugan.perceptual.pips_network import Pips, PipsTracks

_EARLIEST = 2
"""The next window begins no earlier in the last, so that the chain gets on."""
_SEEN = 0.9
_SEEN_STEP = 0.02


@final
@dataclass(frozen=True, kw_only=True)
class PipsChain:
    """Where points are in the last frame, and what is needed to follow them into the next.

    Each point has windows of its own: the next one begins at the latest frame of the last in which
    the point was seen. What it looks like is always taken from the very first frame.
    """

    maps: tuple[Tensor, ...] = field(repr=False)
    """Features of the frames from the earliest window on, at most eight, ``(1, 128, h, w)``."""
    begins: tuple[int, ...]
    """Which of them is the first of each point's window."""
    begins_xy: Float[Tensor, "n 2"] = field(repr=False)
    """Where the point is there, pixels of the frames."""
    appearance: Float[Tensor, "n 128"] = field(repr=False)
    points_xy: Float[Tensor, "n 2"]
    """In the last frame."""
    visible: Float[Tensor, " n"]
    """0 to 1: are they seen there?"""


@torch.no_grad()
def begun(
    network: Pips, frame: Float[Tensor, "1 3 h w"], points_xy: Float[Tensor, "n 2"]
) -> PipsChain:
    """At the first frame, in [-1, 1], where the points are known."""
    maps = network.encode(frame)
    return PipsChain(
        maps=(maps,),
        begins=(0,) * len(points_xy),
        begins_xy=points_xy,
        appearance=network.appearance(maps, points_xy),
        points_xy=points_xy,
        visible=points_xy.new_ones(len(points_xy)),
    )


@torch.no_grad()
def continued(network: Pips, chain: PipsChain, frame: Float[Tensor, "1 3 h w"]) -> PipsChain:
    """At the next frame, of the same size. A window that is not full repeats its last frame."""
    maps = (*chain.maps, network.encode(frame))
    begins, begins_xy = list(chain.begins), chain.begins_xy.clone()
    points_xy, visible = chain.points_xy.clone(), chain.visible.clone()
    for begin in set(chain.begins):
        here = [index for index, one in enumerate(chain.begins) if one == begin]
        tracks = _window(network, maps[begin:], chain, here)
        last = len(maps) - 1 - begin
        points_xy[here], visible[here] = tracks.points_xy[last], tracks.visible[last]
        if last + 1 == FRAMES:
            for place, index in enumerate(here):
                link = last_seen(tracks.visible[:, place])
                begins[index] = begin + link
                begins_xy[index] = tracks.points_xy[link, place]
    return replace(
        chain,
        maps=maps[min(begins) :],
        begins=tuple(one - min(begins) for one in begins),
        begins_xy=begins_xy,
        points_xy=points_xy,
        visible=visible,
    )


def last_seen(visible: Float[Tensor, " s"]) -> int:
    """The latest frame of a window, but the first two, in which a point is surely seen.

    Where there is none, the threshold falls until there is one.
    """
    candidates = visible[_EARLIEST:]
    threshold = _SEEN
    while not bool((candidates > threshold).any()):
        threshold -= _SEEN_STEP
    return _EARLIEST + int((candidates > threshold).nonzero().max())


def _window(
    network: Pips, maps: tuple[Tensor, ...], chain: PipsChain, points: list[int]
) -> PipsTracks:
    """Some of the points through a window."""
    repeated = (maps[-1],) * (FRAMES - len(maps))
    tracks: PipsTracks = network(
        torch.cat([*maps, *repeated]), chain.begins_xy[points], chain.appearance[points]
    )
    return tracks
