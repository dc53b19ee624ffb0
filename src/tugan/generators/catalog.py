"""The models that can be asked for by name: those that come with the package, and those pulled."""

import difflib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from tugan.core.errors import OutputError, UnknownModelError
from tugan.generators.catalogue.places import models_folder

DEFAULT_MODEL = "faces-1024"


@dataclass(frozen=True, kw_only=True)
class CatalogEntry:
    """A model that is here."""

    name: str
    folder: Path
    """Holds ``config.json``, ``model.safetensors`` and the model card ``README.md``."""
    bundled: bool
    """It comes with the package; else it was pulled."""


def catalog() -> tuple[CatalogEntry, ...]:
    """All models that are here now, the default first and those that were pulled last."""
    weights = Path(str(resources.files("tugan.generators"))) / "weights"
    bundled = sorted(_models_in(weights), key=lambda folder: folder.name != DEFAULT_MODEL)
    names = {folder.name for folder in bundled}
    pulled = [folder for folder in _pulled() if folder.name not in names]
    return (
        *(CatalogEntry(name=folder.name, folder=folder, bundled=True) for folder in bundled),
        *(CatalogEntry(name=folder.name, folder=folder, bundled=False) for folder in pulled),
    )


def find_model(name_or_path: str | Path) -> Path:
    """The folder or file of a model: a name of the catalogue, or a path.

    :class:`UnknownModelError` says how to get a model that is offered and not here, or else lists
    near names.
    """
    entries = {entry.name: entry.folder for entry in catalog()}
    text = str(name_or_path)
    if isinstance(name_or_path, str) and text in entries:
        return entries[text]
    if _exists(Path(text)):
        return Path(text)
    raise unknown_model(text)


def unknown_model(text: str) -> UnknownModelError:
    """The error for a name or path that is nothing here: how to get it, or near names."""
    from tugan.generators.catalogue.offers import offers  # pydantic: only where it goes wrong

    offered = [offer.name for offer in offers()]
    if text in offered:
        return UnknownModelError(
            f"the model {text} is not here yet; get it with: tugan pull {text}"
        )
    here = [entry.name for entry in catalog()]
    near = difflib.get_close_matches(text, here, n=1, cutoff=0.4)
    near += difflib.get_close_matches(text, offered, n=2, cutoff=0.65)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(here)}, and more"
    )
    return UnknownModelError(
        f"there is no model {text!r}, neither by that name nor as a file or folder; {hint}"
        " (tugan models list shows all)"
    )


def _models_in(folder: Path) -> list[Path]:
    found = sorted(path.parent for path in folder.glob("*/config.json"))
    return [one for one in found if not one.name.startswith(".")]  # those are not whole


def _pulled() -> list[Path]:
    try:
        return _models_in(models_folder())
    except (OSError, OutputError):  # no home, or one that cannot be read: then none were
        return []


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long to be one
        return False
