"""Names of files, as long as file systems take them."""

from pathlib import PurePath

MAX_BYTES = 255
"""Of a name in UTF-8: what Linux, macOS and most others take."""


def cut_name(name: str) -> str:
    """The name if it is short enough; else cut before its suffix, at a whole character."""
    if len(name.encode(errors="replace")) <= MAX_BYTES:
        return name
    suffix = PurePath(name).suffix
    if len(suffix.encode(errors="replace")) > MAX_BYTES // 4:
        suffix = ""
    room = MAX_BYTES - len(suffix.encode(errors="replace"))
    stem = name.removesuffix(suffix).encode(errors="replace")[:room]
    return stem.decode(errors="ignore") + suffix
