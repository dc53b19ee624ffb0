"""The errors that callers can act on.

Every message says what was expected, what came, and what to do about it.
"""


class TuganError(ValueError):
    """Base of all errors that a caller or a file caused; the command line shows it and exits 2."""


class InvalidDragError(TuganError):
    """Points, mask or settings that do not describe a drag on this generator."""


class CheckpointError(TuganError):
    """A file that is not a checkpoint we can read: empty, truncated, of another kind, misshapen."""


class UnsafeCheckpointError(CheckpointError):
    """A file that asks for something outside the short list of what a checkpoint may contain."""


class UnknownModelError(TuganError):
    """A model name that is in no catalogue and is no path."""


class DeviceError(TuganError):
    """A device that does not exist here."""


class OutputError(TuganError):
    """A place that cannot be written to."""


class MissingExtraError(TuganError):
    """A feature whose optional dependency is not installed; the message names the extra."""
