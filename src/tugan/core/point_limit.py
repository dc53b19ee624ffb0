"""How many points one drag may have."""

from tugan.core.errors import InvalidDragError

MAX_POINTS = 200
"""Everywhere: a step of ten thousand took 4.7 GB, and nobody sets them by hand."""


def check_point_count(count: int) -> None:
    """:class:`InvalidDragError` for more points than can be dragged at once."""
    if count > MAX_POINTS:
        raise InvalidDragError(
            f"there are {count} points, but at most {MAX_POINTS} can be dragged at once: leave some"
            " out"
        )
