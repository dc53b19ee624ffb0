"""So that two programs do not write into one download."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tugan.core.errors import OutputError
from tugan.generators.catalogue.errors import DownloadError

try:
    import fcntl
except ImportError:  # Windows: there the second program cannot open what the first writes to
    fcntl = None  # type: ignore[assignment]


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file; :class:`DownloadError` if another program holds it.

    The system lets go of it when a program ends, in whatever way.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    with file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise DownloadError(
                    f"another tugan is just fetching {path.stem}: let it finish"
                ) from error
        yield
