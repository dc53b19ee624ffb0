"""What a drag with ``--hold`` needs to know of its model. Imports torch: for use in commands."""

from tugan.cli.console import ProgressLine
from tugan.core.atomic_write import check_writable
from tugan.core.errors import OutputError, TuganError
from tugan.dragging.methods import AnySettings
from tugan.dragging.solvers.freedrag_settings import FreeDragSettings
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.repainting_store import cache_path, kept_repainting, prepare_repainting


def prepare_hold(
    generator: PretrainedGenerator, settings: AnySettings, *, quiet: bool
) -> tuple[str, ...]:
    """Compute what moves of this model repaint, if such a drag asks for it and it was not yet.

    Of a photograph's model give the untuned one: copies inherit it. It is kept for later drags.
    Returns cautions: if it cannot be computed nothing is held; if it cannot be kept, the next drag
    computes it anew.
    """
    if isinstance(settings, FreeDragSettings) or settings.hold <= 0:
        return ()
    if kept_repainting(generator) is not None:
        return ()
    unkept = _why_not_kept(generator)
    try:
        compute_repainting(generator, quiet=quiet)
    except TuganError as error:
        return (f"nothing is held but by a mask: what moves repaint cannot be told, {error}",)
    if unkept is None:
        return ()
    if kept_repainting(generator) is None:  # a family of another package, which does not know it
        return (f"nothing is held but by a mask: what moves repaint cannot be kept, {unkept}",)
    return (f"what moves repaint is computed anew by every drag: it cannot be kept, {unkept}",)


def compute_repainting(generator: PretrainedGenerator, *, quiet: bool) -> None:
    """:func:`prepare_repainting` with a line of progress; its errors."""
    with ProgressLine(quiet=quiet) as line:
        line.tell(f"once for {generator.info.name}: what its moves repaint")
        for progress in prepare_repainting(generator):
            line.tell(f"once for {generator.info.name}: what its moves repaint, {progress}")


def _why_not_kept(generator: PretrainedGenerator) -> OutputError | None:
    try:
        check_writable(cache_path(generator))
    except OutputError as error:
        return error
    return None
