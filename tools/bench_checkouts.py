"""Checkouts to compare: folders as they are, or git revisions checked out for a while."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class InputError(Exception):
    """What was asked for cannot be done; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A side of the comparison."""

    side: str
    folder: Path
    """Has ``src/tugan``."""


@contextmanager
def checkout_of(name: str, side: str, scratch: Path) -> Iterator[Checkout]:
    """A folder as it is, or a revision of the repository here, checked out and removed again.

    :class:`InputError` if it is neither.
    """
    if (Path(name) / "src" / "tugan").is_dir():
        yield Checkout(side=side, folder=Path(name).resolve())
        return
    if Path(name).is_dir():
        raise InputError(f"the folder {name} has no src/tugan: name a checkout or a git revision")
    folder = scratch / f"worktree-{side}"
    # a revision that begins with a dash would be an option
    revision = git("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}", about=name)
    git("worktree", "add", "--detach", str(folder), revision, about=name)
    try:
        if not (folder / "src" / "tugan").is_dir():
            raise InputError(f"the revision {name} has no src/tugan")
        yield Checkout(side=side, folder=folder)
    finally:
        git("worktree", "remove", "--force", str(folder), about=name)


def git(*arguments: str, about: str) -> str:
    """What git says; :class:`InputError` if it fails."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        said = "".join(done.stderr.strip().splitlines()[-1:])
        raise InputError(
            f"{about!r} is neither a folder with src/tugan nor a git revision here; git says:"
            f" {said}"
        )
    return done.stdout.strip()
