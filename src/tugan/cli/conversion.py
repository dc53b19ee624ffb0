"""``tugan models convert``, after its options. Imports torch: for use in commands."""

from pathlib import Path

from tugan.cli.console import ProgressLine
from tugan.core.atomic_write import check_writable
from tugan.core.errors import OutputError
from tugan.core.file_identity import is_same_file
from tugan.generators.catalog import find_model
from tugan.generators.conversion import CONVERTED_NAMES, Converted, Relabel, convert
from tugan.generators.protocol import GeneratorInfo
from tugan.generators.repainting import SketchProgress

UNFINISHED = {*CONVERTED_NAMES} - {"config.json"}
"""What an interrupted conversion leaves behind."""


def convert_model(
    source: str,
    folder: Path,
    *,
    name: str | None,
    half: bool,
    previews: bool = True,
    quiet: bool = True,
) -> GeneratorInfo:
    """Convert with a line of progress, unless ``quiet``; returns what was written.

    :class:`OutputError` if the folder already has something in it.
    """
    leftover = folder.is_dir() and not (folder / "config.json").exists()
    names = {path.name for path in folder.iterdir()} if leftover else set()
    if folder.exists() and not (leftover and names <= UNFINISHED):
        raise OutputError(f"{folder} already exists and is not an empty folder: name a new one")
    check_writable(folder / "config.json")
    found = find_model(source)
    if any(is_same_file(folder / name, found) for name in CONVERTED_NAMES):
        raise OutputError(f"{found} would be written over: name a new folder for the result")
    stages = convert(found, folder, relabel=Relabel(name=name), half=half, previews=previews)
    with ProgressLine(quiet=quiet) as line:
        for stage in stages:
            if isinstance(stage, Converted):
                return stage.info
            line.tell(f"repainting: {stage}" if isinstance(stage, SketchProgress) else stage)
    raise AssertionError("a conversion ends with what was converted")
