"""The models that can be asked for by name."""

import difflib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from tugan.core.errors import UnknownModelError

DEFAULT_MODEL = "faces-1024"


@dataclass(frozen=True, kw_only=True)
class CatalogEntry:
    """A model that comes with the package."""

    name: str
    folder: Path
    """Holds ``config.json``, ``model.safetensors`` and the model card ``README.md``."""


def catalog() -> tuple[CatalogEntry, ...]:
    """All models that are here now, the default first."""
    weights = Path(str(resources.files("tugan.generators"))) / "weights"
    folders = sorted(path.parent for path in weights.glob("*/config.json"))
    folders.sort(key=lambda folder: folder.name != DEFAULT_MODEL)
    return tuple(CatalogEntry(name=folder.name, folder=folder) for folder in folders)


def find_model(name_or_path: str | Path) -> Path:
    """The folder or file of a model: a name of the catalogue, or a path.

    :class:`UnknownModelError` lists near names.
    """
    entries = {entry.name: entry.folder for entry in catalog()}
    text = str(name_or_path)
    if isinstance(name_or_path, str) and text in entries:
        return entries[text]
    if _exists(Path(text)):
        return Path(text)
    near = difflib.get_close_matches(text, entries, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(entries)}"
    raise UnknownModelError(
        f"there is no model {text!r}, neither by that name nor as a file or folder; {hint}"
        " (tugan models list shows all)"
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long to be one
        return False
