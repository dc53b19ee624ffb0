"""So that two programs do not write into one download."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tugan.core.file_lock import HeldElsewhereError, hold
from tugan.generators.catalogue.errors import DownloadError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file; :class:`DownloadError` if another program holds it."""
    try:
        lock = hold(path)
    except HeldElsewhereError as error:
        raise DownloadError(f"another tugan is just fetching {path.stem}: let it finish") from error
    with lock:
        yield
