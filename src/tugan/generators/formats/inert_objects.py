"""The only things that a checkpoint's pickles can make: values that do nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.spans import Span

Arguments = tuple[object, ...]


@final
@dataclass(frozen=True, slots=True)
class Constructor:
    """Stands for a function or class that a file may call, and is one of ours."""

    name: str
    build: Callable[[Arguments, Budget], object]


@final
@dataclass(frozen=True, slots=True)
class ForeignName:
    """Stands for a class of somebody's program: may be mentioned and made objects of, not called.

    Nothing of the name is looked up; an object of it is an :class:`UnreadObject`.
    """

    name: str


@final
@dataclass(frozen=True, slots=True)
class Marker:
    """Stands for a name that a file may mention but not call, such as a dtype."""

    name: str


@final
@dataclass(frozen=True, slots=True, eq=False)
class PersistentObject:
    """A module as NVIDIA's files hold it; the program text beside it has been dropped."""

    class_name: str
    state: dict[object, object]


@final
@dataclass(frozen=True, slots=True, eq=False)
class UnreadObject:
    """An object of torch.nn or of a foreign class, in a part that nobody needs.

    Only its class's name is kept. A generator that holds one is refused (:mod:`.flatten`).
    """

    name: str


@final
@dataclass(frozen=True, slots=True, eq=False)
class TensorFlowNetwork:
    """A network as NVIDIA's TensorFlow files hold it; what it is made of follows as state."""

    class_name: str
    state: dict[object, object] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Namespace:
    """The parsed command line of a training program."""

    entries: dict[object, object] = field(default_factory=dict)


def persistent_object(arguments: Arguments, _budget: Budget) -> PersistentObject:
    """Keep class name and state of NVIDIA's description of a module, and drop its program text."""
    meta = arguments[0] if len(arguments) == 1 else None
    if not isinstance(meta, dict):
        raise CheckpointError("expected the description of a module but found something else")
    class_name, state = meta.get("class_name"), meta.get("state")
    if type(class_name) is not str or type(state) is not dict:
        raise CheckpointError("expected a module to have a class name and a state")
    return PersistentObject(class_name, state)


def unread_object_of(name: str) -> Constructor:
    """What makes an :class:`UnreadObject` of this name; what it is given is dropped."""
    return Constructor(name, lambda _arguments, _budget: UnreadObject(name))


def tensorflow_network_of(name: str) -> Constructor:
    """What makes an empty :class:`TensorFlowNetwork`."""

    def build(arguments: Arguments, _budget: Budget) -> TensorFlowNetwork:
        if arguments:
            raise CheckpointError(f"expected {name} to be made without arguments")
        return TensorFlowNetwork(name)

    return Constructor(name, build)


def namespace(arguments: Arguments, _budget: Budget) -> Namespace:
    """An empty argparse.Namespace; its entries follow as state."""
    if arguments:
        raise CheckpointError("expected a Namespace without arguments")
    return Namespace()


def dictionary(arguments: Arguments, budget: Budget) -> dict[object, object]:
    """A dict from nothing or from a list of pairs, as OrderedDict and EasyDict are stored."""
    if not arguments:
        return {}
    pairs = arguments[0]
    if len(arguments) != 1 or not isinstance(pairs, list):
        raise CheckpointError("expected a dictionary to be made of a list of pairs")
    budget.spend_steps(len(pairs))
    made: dict[object, object] = {}
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise CheckpointError("expected a dictionary to be made of pairs")
        made[checked_key(pair[0])] = pair[1]
    return made


def default_dictionary(arguments: Arguments, _budget: Budget) -> dict[object, object]:
    """An empty dict for a defaultdict; its entries follow, and what would make more is dropped."""
    if len(arguments) > 1 or any(
        not (one is None or isinstance(one, Marker | Constructor | ForeignName))
        for one in arguments
    ):
        raise CheckpointError("expected a defaultdict to be made of the name of a type")
    return {}


def path_text(arguments: Arguments, budget: Budget) -> str:
    """A path as text; no file system is asked."""
    parts = [part for part in arguments if type(part) is str]
    if len(parts) < len(arguments):
        raise CheckpointError("expected a path to be made of text")
    budget.spend_bytes(sum(map(len, parts)) + len(parts))
    return "/".join(parts)


def plain_set(arguments: Arguments, budget: Budget) -> set[object]:
    """A set from nothing or from a list."""
    items = arguments[0] if len(arguments) == 1 else []
    if len(arguments) > 1 or not isinstance(items, list):
        raise CheckpointError("expected a set to be made of a list")
    budget.spend_steps(len(items))
    return {checked_key(item) for item in items}


def size_tuple(arguments: Arguments, _budget: Budget) -> Arguments:
    """A torch.Size, which is a tuple of numbers; whoever uses it checks them."""
    if len(arguments) != 1 or not isinstance(arguments[0], tuple):
        raise CheckpointError("expected a torch.Size to be made of a tuple")
    return arguments[0]


def device_name(arguments: Arguments, _budget: Budget) -> str:
    """A torch.device as its name; no device is touched."""
    if not 1 <= len(arguments) <= 2 or any(type(part) not in (str, int) for part in arguments):
        raise CheckpointError("expected a torch.device to be made of a name and a number")
    return ":".join(str(part) for part in arguments)


def encoded_bytes(arguments: Arguments, budget: Budget) -> Span:
    """The bytes that pickle protocols 0 to 2 spell as Latin-1 text."""
    if len(arguments) != 2 or type(arguments[0]) is not str or arguments[1] != "latin1":
        raise UnsafeCheckpointError("expected _codecs.encode to be used for latin1 text only")
    budget.spend_bytes(len(arguments[0]))
    return Span.of_bytes(latin1(arguments[0]))


def empty_bytes(arguments: Arguments, _budget: Budget) -> Span:
    """No bytes, which is how pickle protocol 2 spells them; bytes(n) would be n zeros."""
    if arguments:
        raise UnsafeCheckpointError("expected builtins.bytes to be used for empty bytes only")
    return Span.of_bytes(b"")


def latin1(text: str) -> bytes:
    """Text of code points up to 255 as bytes."""
    try:
        return text.encode("latin1")
    except UnicodeEncodeError as error:
        raise CheckpointError("expected bytes spelled as latin1 text; it has others") from error


def as_span(value: object, budget: Budget) -> Span:
    """Stored bytes, also where Python 2 wrote them as text."""
    if isinstance(value, Span):
        return value
    if type(value) is not str:
        raise CheckpointError(f"expected bytes but found {type(value).__name__}")
    budget.spend_bytes(len(value))
    return Span.of_bytes(latin1(value))


def checked_key(key: object) -> object:
    """A dictionary key or set member; only kinds whose hashing is cheap are accepted."""
    if key is None or type(key) in (str, bool) or (type(key) is int and abs(key) < 1 << 63):
        return key
    raise CheckpointError(
        f"expected text or whole numbers as the keys of a checkpoint, found {type(key).__name__}"
    )


def printable(text: str) -> str:
    """A short form of text from a file that is safe to show in a terminal."""
    short = text if len(text) <= 100 else text[:100] + "…"
    return short if short.isprintable() else ascii(short)
