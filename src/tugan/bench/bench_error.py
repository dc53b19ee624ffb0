"""What experiments refuse."""

from tugan.core.errors import TuganError


class BenchError(TuganError):
    """An experiment that cannot be run as it was asked for."""
