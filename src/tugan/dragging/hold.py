"""The scale of ``hold``: how much of the picture besides the motion a drag may repaint."""

from tugan.core.errors import InvalidDragError

DEFAULT_HOLD = 0.5
"""Halves what changes besides the motion at no loss of accuracy (docs/newton.md)."""


def check_hold(hold: float) -> None:
    """Raise :class:`InvalidDragError` unless ``hold`` is in [0, 1]."""
    if not 0 <= hold <= 1:
        raise InvalidDragError(
            f"hold must be between 0 (the whole picture may follow) and 1 (only what is pulled"
            f" moves), got {hold}"
        )


def hold_weight(hold: float) -> float:
    """The charge of repainting against that of a likely move, for a ``hold`` in [0, 1].

    0 is no charge and 1 a charge of 1; in between it rises exponentially, since effects go with the
    charge's logarithm: 0.25, 0.5 and 0.75 are 0.0024, 0.020 and 0.14.
    """
    return float(_RISE**hold - 1) / (_RISE - 1)


_RISE = 10**3.4
