"""Reads a pickle without running it: what each instruction does on our machine, or why not."""

import struct
from collections.abc import Callable

from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats.allow_list import Allowed, not_on_the_list
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.inert_objects import ForeignName, checked_key
from tugan.generators.formats.pickle_machine import Machine, PersistentLoad, decode
from tugan.generators.formats.spans import Cursor

Handler = Callable[[Machine], None]

MAX_PROTOCOL = 5
MAX_LONG_BYTES = 255
STOP = b"."


def unpickle(
    cursor: Cursor,
    *,
    allowed: Allowed,
    budget: Budget,
    persistent_load: PersistentLoad | None = None,
) -> object:
    """Read one pickle and leave the cursor behind it.

    CheckpointError if it is damaged or exhausts the budget; UnsafeCheckpointError if it asks for
    anything beyond ``allowed``. No byte of it is executed.
    """
    machine = Machine(cursor, allowed=allowed, budget=budget, persistent_load=persistent_load)
    while (opcode := cursor.read(1)) != STOP:
        budget.spend_steps()
        handler = _HANDLERS.get(opcode)
        if handler is None:
            raise CheckpointError(
                f"expected a pickle instruction at offset {cursor.position - 1}, found byte "
                f"0x{opcode.hex()}; the file is damaged or no pickle"
            )
        handler(machine)
    return machine.pop()


def _protocol(machine: Machine) -> None:
    version = machine.number("<B")
    if version > MAX_PROTOCOL:
        raise CheckpointError(f"expected a pickle of protocol 2 to {MAX_PROTOCOL}, found {version}")


def _frame(machine: Machine) -> None:
    length = machine.number("<Q")
    if length > machine.cursor.left:
        raise CheckpointError(
            f"the file ends too early: expected {length} more bytes but {machine.cursor.left} are "
            "left; its download was probably cut short: fetch it again"
        )


def _long(form: str) -> Handler:
    def push(machine: Machine) -> None:
        count = machine.number(form)
        if count > MAX_LONG_BYTES:
            raise CheckpointError(f"expected a whole number of at most {MAX_LONG_BYTES} bytes")
        machine.push(int.from_bytes(machine.cursor.read(count), "little", signed=True))

    return push


def _double(machine: Machine) -> None:
    value: float = struct.unpack(">d", machine.cursor.read(8))[0]
    machine.push(value)


def _pop(machine: Machine) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.pop()


def _pop_mark(machine: Machine) -> None:
    machine.pop_to_mark()


def _dict(machine: Machine) -> None:
    items = machine.pop_to_mark()
    machine.push({})
    machine.set_items(items)


def _frozen_set(machine: Machine) -> None:
    machine.push(frozenset(checked_key(item) for item in machine.pop_to_mark()))


def _global(machine: Machine) -> None:
    module, name = machine.cursor.line(), machine.cursor.line()
    machine.find(decode(module, "utf-8"), decode(name, "utf-8"))


def _stack_global(machine: Machine) -> None:
    machine.find(*machine.pop_many(2))


def _call(machine: Machine) -> None:
    machine.call(*machine.pop_many(2))


def _make(machine: Machine) -> None:
    machine.make(*machine.pop_many(2))


def _make_with_names(machine: Machine) -> None:
    target, arguments, named = machine.pop_many(3)
    if not isinstance(target, ForeignName) or type(named) is not dict:
        raise UnsafeCheckpointError(
            "the pickle makes an object with named arguments; no checkpoint needs that"
        )
    machine.make(target, arguments)


def _set_state(machine: Machine) -> None:
    machine.set_state(machine.pop())


def _old_instance(machine: Machine) -> None:
    _global(machine)
    target = machine.pop()
    if isinstance(target, ForeignName):
        raise not_on_the_list(target.name)
    raise UnsafeCheckpointError("the pickle makes an old-style object; no checkpoint needs that")


