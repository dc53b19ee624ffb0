"""Where results that can be computed again are kept between runs."""

import os
import sys
from pathlib import Path

from tugan.core.errors import OutputError

ENVIRONMENT_VARIABLE = "TUGAN_CACHE"


def cache_folder() -> Path:
    """The user's folder for our caches; it need not exist yet.

    ``TUGAN_CACHE`` names it; without that it is ``tugan`` under ``XDG_CACHE_HOME`` or ``~/.cache``,
    on Windows under ``LOCALAPPDATA``. :class:`OutputError` if the user has no home folder.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return Path(named)
    above = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    if above and Path(above).is_absolute():  # the XDG specification: ignore relative ones
        return Path(above) / "tugan"
    try:
        return Path.home() / ".cache" / "tugan"
    except RuntimeError as error:
        raise OutputError(
            f"there is no home folder to keep caches in: set {ENVIRONMENT_VARIABLE} to a folder"
        ) from error
