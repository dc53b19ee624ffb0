"""Where results that belong to a model are: beside it or one of the catalogue, or in the cache."""

from collections.abc import Iterator
from pathlib import Path

from tugan.core.cache_folder import cache_folder
from tugan.core.errors import OutputError
from tugan.generators.catalog import catalog
from tugan.generators.protocol import GeneratorInfo


def places(info: GeneratorInfo, *, shipped_name: str, cached_name: str) -> Iterator[Path]:
    """Where such a file may be, the nearest first; ``cached_name`` is within the cache folder."""
    if info.folder is not None:
        yield info.folder / shipped_name
    for entry in catalog():
        yield entry.folder / shipped_name
    try:
        yield cache_folder() / cached_name
    except OutputError:
        return
