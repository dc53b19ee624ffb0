"""What can go wrong on the way from an address to a model; the command line exits with 2."""

from tugan.core.errors import TuganError


class CatalogueError(TuganError):
    """A catalogue file that cannot be read, or that says something impossible."""


class DownloadError(TuganError):
    """A file that could not be fetched; what was received is kept, where that can be used."""


class ChecksumError(TuganError):
    """A file that is not the one that was expected."""


class LicenceError(TuganError):
    """A licence that has not been accepted."""


class NotInstalledError(TuganError):
    """A model that is in a catalogue, and not here."""
