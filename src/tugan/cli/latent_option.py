"""``--latent``: which rows may move, or the file of a latent to start from."""

import re
from collections.abc import Sequence
from pathlib import Path

from tugan.cli.options import OptionError
from tugan.core.errors import TuganError
from tugan.core.input_file import opened_input

_SPACE = re.compile(r"w\+?(:\d*)?", re.IGNORECASE)
_FILES = (".pt", ".pth", ".pkl", ".npz", ".npy", ".safetensors")
_LARGEST = 1 << 40
_NOT_PICTURES = (b"\x93NUMPY", b"\x80", b"PK\x03\x04")
"""How numpy's files, pickles and zips begin."""


def split_latent(values: Sequence[str]) -> tuple[str | None, str | None]:
    """The space of moves and the file, as they were given; None for what was not.

    :class:`OptionError` if one of them is given twice. What is neither is returned as a space,
    whose reader says what is expected.
    """
    files = [value for value in values if _is_file(value)]
    spaces = [value for value in values if not _is_file(value)]
    for kind, given in (("a file", files), ("a space of moves", spaces)):
        if len(given) > 1:
            raise OptionError(
                f"--latent is given {kind} twice ({' and '.join(given)}): give it once, and once"
                " more for the other, as --latent pivot.pt --latent w+:6"
            )
    return spaces[0] if spaces else None, files[0] if files else None


def _is_file(text: str) -> bool:
    if _SPACE.fullmatch(text):
        return False
    name = re.sub(r":\d+$", "", text)
    return name.lower().endswith(_FILES) or "/" in text or Path(name).exists()


def latent_input(latent: str | None) -> Path | None:
    """The file of ``--latent FILE`` or ``FILE:N``."""
    return None if latent is None else Path(re.sub(r":\d+$", "", latent))


def refuse_latent(path: Path, expected: str) -> None:
    """:class:`OptionError` for a file that may be a latent, given as something else."""
    try:
        # a pipe would wait for ever
        with opened_input(path, what="file", most_bytes=_LARGEST) as opened:
            head = opened.read(6)
    except (OSError, TuganError):
        return  # whoever reads it says what is wrong
    if path.suffix.lower() in _FILES and head.startswith(_NOT_PICTURES):
        raise OptionError(
            f"{path} is not {expected}; if it is a latent, drag its picture with tugan drag"
            f" --latent {path} --model MODEL, where MODEL is what it was found with"
        )
