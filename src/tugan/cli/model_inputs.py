"""Files that a command reads beside those that its options name: a model's, a photograph."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from tugan.core.errors import UnknownModelError
from tugan.generators.catalog import find_model

if TYPE_CHECKING:
    from tugan.inversion.photo_edit import PhotoSource

_OF_A_MODEL = ("*.json", "*.safetensors", "*.md", "SHA256SUMS")


def model_inputs(model: str | None) -> dict[str, Path | None]:
    """The files of a model, by what reads them; none of one that is not found."""
    if model is None:
        return {}
    try:
        found = find_model(model)
    except UnknownModelError:  # said when it is loaded
        return {}
    if not found.is_dir():
        return {"--model": found, "--model, with its config,": found.parent / "config.json"}
    files = [path for kind in _OF_A_MODEL for path in found.glob(kind)]
    return {f"--model ({path.name})": path for path in files}


def photo_input(source: "PhotoSource") -> dict[str, Path | None]:
    """The photograph's own file, where it still is; what has its name and is another is not.

    A project's name for it may be a stranger's: of that only the last part counts, here.
    """
    from tugan.inversion.photo_source import own_name
    from tugan.render.photo_file import PhotoError, photo_bytes

    path = source.place or Path(own_name(source.name))
    if source.content is None:
        return {"the project": path} if path.is_file() else {}
    try:
        same = source.sha256 == hashlib.sha256(photo_bytes(path)).hexdigest()
    except PhotoError:
        return {}
    return {"the project": path} if same else {}
