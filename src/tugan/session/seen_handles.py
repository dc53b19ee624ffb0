"""Places where handles were shown while a drag went on.

Who edits points during a drag answers to what was shown a moment ago: a handle that is sent back
from there has not been moved by anybody.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import final

from tugan.session.commands import PointInput
from tugan.session.document import PointPair, PointXy


@final
class SeenHandles:
    """Of the last drag, until something else is done."""

    def __init__(self) -> None:
        """None."""
        self._places: dict[int, set[PointXy]] = {}
        self._lock = threading.Lock()

    def add(self, points: Iterable[PointPair]) -> None:
        """These are shown now."""
        with self._lock:
            for point in points:
                self._places.setdefault(point.id, set()).add(point.handle_xy)

    def clear(self) -> None:
        """What was shown is over."""
        with self._lock:
            self._places = {}

    def brought_up_to_date(
        self, points: Sequence[PointInput], current: Sequence[PointPair]
    ) -> tuple[PointInput, ...]:
        """The same points, with handles that nobody moved where they are now."""
        now = {point.id: point.handle_xy for point in current}
        with self._lock:
            return tuple(
                replace(point, handle_xy=now[point.id])
                if point.id in now and point.handle_xy in self._places.get(point.id, ())
                else point
                for point in points
            )
