"""What of a checkpoint is of foreign classes and stands beside the generator, for the notes."""

from tugan.generators.formats.inert_objects import (
    Namespace,
    PersistentObject,
    UnreadObject,
    printable,
)

MAX_NODES = 200_000
MAX_FOUND = 10_000


def left_out(tree: object, *, generator: object = None) -> dict[str, str]:
    """The classes of foreign objects by their dotted names; those in ``generator`` do not count."""
    found: dict[str, str] = {}
    seen: set[int] = {id(generator)}
    waiting: list[tuple[str, object]] = [("", tree)]
    while waiting and len(found) < MAX_FOUND and len(seen) < MAX_NODES:
        name, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, UnreadObject):
            if not node.name.startswith("torch."):
                found[printable(name)] = printable(node.name)
            continue
        inner = [(f"{name}.{key}" if name else str(key), one) for key, one in _parts(node)]
        waiting += reversed(inner)
    return found


def _parts(node: object) -> list[tuple[object, object]]:
    if isinstance(node, PersistentObject):
        return list(node.state.items())
    if isinstance(node, Namespace):
        return list(node.entries.items())
    if isinstance(node, dict):
        return list(node.items())
    if isinstance(node, list | tuple):
        return list(enumerate(node))
    return []
