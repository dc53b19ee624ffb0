"""From the tree that a file holds to flat dotted names."""

from dataclasses import dataclass, field
from typing import final

from torch import Tensor

from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.checkpoint import JsonScalar
from tugan.generators.formats.inert_objects import (
    ForeignName,
    Namespace,
    PersistentObject,
    UnreadObject,
    printable,
)
from tugan.generators.formats.numpy_data import NumpyArray
from tugan.generators.formats.tensor_data import TensorData

MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_NAME = 1000
LONE_TENSOR = "tensor"
"""The name of a tensor that is a file's whole content, as the pivots of PTI are."""

_PARTS = ("_parameters", "_buffers", "_modules")


@final
@dataclass(frozen=True, kw_only=True)
class FlatTree:
    """Tensors and scalars by their dotted names."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    attributes: dict[str, JsonScalar] = field(default_factory=dict)


def flatten(tree: object, budget: Budget, *, own: str | None = "") -> FlatTree:
    """Give every tensor and scalar of a tree its name, and read the tensors.

    Lists count as dictionaries of their indices; of a module its parameters, buffers, modules,
    public attributes and ``_init_kwargs`` count; bytes, sets and bare names are left out. A tensor
    that the tree holds twice is one tensor under two names. Objects of classes that are not read
    are passed over, but refused (UnsafeCheckpointError) below the name ``own``, where the generator
    stands: everywhere by default, and nowhere but at the top for None. CheckpointError for a tree
    that contains itself, is too deep or too large, or gives two things one name.
    """
    walk = _Walk(own)
    walk.visit("", tree)
    made: dict[TensorData, Tensor] = {}
    for data in walk.tensors.values():
        if data not in made:
            made[data] = data.read(budget)
    return FlatTree(
        tensors={name: made[data] for name, data in walk.tensors.items()},
        attributes=walk.attributes,
    )


@final
class _Walk:
    """One traversal: what it found, and what it needs to notice that it would not end."""

    def __init__(self, own: str | None) -> None:
        self._own = own
        self.tensors: dict[str, TensorData] = {}
        self.attributes: dict[str, JsonScalar] = {}
        self._nodes = 0
        self._path: set[int] = set()

    def visit(self, name: str, node: object) -> None:
        self._count(name)
        if node is None or isinstance(node, str | int | float | bool):
            self._add_scalar(name, node)
        elif isinstance(node, TensorData):
            self._add_tensor(name, node)
        elif isinstance(node, NumpyArray):
            if node.data is not None:
                self._add_tensor(name, node.data)
        elif isinstance(node, UnreadObject | ForeignName):
            if self._is_own(name):
                raise unread(name, node.name)
        elif isinstance(node, dict | list | tuple | Namespace | PersistentObject):
            self._enter(name, node)

    def _is_own(self, name: str) -> bool:
        return not name or (
            self._own is not None and (not self._own or f"{name}.".startswith(f"{self._own}."))
        )

    def _enter(self, name: str, node: object) -> None:
        if id(node) in self._path:
            raise CheckpointError(f"the file's tree contains itself at {_shown(name)}")
        if len(self._path) >= MAX_DEPTH:
            raise CheckpointError(
                f"expected a tree at most {MAX_DEPTH} deep, found a deeper one at {_shown(name)}"
            )
        self._path.add(id(node))
        self._visit_children(name, node)
        self._path.remove(id(node))

    def _visit_children(self, name: str, node: object) -> None:
        if isinstance(node, PersistentObject):
            self._visit_module(name, node)
        elif isinstance(node, Namespace):
            self._visit_items(name, node.entries)
        elif isinstance(node, dict):
            self._visit_items(name, node)
        elif isinstance(node, list | tuple):
            for index, child in enumerate(node):
                self.visit(_join(name, index), child)

    def _visit_items(self, name: str, items: dict[object, object]) -> None:
        for key, child in items.items():
            self.visit(_join(name, key), child)

    def _visit_module(self, name: str, module: PersistentObject) -> None:
        self._add_scalar(_join(name, "class_name"), module.class_name)
        for key, value in module.state.items():
            if key in _PARTS:
                self._visit_parts(name, value)
            elif key == "_init_kwargs":
                self.visit(_join(name, "init_kwargs"), value)
            elif isinstance(key, str) and not key.startswith("_"):
                self.visit(_join(name, key), value)

    def _visit_parts(self, name: str, parts: object) -> None:
        """Parameters, buffers or modules; a place that is registered but empty holds None."""
        if not isinstance(parts, dict):
            raise CheckpointError(f"expected the module {_shown(name)} to list its parts by name")
        for key, part in parts.items():
            if part is not None:
                self.visit(_join(name, key), part)

    def _add_scalar(self, name: str, value: JsonScalar) -> None:
        self._check_new(name)
        self.attributes[name or "value"] = value

    def _add_tensor(self, name: str, data: TensorData) -> None:
        self._check_new(name)
        self.tensors[name or LONE_TENSOR] = data

    def _check_new(self, name: str) -> None:
        if name in self.tensors or name in self.attributes:
            raise CheckpointError(f"the file holds two things under the name {_shown(name)}")

    def _count(self, name: str) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise CheckpointError(
                f"expected a tree of at most {MAX_NODES} entries, found more at {_shown(name)}"
            )
        if len(name) > MAX_NAME:
            raise CheckpointError(f"expected names of at most {MAX_NAME} letters: {_shown(name)}")


def unread(name: str, class_name: str) -> UnsafeCheckpointError:
    """The error for a generator, or a part of one, that is of a class that is not read."""
    return UnsafeCheckpointError(
        f"{_shown(name)} is an object of {printable(class_name)}: expected tensors and NVIDIA's "
        "own modules only; nothing of it was run. Save the generator's state_dict instead"
    )


def _join(name: str, key: object) -> str:
    return f"{name}.{key}" if name else str(key)


def _shown(name: str) -> str:
    return printable(name) if name else "its top"
