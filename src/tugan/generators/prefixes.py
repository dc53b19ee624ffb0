"""A generator inside a larger dictionary of tensors: under which prefix it stands."""

import re
from collections.abc import Mapping
from typing import TypeVar

from torch import Tensor

Entry = TypeVar("Entry")


def prefix_of(tensors: Mapping[str, Tensor], mark: str) -> str | None:
    """What stands before the names of a generator that has a tensor ``mark``; None if none has.

    Where a file holds several, the running average comes first, then the shortest prefix.
    """
    found = [key.removesuffix(mark) for key in tensors if key == mark or key.endswith(f".{mark}")]
    return min(found, key=lambda prefix: ("ema" not in prefix.lower(), len(prefix)), default=None)


GENERATOR_PARTS = frozenset(
    ("mapping", "synthesis", "style", "input", "conv1", "convs", "to_rgb1", "to_rgbs", "noises")
)
"""What generators consist of, in NVIDIA's names and in rosinality's."""
_MARK = re.compile(
    r"(?:.*\.)?(?P<mark>synthesis\.(?:b\d+\.const|L\d+_\d+_\d+\.weight)|input\.input)"
)


def prefix_of_known(tensors: Mapping[str, Tensor]) -> str | None:
    """The prefix of the generator in NVIDIA's or rosinality's names that a file holds."""
    marks = {found["mark"] for key in tensors if (found := _MARK.fullmatch(key))}
    return prefix_of(tensors, min(marks)) if marks else None


def below(entries: Mapping[str, Entry], prefix: str) -> dict[str, Entry]:
    """The tensors or attributes whose names begin with the prefix, without it."""
    return {
        key.removeprefix(prefix): value for key, value in entries.items() if key.startswith(prefix)
    }
