"""What torch.save writes, new (a zip) and old (a row of pickles), as a tree of plain values."""

import io
import struct
from collections.abc import Mapping
from typing import final

from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats.allow_list import ALLOWED, Allowed
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.inert_objects import (
    Arguments,
    Constructor,
    ForeignName,
    as_span,
    printable,
)
from tugan.generators.formats.safe_unpickler import unpickle
from tugan.generators.formats.spans import Cursor, Span
from tugan.generators.formats.stored_zip import zip_entries
from tugan.generators.formats.tensor_data import ElementType, Storage, whole_number

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001


def read_zip(file: io.BufferedIOBase, span: Span, budget: Budget) -> object:
    """The tree of the zip format of torch.save; CheckpointError for any other zip."""
    entries = zip_entries(file, span)
    roots = [name.removesuffix("data.pkl") for name in entries if name.endswith("/data.pkl")]
    if len(roots) != 1:
        listed = ", ".join(printable(name) for name in list(entries)[:8]) or "nothing"
        raise CheckpointError(
            f"expected a zip made by torch.save, with one data.pkl; this one holds {listed}"
        )
    if f"{roots[0]}constants.pkl" in entries:
        raise CheckpointError(
            "this is a TorchScript program, not a checkpoint of weights; save its state_dict"
        )
    storages = _ZipStorages(entries, roots[0])
    pickled = Cursor(entries[f"{roots[0]}data.pkl"])
    return unpickle(pickled, allowed=ALLOWED, budget=budget, persistent_load=storages.load)


def read_plain_pickle(span: Span, budget: Budget) -> tuple[object, bool]:
    """The tree of a bare pickle, and whether it came in the old format of torch.save."""
    cursor = Cursor(span)
    top = unpickle(cursor, allowed=_ALLOWED_IN_PLAIN_PICKLES, budget=budget)
    if type(top) is int and top == LEGACY_MAGIC:
        return _read_legacy(cursor, budget), True
    return top, False


@final
class _ZipStorages:
    """Storages of a zip by their key; each is described once and looked at by many tensors."""

    def __init__(self, entries: Mapping[str, Span], root: str) -> None:
        self._entries = entries
        self._root = root
        self._made: dict[str, Storage] = {}
        order = entries.get(f"{root}byteorder")
        self._big_endian = order is not None and order.length == 3 and order.read() == b"big"

    def load(self, persistent_id: object) -> Storage:
        key, element, count = _storage_id(persistent_id)
        if key not in self._made:
            span = self._entries.get(f"{self._root}data/{key}")
            if span is None:
                raise CheckpointError(f"the zip lacks the storage {printable(key)}; it is damaged")
            self._made[key] = Storage(element, count, span, big_endian=self._big_endian)
        return _same(self._made[key], element, count)


@final
class _LegacyStorages:
    """Storages of an old stream: described by its pickle, while their bytes come behind it."""

    def __init__(self) -> None:
        self._made: dict[str, Storage] = {}

    def load(self, persistent_id: object) -> Storage | Constructor | ForeignName:
        if isinstance(persistent_id, tuple) and persistent_id[:1] == ("module",):
            return _class_of(persistent_id)
        key, element, count = _storage_id(persistent_id)
        if key not in self._made:
            self._made[key] = Storage(element, count, None)
        return _same(self._made[key], element, count)

    def locate(self, keys: object, cursor: Cursor) -> None:
        """Find the bytes of every storage, in the order of the keys."""
        if not isinstance(keys, list) or not all(type(key) is str for key in keys):
            raise CheckpointError("expected the list of storages of an old torch.save file")
        if len(keys) != len(self._made) or set(keys) != set(self._made):
            raise CheckpointError("the list of storages differs from those used; it is damaged")
        for key in keys:
            storage = self._made[key]
            count = struct.unpack("<q", cursor.read(8))[0]
            if count != storage.count:
                raise CheckpointError(
                    f"expected a storage of {storage.count} numbers, found {count}; it is damaged"
                )
            storage.span = cursor.skip(count * storage.element.size)


def _read_legacy(cursor: Cursor, budget: Budget) -> object:
    """What follows the magic number: protocol, system, objects, keys and the storages' bytes."""
    protocol = unpickle(cursor, allowed=ALLOWED, budget=budget)
    if type(protocol) is not int or protocol != LEGACY_PROTOCOL:
        raise CheckpointError(f"expected torch.save protocol {LEGACY_PROTOCOL}; it is damaged")
    system = unpickle(cursor, allowed=ALLOWED, budget=budget)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise CheckpointError("expected an old torch.save file of a little-endian machine")
    storages = _LegacyStorages()
    tree = unpickle(cursor, allowed=ALLOWED, budget=budget, persistent_load=storages.load)
    storages.locate(unpickle(cursor, allowed=ALLOWED, budget=budget), cursor)
    return tree


def _load_from_bytes(arguments: Arguments, budget: Budget) -> Storage:
    """The storage that a pickled tensor holds as a stream of its own, read by the same rules."""
    if len(arguments) != 1:
        raise CheckpointError("expected the bytes of a tensor's storage")
    cursor = Cursor(as_span(arguments[0], budget))
    magic = unpickle(cursor, allowed=ALLOWED, budget=budget)
    if type(magic) is not int or magic != LEGACY_MAGIC:
        raise CheckpointError("expected a pickled tensor to hold an old torch.save stream")
    storage = _read_legacy(cursor, budget)
    if not isinstance(storage, Storage):
        raise CheckpointError(f"expected a tensor's storage, found {type(storage).__name__}")
    return storage


# Only here, and not in ALLOWED: a stream within a stream within a stream is never written.
_ALLOWED_IN_PLAIN_PICKLES: Allowed = {
    **ALLOWED,
    ("torch.storage", "_load_from_bytes"): Constructor(
        "torch.storage._load_from_bytes", _load_from_bytes
    ),
}


def _storage_id(persistent_id: object) -> tuple[str, ElementType, int]:
    if not isinstance(persistent_id, tuple) or len(persistent_id) not in (5, 6):
        raise UnsafeCheckpointError("the file refers to something beside it that is no storage")
    kind, element, key, _location, count = persistent_id[:5]
    if kind != "storage" or not isinstance(element, ElementType) or type(key) is not str:
        raise UnsafeCheckpointError("the file refers to something beside it that is no storage")
    if any(view is not None for view in persistent_id[5:]):
        raise CheckpointError("expected whole storages; save the file again with a newer torch")
    return key, element, whole_number(count, "the size of a storage")


def _class_of(persistent_id: Arguments) -> Constructor | ForeignName:
    """The class of a module that nobody needs; old files keep its program text, dropped here."""
    kind = persistent_id[1] if len(persistent_id) == 4 else None
    if not isinstance(kind, Constructor | ForeignName):
        raise UnsafeCheckpointError("the file refers to something beside it that is no storage")
    return kind


def _same(storage: Storage, element: ElementType, count: int) -> Storage:
    if storage.element != element or storage.count != count:
        raise CheckpointError("a storage is described in two ways; the file is damaged")
    return storage