def _refuse(what: str) -> Handler:
    def refuse(_machine: Machine) -> None:
        raise UnsafeCheckpointError(f"the pickle {what}; no checkpoint needs that")

    return refuse


def _text(form: str, encoding: str = "utf-8") -> Handler:
    return lambda machine: machine.push(machine.text(machine.number(form), encoding))


def _bytes(form: str) -> Handler:
    return lambda machine: machine.push(machine.cursor.skip(machine.number(form)))


def _integer(form: str) -> Handler:
    return lambda machine: machine.push(machine.number(form))


def _constant(value: object) -> Handler:
    return lambda machine: machine.push(value)


def _tuple(count: int) -> Handler:
    return lambda machine: machine.push(tuple(machine.pop_many(count)))


_TEXT_PROTOCOL = _refuse("is written in the text protocol 0")

_HANDLERS: dict[bytes, Handler] = {
    b"\x80": _protocol,
    b"\x95": _frame,
    # numbers and constants
    b"N": _constant(None),
    b"\x88": _constant(True),
    b"\x89": _constant(False),
    b"K": _integer("<B"),
    b"M": _integer("<H"),
    b"J": _integer("<i"),
    b"\x8a": _long("<B"),
    b"\x8b": _long("<I"),
    b"G": _double,
    # text and bytes; bytes stay in the file
    b"X": _text("<I"),
    b"\x8c": _text("<B"),
    b"\x8d": _text("<Q"),
    b"T": _text("<I", "latin1"),
    b"U": _text("<B", "latin1"),
    b"B": _bytes("<I"),
    b"C": _bytes("<B"),
    b"\x8e": _bytes("<Q"),
    b"\x96": _bytes("<Q"),
    # containers
    b")": _tuple(0),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"t": lambda machine: machine.push(tuple(machine.pop_to_mark())),
    b"]": lambda machine: machine.push([]),
    b"l": lambda machine: machine.push(machine.pop_to_mark()),
    b"a": lambda machine: machine.extend([machine.pop()]),
    b"e": lambda machine: machine.extend(machine.pop_to_mark()),
    b"}": lambda machine: machine.push({}),
    b"d": _dict,
    b"s": lambda machine: machine.set_items(machine.pop_many(2)),
    b"u": lambda machine: machine.set_items(machine.pop_to_mark()),
    b"\x8f": lambda machine: machine.push(set()),
    b"\x90": lambda machine: machine.add_members(machine.pop_to_mark()),
    b"\x91": _frozen_set,
    # stack and memo
    b"(": lambda machine: machine.marks.append(len(machine.stack)),
    b"0": _pop,
    b"1": _pop_mark,
    b"2": lambda machine: machine.push(machine.top()),
    b"q": lambda machine: machine.remember(machine.number("<B")),
    b"r": lambda machine: machine.remember(machine.number("<I")),
    b"\x94": lambda machine: machine.remember(len(machine.memo)),
    b"h": lambda machine: machine.recall(machine.number("<B")),
    b"j": lambda machine: machine.recall(machine.number("<I")),
    # names and what is made of them
    b"c": _global,
    b"\x93": _stack_global,
    b"R": _call,
    b"\x81": _make,
    b"b": _set_state,
    b"Q": lambda machine: machine.load_persistent(),
    b"i": _old_instance,
    b"o": _refuse("makes an old-style object"),
    b"\x92": _make_with_names,
    b"\x82": _refuse("uses the extension registry"),
    b"\x83": _refuse("uses the extension registry"),
    b"\x84": _refuse("uses the extension registry"),
    b"\x97": _refuse("refers to buffers outside itself"),
    b"\x98": _refuse("refers to buffers outside itself"),
    # protocol 0 spells things as text; torch and NVIDIA have always written 2 or later
    **dict.fromkeys((b"I", b"L", b"F", b"S", b"V", b"p", b"g", b"P"), _TEXT_PROTOCOL),
}
