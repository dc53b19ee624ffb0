"""Which names are of one file, so that no result is written over what it is made from."""

import os
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

from tugan.core.errors import OutputError


def check_apart(
    outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None] | None = None
) -> None:
    """:class:`OutputError` if a result would go to an input's file, or two to the same.

    Both go by what people call them (``--mask``); None is not given. Links, other spellings and
    other mounts of a file are that file, also where nothing is there yet.
    """
    written = {name: path for name, path in outputs.items() if path is not None}
    for (_, one), (_, other) in combinations(written.items(), 2):
        if is_same_file(one, other):
            raise OutputError("two results would go to the same file: give each its own name")
    for reader, read in (inputs or {}).items():
        for name, path in written.items():
            if read is not None and is_same_file(path, read):
                raise OutputError(
                    f"{name} {path} is what {reader} reads, and would be written over: give the"
                    " result another name"
                )


def is_same_file(one: Path, other: Path) -> bool:
    """Whether both names are of one file, or would be."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        if one.exists() and other.exists():
            return one.samefile(other)
        return one.name == other.name and one.absolute().parent.samefile(other.absolute().parent)
    except OSError:  # a folder that is not there yet, or may not be looked into
        return False
