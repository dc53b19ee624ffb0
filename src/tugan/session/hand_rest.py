"""When the hand of a live drag rests, so that a finished picture is worth its time."""

import threading
import time
from collections.abc import Callable
from typing import final

from tugan.session.document import PointXy

REST_S = 0.25
"""A hand without a new place for so long rests: between two places of one that moves less pass."""
REST_WHILE_STEPPING_S = 1.0
"""Where steps still go on, a hand must rest for longer: most drags are there by then."""


@final
class HandRest:
    """For how long the hand has been where it is, and a wake-up for a job that sleeps meanwhile.

    For the job's own thread.
    """

    def __init__(
        self, wake: Callable[[], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """It has just come; ``wake`` may be called from another thread."""
        self._wake, self._clock = wake, clock
        self._place: PointXy | None = None
        self._since_s = clock()
        self._timer: threading.Timer | None = None

    def saw(self, goal_xy: PointXy | None) -> None:
        """The hand is here; None or the same place again is no news."""
        if goal_xy is not None and goal_xy != self._place:
            self._place, self._since_s = goal_xy, self._clock()
            self.close()

    @property
    def seconds(self) -> float:
        """Since the last new place."""
        return self._clock() - self._since_s

    def wake_after(self, seconds: float) -> None:
        """Once it has rested for so long, unless it moves before."""
        if self._timer is None:
            self._timer = threading.Timer(max(seconds - self.seconds, 0.0), self._wake)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """No wake-up any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
