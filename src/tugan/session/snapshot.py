"""A session as others see it at one moment."""

from dataclasses import dataclass, field
from typing import Literal

from tugan.session.document import Document
from tugan.session.history import History
from tugan.session.incoming import Incoming
from tugan.session.model_store import LoadedModel

Phase = Literal["loading", "idle", "waiting", "dragging", "live", "photo"]
"""``loading`` a model or a picture; ``waiting`` for other sessions' turns; ``photo``: bringing a
photograph in."""


@dataclass(frozen=True, kw_only=True)
class EntrySummary:
    """An entry of the history."""

    id: int
    parent: int | None
    text: str
    has_picture: bool
    """Its picture is not its parent's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """Cheap to take, and it never changes."""

    phase: Phase
    document: Document | None = field(default=None, repr=False)
    """While a drag goes on: as it is at its newest step. None until the first picture is there."""
    entries: tuple[EntrySummary, ...] = ()
    current: int = 0
    can_undo: bool = False
    can_redo: bool = False
    model: LoadedModel | None = field(default=None, repr=False)
    incoming: Incoming | None = None
    """A photograph that is being brought in."""


def summaries(history: History) -> tuple[EntrySummary, ...]:
    """Of all entries, the oldest first."""
    return tuple(
        EntrySummary(
            id=entry.id, parent=entry.parent, text=entry.text, has_picture=entry.has_picture
        )
        for entry in history.entries
    )
