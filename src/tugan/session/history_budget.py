"""Keeping a history small: what can be missed goes first, the oldest of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace

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
    current one, last the beginning of that way. Photographs have a limit of their own.
    """
    while _too_large(history, limits):
        smaller = _without_extras(history) if _bytes_of(history) > limits.history_bytes else None
        smaller = smaller or _without_side_branch(history) or _without_root(history)
        if smaller is None:
            return history
        history = smaller
    return history


def _too_large(history: History, limits: SessionLimits) -> bool:
    return (
        len(history.by_id) > limits.max_entries
        or _bytes_of(history) > limits.history_bytes
        or _photo_bytes_of(history) > limits.photos_bytes
    )


def _bytes_of(history: History) -> int:
    """What the history keeps alive, shared parts once."""
    kept = {id(part): size for entry in history.by_id.values() for part, size in _parts(entry)}
    return sum(kept.values()) + _ENTRY_BYTES * len(history.by_id)


def _photo_bytes_of(history: History) -> int:
    photos = {
        entry.document.photo.key: entry.document.photo.nbytes
        for entry in history.by_id.values()
        if entry.document.photo is not None
    }
    return sum(photos.values())


def _parts(entry: Entry) -> Iterator[tuple[object, int]]:
    for part in parts_of(entry.document):
        yield part, part.nbytes


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


def _without_extras(history: History) -> History | None:
    """The oldest entry's trail, or its optimiser state, dropped; None if there is none left."""
    old = [entry for entry in history.entries if entry.id != history.current]
    for entry in old:
        if entry.document.trail is not None:
            return _changed(history, entry, replace(entry.document, trail=None))
    for entry in old:
        if entry.document.run is not None:
            return _changed(history, entry, replace(entry.document, run=None))
    return None


def _changed(history: History, entry: Entry, document: Document) -> History:
    return history.with_entries({**history.by_id, entry.id: replace(entry, document=document)})


def _without_side_branch(history: History) -> History | None:
    """The oldest entry at the end of a branch dropped, unless the current one is on it."""
    way = set(history.path_to(history.current))
    parents = Counter(entry.parent for entry in history.by_id.values())
    for entry in history.entries:
        if entry.id not in way and not parents[entry.id]:
            return _without(history, entry.id)
    return None


def _without_root(history: History) -> History | None:
    way = history.path_to(history.current)
    if len(way) < 2:
        return None
    root, child = way[-1], way[-2]
    kept = _without(history, root)
    heir = replace(kept.by_id[child], parent=None, has_picture=True)
    return kept.with_entries({**kept.by_id, child: heir})


def _without(history: History, entry: int) -> History:
    return history.with_entries({key: one for key, one in history.by_id.items() if key != entry})
