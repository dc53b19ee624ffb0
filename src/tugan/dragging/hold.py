"""The scale of ``hold``: how much of the picture besides the motion a drag may repaint."""

from tugan.core.errors import InvalidDragError

DEFAULT_HOLD = 0.5
"""Takes nearly half of what changes outside a face with one point, a third with five: newton.md."""
MOST_WEIGHT = 10.0
STRETCH = 0.4
"""Held all through, a move may be longer than a free one by this share."""
FREE_LENGTH = 7.0
"""And moves up to this many standard deviations of W are held whatever that takes."""
_RISE = 1040.0


def check_hold(hold: float) -> None:
    """Raise :class:`InvalidDragError` unless ``hold`` is in [0, 1]."""
    if not 0 <= hold <= 1:
        raise InvalidDragError(
            f"hold must be between 0 (the whole picture may follow) and 1 (only what is pulled"
            f" moves), got {hold}"
        )


def hold_weight(hold: float) -> float:
    """The largest charge of repainting against that of a likely move, for a ``hold`` in [0, 1].

    0 is no charge and 1 one of :data:`MOST_WEIGHT`; in between it rises exponentially, since
    effects go with the charge's logarithm: 0.25, 0.5 and 0.75 are 0.05, 0.3 and 1.7.
    """
    return float(MOST_WEIGHT * (_RISE**hold - 1) / (_RISE - 1))


def allowed_length(hold: float, free: float) -> float:
    """How long the move of a whole drag may become for holding, where a ``free`` one is so long."""
    return max((1 + STRETCH * hold * hold) * free, FREE_LENGTH * hold)
