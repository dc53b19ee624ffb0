"""Where work that must outlive the program is kept: unlike a cache it cannot be computed again."""

import contextlib
import os
import stat
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


def private_folder(folder: Path) -> None:
    """Make a folder that is the user's alone (0700), with those above that are missing.

    One that is there already is closed to others, if it is the user's. ``OSError`` if it cannot be
    made.
    """
    if not folder.parent.exists():
        private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    close_to_others(folder)


def close_to_others(path: Path) -> None:
    """Take from all others what they may do with a file or folder, if it is the user's to take."""
    with contextlib.suppress(OSError):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and not path.is_symlink():
            path.chmod(mode & 0o700)
