"""The machine that reads a pickle as a description of data, and can do nothing else.

It is written out rather than derived from ``pickle.Unpickler`` so that what is not here does not
exist: no import, no attribute access on what a file made, no extension registry.
"""

import struct
from collections.abc import Callable
from typing import final

from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats.allow_list import Allowed, look_up, not_on_the_list
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.inert_objects import (
    Constructor,
    ForeignName,
    Namespace,
    TensorFlowNetwork,
    UnreadObject,
    checked_key,
    printable,
)
from tugan.generators.formats.numpy_data import NumpyArray, NumpyDtype
from tugan.generators.formats.spans import Cursor

PersistentLoad = Callable[[object], object]
"""Resolves what a container keeps beside its pickle; plain pickles have none."""


@final
class Machine:
    """The stack machine of one pickle: what its instructions are made of."""

    __slots__ = ("allowed", "budget", "cursor", "marks", "memo", "persistent_load", "stack")

    def __init__(
        self,
        cursor: Cursor,
        *,
        allowed: Allowed,
        budget: Budget,
        persistent_load: PersistentLoad | None,
    ) -> None:
        self.cursor = cursor
        self.allowed = allowed
        self.budget = budget
        self.persistent_load = persistent_load
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def top(self) -> object:
        """The topmost value above the last mark."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise CheckpointError("the pickle takes a value that is not there; it is damaged")
        return self.stack[-1]

    def pop(self) -> object:
        """Take the topmost value above the last mark."""
        value = self.top()
        self.stack.pop()
        return value

    def pop_many(self, count: int) -> list[object]:
        """Take several values, in the order in which they were put there."""
        return [self.pop() for _ in range(count)][::-1]

    def pop_to_mark(self) -> list[object]:
        """Take the last mark and all that was put above it."""
        if not self.marks:
            raise CheckpointError("the pickle takes a mark that is not there; it is damaged")
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def number(self, form: str) -> int:
        """The next bytes as an unsigned or signed little-endian number."""
        value: int = struct.unpack(form, self.cursor.read(struct.calcsize(form)))[0]
        return value

    def text(self, count: int, encoding: str = "utf-8") -> str:
        """The next bytes as text."""
        data = self.cursor.read(count)
        self.budget.spend_bytes(count)
        return decode(data, encoding)

    def remember(self, index: int) -> None:
        """Keep the topmost value under a number; a dict, so a huge number costs nothing."""
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        """Put a kept value on the stack."""
        if index not in self.memo:
            raise CheckpointError("the pickle recalls a value it never kept; it is damaged")
        self.push(self.memo[index])

    def find(self, module: object, name: object) -> None:
        """Put what an allowed name stands for on the stack."""
        if type(module) is not str or type(name) is not str:
            raise UnsafeCheckpointError("the file asks for something by a name that is not text")
        self.push(look_up(self.allowed, module, name))

    def call(self, target: object, arguments: object) -> None:
        """Put what one of our constructors makes of the arguments on the stack."""
        if isinstance(target, ForeignName):
            raise not_on_the_list(target.name)
        if not isinstance(target, Constructor):
            raise UnsafeCheckpointError(
                f"the file asks to call a {type(target).__name__}; only the short list of "
                "constructors of a checkpoint may be called"
            )
        if type(arguments) is not tuple:
            raise CheckpointError(f"expected a tuple of arguments for {target.name}")
        self.push(target.build(arguments, self.budget))

    def make(self, target: object, arguments: object) -> None:
        """Put a new object on the stack; one of a foreign class is its name and nothing else."""
        if not isinstance(target, ForeignName):
            self.call(target, arguments)
        elif type(arguments) is tuple:
            self.push(UnreadObject(target.name))
        else:
            raise CheckpointError(f"expected a tuple of arguments for {printable(target.name)}")

    def load_persistent(self) -> None:
        """Put what the container keeps under an id on the stack."""
        if self.persistent_load is None:
            raise UnsafeCheckpointError("the pickle refers to data outside itself; none belongs")
        self.push(self.persistent_load(self.pop()))

    def set_items(self, items: list[object]) -> None:
        """Add keys and values, alternating, to the dictionary on top."""
        target = self.top()
        if isinstance(target, UnreadObject):
            return  # a class derived from dict: nobody reads what is in it
        if type(target) is not dict or len(items) % 2:
            raise CheckpointError("expected keys and values for a dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[checked_key(key)] = value

    def extend(self, items: list[object]) -> None:
        """Add to the list on top."""
        target = self.top()
        if isinstance(target, UnreadObject):
            return
        if type(target) is not list:
            raise CheckpointError(f"expected a list to add to, found {type(target).__name__}")
        target.extend(items)

    def add_members(self, items: list[object]) -> None:
        """Add to the set on top."""
        target = self.top()
        if isinstance(target, UnreadObject):
            return
        if type(target) is not set:
            raise CheckpointError(f"expected a set to add to, found {type(target).__name__}")
        target.update(checked_key(item) for item in items)

    def set_state(self, state: object) -> None:
        """Give state to the value on top: only our own kinds take any, and none as attributes."""
        target = self.top()
        if isinstance(target, NumpyDtype):
            target.set_state(state)
        elif isinstance(target, NumpyArray):
            target.set_state(state, self.budget)
        elif isinstance(target, Namespace):
            target.entries.update(self._plain_state(state))
        elif isinstance(target, TensorFlowNetwork):
            target.state.update(self._plain_state(state))
        elif isinstance(target, UnreadObject):
            pass  # nobody reads what it is made of
        elif type(target) is dict:
            self._plain_state(state)  # attributes of an OrderedDict: no part of its contents
        else:
            raise UnsafeCheckpointError(f"the file sets the state of a {type(target).__name__}")

    def _plain_state(self, state: object) -> dict[object, object]:
        if type(state) is not dict:
            raise CheckpointError(f"expected a dictionary as state, found {type(state).__name__}")
        self.budget.spend_steps(len(state))
        for key in state:
            if type(key) is not str or key.startswith("__"):
                shown = printable(key) if type(key) is str else type(key).__name__
                raise UnsafeCheckpointError(f"the file sets the attribute {shown}")
        return state


def decode(data: bytes, encoding: str) -> str:
    """Bytes as text; CheckpointError where they are none."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CheckpointError("expected text but found other bytes; the file is damaged") from error
