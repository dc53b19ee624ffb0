"""Where models that were downloaded are kept. Imports no torch: every start looks here."""

from pathlib import Path

from tugan.core.cache_folder import cache_folder


def models_folder() -> Path:
    """A folder for each model that was pulled; need not exist yet."""
    return cache_folder() / "models"


def downloads_folder() -> Path:
    """Downloads that are not converted yet, whole or in part; need not exist yet."""
    return cache_folder() / "downloads"


def installed_folder(name: str) -> Path:
    """Where the model of this name is, if it was pulled."""
    return models_folder() / name


def download_path(name: str) -> Path:
    """Where its download goes."""
    return downloads_folder() / name
