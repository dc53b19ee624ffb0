"""NVIDIA's PyTorch pickles: which part of the tree is the generator."""

from tugan.core.errors import CheckpointError
from tugan.generators.formats.flatten import unread
from tugan.generators.formats.inert_objects import PersistentObject, UnreadObject, printable
from tugan.generators.formats.tensor_data import TensorData

GENERATOR = "G_ema"
"""The moving average of the generator: the one to make pictures with."""


def holds_modules(tree: object) -> bool:
    """Whether a tree is laid out as NVIDIA's files are, whatever container it came in."""
    if isinstance(tree, dict):
        return isinstance(tree.get(GENERATOR), PersistentObject)
    return isinstance(tree, PersistentObject)


def holds_tensors(tree: object, *, depth: int = 4) -> bool:
    """Whether a pickle is a state dict, or holds some, as torch.save writes them."""
    inner = tree.values() if isinstance(tree, dict) and depth else ()
    return any(
        isinstance(value, TensorData) or holds_tensors(value, depth=depth - 1) for value in inner
    )


def generator_of(tree: object) -> PersistentObject:
    """The generator of such a tree, which may also be the whole tree; CheckpointError if none."""
    if isinstance(tree, PersistentObject):
        return tree
    if not isinstance(tree, dict):
        raise CheckpointError(
            f"expected a dictionary with {GENERATOR}, or a generator, as in NVIDIA's pickles; "
            f"found {type(tree).__name__}"
        )
    if GENERATOR not in tree:
        keys = ", ".join(printable(str(key)) for key in list(tree)[:8]) or "nothing"
        raise CheckpointError(
            f"expected a pickle with the generator under {GENERATOR}; this one has {keys}"
        )
    generator = tree[GENERATOR]
    if isinstance(generator, UnreadObject):
        raise unread(GENERATOR, generator.name)
    if not isinstance(generator, PersistentObject):
        raise CheckpointError(
            f"expected {GENERATOR} to be a generator, found {type(generator).__name__}"
        )
    return generator
