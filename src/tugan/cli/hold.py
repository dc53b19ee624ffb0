"""What a drag with ``--hold`` needs to know of its model. Imports torch: for use in commands."""

from tugan.cli.console import ProgressLine
from tugan.core.errors import TuganError
from tugan.generators.protocol import Generator
from tugan.generators.repainting_store import kept_repainting, prepare_repainting


def prepare_hold(generator: Generator, *, quiet: bool) -> list[str]:
    """Compute what moves of this model repaint, if it was not yet, with a line of progress.

    It is kept for later drags. Returns a caution if it cannot be computed: then nothing is held.
    """
    if kept_repainting(generator) is not None:
        return []
    with ProgressLine(quiet=quiet) as line:
        try:
            for progress in prepare_repainting(generator):
                line.tell(
                    f"once for {generator.info.name}: what its moves repaint,"
                    f" {progress.done} of {progress.pictures} pictures"
                )
        except TuganError as error:
            return [f"nothing is held but by a mask: what moves repaint cannot be told, {error}"]
    return []
