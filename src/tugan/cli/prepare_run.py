"""``tugan models prepare``, after its options. Imports torch: for use in commands."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tugan.cli.console import ProgressLine
from tugan.cli.hold import compute_repainting
from tugan.core.atomic_write import check_writable
from tugan.core.errors import OutputError
from tugan.generators import preview_store, repainting_store
from tugan.generators.loading import load_generator
from tugan.generators.preview_store import kept_preview_head, preview_head_of
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.repainting_store import kept_repainting


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What was done, and what needed not be."""

    name: str
    computed: tuple[str, ...]
    already_here: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Something that is computed once for a model."""

    name: str
    is_here: Callable[[PretrainedGenerator], bool]
    path: Callable[[PretrainedGenerator], Path]
    compute: Callable[[PretrainedGenerator, bool], None]
    """The second argument: without a line of progress?"""


def prepare_model(model: str, *, device: str, quiet: bool) -> Prepared:
    """Compute what is not there yet and keep it, with a line of progress unless ``quiet``.

    :class:`OutputError` before the work if the cache folder cannot be written to, and after it if
    there was no room; what :func:`load_generator` raises, and :class:`CheckpointError` for damaged
    models.
    """
    generator = load_generator(model, device=device)
    missing = [part for part in _PARTS if not part.is_here(generator)]
    for part in missing:
        check_writable(part.path(generator))
    for part in missing:
        part.compute(generator, quiet)
        if not part.path(generator).is_file():
            raise OutputError(
                f"the {part.name} of {generator.info.name} could not be kept in"
                f" {part.path(generator).parent}: is there room on the disk?"
            )
    names = {part.name for part in missing}
    return Prepared(
        name=generator.info.name,
        computed=tuple(part.name for part in _PARTS if part.name in names),
        already_here=tuple(part.name for part in _PARTS if part.name not in names),
    )


def _fit_head(generator: PretrainedGenerator, quiet: bool) -> None:
    with ProgressLine(quiet=quiet) as line:
        line.tell(f"once for {generator.info.name}: its preview head, of some 100 pictures")
        preview_head_of(generator)


def _sketch(generator: PretrainedGenerator, quiet: bool) -> None:
    compute_repainting(generator, quiet=quiet)


_PARTS = (
    _Part(
        name="sketch of repainting",
        is_here=lambda generator: kept_repainting(generator) is not None,
        path=repainting_store.cache_path,
        compute=_sketch,
    ),
    _Part(
        name="preview head",
        is_here=lambda generator: kept_preview_head(generator) is not None,
        path=preview_store.cache_path,
        compute=_fit_head,
    ),
)
