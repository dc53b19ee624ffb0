"""The ordinary ends of a drag, for programs."""

from enum import StrEnum


class Ending(StrEnum):
    """The ordinary ends of a drag; none of them is an exception."""

    REACHED = "reached"
    STEP_LIMIT = "step-limit"
    NO_PROGRESS = "no-progress"
    NOT_FINITE = "not-finite"
    LOST_POINT = "lost-point"
    CANCELLED = "cancelled"
