"""A hand that pulls: where it is, as a function of time alone."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from tugan.bench.live_task import Pace
from tugan.bench.texture_match import PointXy
from tugan.core.geometry import scale_from_512

SPEED_PX_AT_512 = {Pace.SLOW: 30.0, Pace.FAST: 200.0}
"""A second, along straight lines: 60 and 400 px of a picture of 1024."""
JUMP_EVERY_S = 0.5
"""A jumping hand is at its next place at once, and stays there for so long."""
STOPS = {Pace.SLOW: 1, Pace.FAST: 3, Pace.JUMPING: 4}
"""Places that the hand goes to one after the other; it rests at the last."""
REACH_PX_AT_512 = (20.0, 60.0)
"""How far from where it pressed those are: 40 to 120 px of 1024, in any direction."""


@final
@dataclass(frozen=True, kw_only=True)
class Hand:
    """Its way over a picture."""

    start_xy: PointXy
    stops_xy: tuple[PointXy, ...]
    speed_px_s: float | None
    """None jumps."""

    @property
    def moves_s(self) -> float:
        """When it has arrived at its end."""
        if self.speed_px_s is None:
            return JUMP_EVERY_S * (len(self.stops_xy) - 1)
        return sum(self._lengths_px()) / self.speed_px_s

    @property
    def end_xy(self) -> PointXy:
        """Where it rests."""
        return self.stops_xy[-1]

    def at(self, time_s: float) -> PointXy:
        """Where it is, ``time_s`` after it began to move."""
        if time_s >= self.moves_s:
            return self.end_xy
        if self.speed_px_s is None:
            return self.stops_xy[int(time_s / JUMP_EVERY_S)]
        left_px, leg_from = time_s * self.speed_px_s, self.start_xy
        for stop, length_px in zip(self.stops_xy, self._lengths_px(), strict=True):
            if left_px < length_px:
                share = left_px / length_px
                x, y = (one + share * (to - one) for one, to in zip(leg_from, stop, strict=True))
                return x, y
            left_px, leg_from = left_px - length_px, stop
        return self.end_xy

    def _lengths_px(self) -> list[float]:
        legs = zip((self.start_xy, *self.stops_xy), self.stops_xy, strict=False)
        return [math.dist(one, other) for one, other in legs]


def hand_of(
    pace: Pace, start_xy: PointXy, *, seed: int, pair: int, image_hw: tuple[int, int]
) -> Hand:
    """The hand of this pace on this face: the same for every rate and method.

    Places beyond the picture are moved to its edge.
    """
    chance = np.random.default_rng(np.random.SeedSequence((seed, pair, 1 + list(Pace).index(pace))))
    height, width = image_hw
    stops = []
    for _ in range(STOPS[pace]):
        reach = scale_from_512(float(chance.uniform(*REACH_PX_AT_512)), image_hw)
        angle = float(chance.uniform(0, 2 * math.pi))
        x = min(max(start_xy[0] + reach * math.cos(angle), 0.0), width - 1.0)
        y = min(max(start_xy[1] + reach * math.sin(angle), 0.0), height - 1.0)
        stops.append((x, y))
    speed = SPEED_PX_AT_512.get(pace)
    return Hand(
        start_xy=start_xy,
        stops_xy=tuple(stops),
        speed_px_s=None if speed is None else scale_from_512(speed, image_hw),
    )
