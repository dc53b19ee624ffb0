"""SHA-256 of files, and of all in a model's folder: as ``sha256sum`` writes and reads them."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tugan.core.atomic_write import atomic_path
from tugan.core.errors import CheckpointError

SUMS_NAME = "SHA256SUMS"
_BLOCK_BYTES = 1 << 20

Verdict = Literal["as it was", "differs", "missing"]


@dataclass(frozen=True, kw_only=True)
class FileVerdict:
    """What came of a file's checksum."""

    name: str
    verdict: Verdict

    @property
    def ok(self) -> bool:
        """Is it as it was?"""
        return self.verdict == "as it was"


def sha256_of(path: Path) -> str:
    """64 hexadecimal digits. ``OSError`` if the file cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def write_sums(folder: Path) -> None:
    """Note the checksums of all files that are in the folder now."""
    names = sorted(one.name for one in folder.iterdir() if one.is_file() and one.name != SUMS_NAME)
    lines = [f"{sha256_of(folder / name)}  {name}\n" for name in names]
    with atomic_path(folder / SUMS_NAME) as path:
        path.write_text("".join(lines), encoding="utf-8")


def check_sums(folder: Path) -> tuple[FileVerdict, ...]:
    """Which files of the folder are what they were when their checksums were noted.

    :class:`CheckpointError` if none were noted, or the note is damaged.
    """
    return tuple(
        FileVerdict(name=name, verdict=_verdict(folder / name, wanted))
        for wanted, name in _noted(folder / SUMS_NAME)
    )


def _noted(path: Path) -> list[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(
            f"{path.parent} has no readable {SUMS_NAME}, which says what its files were: nothing to"
            " compare with"
        ) from error
    found = [re.fullmatch(r"([0-9a-f]{64})  ([^/\\\0]+)", line) for line in lines]
    noted = [(one[1], one[2]) for one in found if one is not None]
    if not noted or len(noted) != len(lines):
        raise CheckpointError(f"{path} is damaged: expected lines of a checksum and a file's name")
    return noted


def _verdict(path: Path, wanted: str) -> Verdict:
    try:
        return "as it was" if sha256_of(path) == wanted else "differs"
    except FileNotFoundError:
        return "missing"
    except OSError:  # a failing disk
        return "differs"
