"""Keeping a history small: what can be missed goes first, the oldest of it."""

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import fields, replace
from heapq import heapify, heappop, heappush
from typing import final

from torch import Tensor

from tugan.session.document import Document
from tugan.session.history import Entry, History
from tugan.session.limits import SessionLimits
from tugan.session.packed_mask import PackedMask

_ENTRY_BYTES = 2048
"""About what an entry takes beside its tensors."""


def trimmed(history: History, limits: SessionLimits) -> History:
    """Within the limits, as far as can be: the current entry stays whole.

    First the trails and optimiser states of old entries go, then old entries beside the way to the
    current one, last the beginning of that way. Photographs have a limit of their own. It takes
    time in proportion to what there is: a file from somewhere else may have a long history.
    """
    trimming = _Trimming(history, limits)
    trimming.drop_extras()
    trimming.drop_side_branches()
    trimming.drop_beginning()
    return trimming.result()


@final
class _Kept:
    """Sizes of what is kept alive by its owners, shared parts once."""

    def __init__(self) -> None:
        self._owners: Counter[Hashable] = Counter()
        self.nbytes = 0

    def add(self, key: Hashable, size: int) -> None:
        self.nbytes += size if not self._owners[key] else 0
        self._owners[key] += 1

    def drop(self, key: Hashable, size: int) -> None:
        self._owners[key] -= 1
        self.nbytes -= size if not self._owners[key] else 0


@final
class _Trimming:
    """A history on its way to become smaller; every step keeps count of what is left."""

    def __init__(self, history: History, limits: SessionLimits) -> None:
        self._history, self._limits = history, limits
        self._by_id = dict(history.by_id)
        self._oldest_first = sorted(self._by_id)
        self._parts, self._photos = _Kept(), _Kept()
        for entry in self._by_id.values():
            self._count(entry)

    def drop_extras(self) -> None:
        """Trails of the oldest entries, then their optimiser states."""
        for without in (_without_trail, _without_run):
            for key in self._oldest_first:
                if not self._heavy:
                    return
                entry = self._by_id[key]
                document = without(entry.document)
                if key == self._history.current or document is entry.document:
                    continue
                self._uncount(entry)
                self._by_id[key] = replace(entry, document=document)
                self._count(self._by_id[key])

    def drop_side_branches(self) -> None:
        """The oldest entries at the ends of branches, unless the current one is on them."""
        way = set(self._history.path_to(self._history.current))
        children = Counter(entry.parent for entry in self._by_id.values())
        ends = [key for key in self._oldest_first if key not in way and not children[key]]
        heapify(ends)
        while ends and self._too_large:
            gone = self._drop(heappop(ends))
            children[gone.parent] -= 1
            if gone.parent is not None and gone.parent not in way and not children[gone.parent]:
                heappush(ends, gone.parent)

    def drop_beginning(self) -> None:
        """The first entries of the way to the current one."""
        way = list(self._history.path_to(self._history.current))
        while len(way) > 1 and self._too_large:
            self._drop(way.pop())
            heir = self._by_id[way[-1]]
            self._by_id[way[-1]] = replace(heir, parent=None, has_picture=True)

    def result(self) -> History:
        """What is left; the same history if that is all of it."""
        if self._by_id == dict(self._history.by_id):
            return self._history
        return self._history.with_entries(self._by_id)

    @property
    def _heavy(self) -> bool:
        kept = self._parts.nbytes + _ENTRY_BYTES * len(self._by_id)
        return kept > self._limits.history_bytes

    @property
    def _too_large(self) -> bool:
        return (
            self._heavy
            or len(self._by_id) > self._limits.max_entries
            or self._photos.nbytes > self._limits.photos_bytes
        )

    def _drop(self, key: int) -> Entry:
        entry = self._by_id.pop(key)
        self._uncount(entry)
        return entry

    def _count(self, entry: Entry) -> None:
        for part in parts_of(entry.document):
            self._parts.add(id(part), part.nbytes)
        photo = entry.document.photo
        if photo is not None:
            self._photos.add(photo.key, photo.nbytes)

    def _uncount(self, entry: Entry) -> None:
        for part in parts_of(entry.document):
            self._parts.drop(id(part), part.nbytes)
        photo = entry.document.photo
        if photo is not None:
            self._photos.drop(photo.key, photo.nbytes)


def _without_trail(document: Document) -> Document:
    return document if document.trail is None else replace(document, trail=None)


def _without_run(document: Document) -> Document:
    return document if document.run is None else replace(document, run=None)


def parts_of(document: Document) -> Iterator[Tensor | PackedMask]:
    """The tensors and masks that a document keeps alive."""
    yield document.origin_ws
    yield document.ws
    if document.packed_mask is not None:
        yield document.packed_mask
    if document.record is not None:
        yield document.record.start_ws
        if document.record.packed_mask is not None:
            yield document.record.packed_mask
    if document.trail is not None:
        yield document.trail.start_ws
        for step in document.trail.steps:
            yield from (step.rows, step.handles_xy, step.goals_xy)
    if document.run is not None:
        for part in (document.run.state, document.run.nearest):
            if part is not None:
                values = (getattr(part, one.name) for one in fields(part))
                yield from (value for value in values if isinstance(value, Tensor))
