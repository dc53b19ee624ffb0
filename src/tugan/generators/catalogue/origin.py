"""Where a model that is here came from: ``origin.json`` in its folder."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tugan.core.atomic_write import atomic_path

ORIGIN_NAME = "origin.json"


class Origin(BaseModel):
    """Of what a model was converted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    sha256: str
    """Of the file at that address."""
    width: int
    """Of the model's pictures, in pixels."""
    height: int
    original: str | None = None
    """Name of the file as it was downloaded, where it was kept beside the model."""


def read_origin(folder: Path) -> Origin | None:
    """None if there is no such file, or it is damaged."""
    try:
        return Origin.model_validate_json((folder / ORIGIN_NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def write_origin(folder: Path, origin: Origin) -> None:
    """:class:`OutputError` if it cannot be written."""
    with atomic_path(folder / ORIGIN_NAME) as path:
        path.write_text(origin.model_dump_json(indent=2) + "\n", encoding="utf-8")
