"""Where work that must outlive the program is kept: unlike a cache it cannot be computed again."""

import os
import sys
from pathlib import Path

from tugan.core.errors import OutputError

ENVIRONMENT_VARIABLE = "TUGAN_STATE"


def state_folder() -> Path:
    """The user's folder for our saved work; it need not exist yet.

    ``TUGAN_STATE`` names it; without that it is ``tugan`` under ``XDG_STATE_HOME`` or
    ``~/.local/state``, on Windows ``tugan/state`` under ``LOCALAPPDATA``. :class:`OutputError` if
    the user has no home folder.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return Path(named)
    windows = sys.platform == "win32"
    above = os.environ.get("LOCALAPPDATA" if windows else "XDG_STATE_HOME")
    if above and Path(above).is_absolute():  # the XDG specification: ignore relative ones
        return Path(above) / ("tugan/state" if windows else "tugan")
    try:
        return Path.home() / ".local" / "state" / "tugan"
    except RuntimeError as error:
        raise OutputError(
            f"there is no home folder to keep work in: set {ENVIRONMENT_VARIABLE} to a folder"
        ) from error
