"""A download that is not whole yet: its bytes, and what is known of the file they are of."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from pydantic import BaseModel, ConfigDict, ValidationError

from tugan.core.atomic_write import atomic_path


class PartNote(BaseModel):
    """Which file the bytes are of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    validator: str
    """A strong ETag, or else when the file was last changed: what ``If-Range`` takes."""
    total_bytes: int


@final
@dataclass(frozen=True, kw_only=True)
class Partial:
    """The two files beside the place of the finished one."""

    target: Path

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return self.target.with_name(self.target.name + ".part")

    @property
    def note_path(self) -> Path:
        """Where the note is."""
        return self.target.with_name(self.target.name + ".part.json")

    @property
    def size_bytes(self) -> int:
        """How many there are."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def note(self, address: str) -> PartNote | None:
        """What the bytes are of, if the download can be gone on with."""
        try:
            note = PartNote.model_validate_json(self.note_path.read_bytes())
        except (OSError, ValidationError):
            return None
        return note if note.address == address and self.size_bytes > 0 else None

    def begin(self, note: PartNote | None) -> None:
        """Empty, with a note; None: it cannot be gone on with."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.note_path.unlink(missing_ok=True)
        self.path.write_bytes(b"")
        if note is not None:
            with atomic_path(self.note_path) as path:
                path.write_text(note.model_dump_json(), encoding="utf-8")

    def finish(self) -> None:
        """The bytes become the target."""
        self.path.replace(self.target)
        self.note_path.unlink(missing_ok=True)

    def drop(self) -> None:
        """Away with it."""
        self.path.unlink(missing_ok=True)
        self.note_path.unlink(missing_ok=True)
