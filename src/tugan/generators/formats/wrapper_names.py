"""Takes out of tensors' names what wrappers around modules left there when they were saved."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from tugan.generators.formats.checkpoint import RawCheckpoint

Entry = TypeVar("Entry")

WRAPPERS = frozenset(
    {
        "module",  # DataParallel, DistributedDataParallel, torch's AveragedModel
        "_orig_mod",  # torch.compile
        "_fsdp_wrapped_module",  # fully sharded training
        "_checkpoint_wrapped_module",  # activation checkpointing
        "_forward_module",  # Lightning's Fabric
    }
)
"""What wrappers call the module inside; it may stand anywhere in a name, and several times."""


def without_wrappers(raw: RawCheckpoint) -> RawCheckpoint:
    """The same checkpoint as if nothing had been wrapped when it was saved."""
    return replace(raw, tensors=_unwrapped(raw.tensors), attributes=_unwrapped(raw.attributes))


def _unwrapped(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Where two names would become one, the one with fewer wrappers has it, the others stay."""
    made: dict[str, Entry] = {}
    for name in sorted(entries, key=_wrapper_count):
        plain = ".".join(part for part in name.split(".") if part not in WRAPPERS)
        made[plain if plain and plain not in made else name] = entries[name]
    return made


def _wrapper_count(name: str) -> int:
    return sum(part in WRAPPERS for part in name.split("."))
