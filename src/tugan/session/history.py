"""The tree of what was done. Immutable: every method gives another history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tugan.session.document import Document
from tugan.session.errors import SessionError


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """One state of the work."""

    id: int
    parent: int | None
    text: str
    """What was done, in words."""
    has_picture: bool
    """Its picture is not its parent's."""
    document: Document = field(repr=False)
    gesture: str | None = None
    """Changes of one gesture are one entry."""


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """Entries, the current one, and for each entry the child that was last gone to."""

    by_id: Mapping[int, Entry] = field(repr=False)
    current: int
    taken: Mapping[int, int] = field(default_factory=dict, repr=False)
    next_id: int

    @classmethod
    def begun(cls, document: Document, *, text: str) -> "History":
        """With one entry, whose id is 0."""
        first = Entry(id=0, parent=None, text=text, has_picture=True, document=document)
        return cls(by_id=MappingProxyType({0: first}), current=0, next_id=1)

    @property
    def entry(self) -> Entry:
        """The current one."""
        return self.by_id[self.current]

    @property
    def document(self) -> Document:
        """Of the current entry."""
        return self.entry.document

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All, the oldest first."""
        return tuple(self.by_id[key] for key in sorted(self.by_id))

    @property
    def can_undo(self) -> bool:
        """Is there an entry before this one?"""
        return self.entry.parent is not None

    @property
    def can_redo(self) -> bool:
        """Is there an entry after this one?"""
        return self.current in self.taken

    def added(
        self,
        document: Document,
        *,
        text: str,
        has_picture: bool = False,
        gesture: str | None = None,
    ) -> "History":
        """A new entry after the current one; or that one changed, if it is of this gesture.

        An entry from which others went on is never changed.
        """
        now = self.entry
        if gesture is not None and gesture == now.gesture and not self._has_children(now.id):
            picture = now.has_picture or has_picture
            changed = replace(now, document=document, text=text, has_picture=picture)
            return self._with(changed)
        new = Entry(
            id=self.next_id,
            parent=now.id,
            text=text,
            has_picture=has_picture,
            document=document,
            gesture=gesture,
        )
        taken = {**self.taken, now.id: new.id}
        return replace(
            self._with(new), current=new.id, taken=MappingProxyType(taken), next_id=new.id + 1
        )

    def amended(self, document: Document) -> "History":
        """The current entry with another document: for what is no step of its own."""
        return self._with(replace(self.entry, document=document))

    def closed_gesture(self) -> "History":
        """What is done next is another entry, whatever gesture it belongs to."""
        return self if self.entry.gesture is None else self._with(replace(self.entry, gesture=None))

    def undone(self) -> "History":
        """One entry back; :class:`SessionError` at the first."""
        parent = self.entry.parent
        if parent is None:
            raise SessionError("nothing-to-undo", "There is nothing to undo.")
        return self._at(parent)

    def redone(self) -> "History":
        """One entry forward, on the branch last taken; :class:`SessionError` at its end."""
        child = self.taken.get(self.current)
        if child is None:
            raise SessionError("nothing-to-redo", "There is nothing to redo.")
        return self._at(child)

    def gone_to(self, entry: int) -> "History":
        """Any entry; :class:`SessionError` if there is none of this id.

        Undo and redo follow the branch that leads there from then on.
        """
        if entry not in self.by_id:
            raise SessionError(
                "unknown-entry",
                f"The history has no entry {entry}.",
                "It may have been dropped to save memory: choose another one.",
            )
        taken = dict(self.taken)
        for child in self.path_to(entry):
            parent = self.by_id[child].parent
            if parent is not None:
                taken[parent] = child
        return replace(self, current=entry, taken=MappingProxyType(taken)).closed_gesture()

    def path_to(self, entry: int) -> tuple[int, ...]:
        """Ids from this entry back to the first."""
        return tuple(self._back_from(entry))

    def with_entries(self, by_id: Mapping[int, Entry]) -> "History":
        """The same place with some entries changed or gone; the current one must be there."""
        taken = {
            parent: child
            for parent, child in self.taken.items()
            if parent in by_id and child in by_id
        }
        assert self.current in by_id
        return replace(self, by_id=MappingProxyType(dict(by_id)), taken=MappingProxyType(taken))

    def _at(self, entry: int) -> "History":
        return replace(self, current=entry).closed_gesture()

    def _with(self, entry: Entry) -> "History":
        return replace(self, by_id=MappingProxyType({**self.by_id, entry.id: entry}))

    def _has_children(self, entry: int) -> bool:
        return any(one.parent == entry for one in self.by_id.values())

    def _back_from(self, entry: int) -> Iterator[int]:
        place: int | None = entry
        while place is not None:
            yield place
            place = self.by_id[place].parent
