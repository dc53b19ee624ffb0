"""Checking and removing models that are here."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tugan.core.errors import CheckpointError, OutputError
from tugan.generators.catalog import catalog
from tugan.generators.catalogue.checksums import FileVerdict, check_sums
from tugan.generators.catalogue.errors import CatalogueError, NotInstalledError
from tugan.generators.catalogue.offers import offer_named
from tugan.generators.catalogue.partial import Partial
from tugan.generators.catalogue.places import download_path, installed_folder, models_folder
from tugan.generators.catalogue.trusted import forget


@dataclass(frozen=True, kw_only=True)
class ModelVerdict:
    """What came of verifying a model."""

    name: str
    files: tuple[FileVerdict, ...]
    problem: str = ""
    """Why its files could not be compared with anything."""

    @property
    def ok(self) -> bool:
        """Are all files what they were?"""
        return not self.problem and all(one.ok for one in self.files)


def verify(name: str, folder: Path) -> ModelVerdict:
    """Compute the checksums of a model's files again and compare."""
    try:
        return ModelVerdict(name=name, files=check_sums(folder))
    except CheckpointError as error:
        return ModelVerdict(name=name, files=(), problem=str(error))


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What a removal took away."""

    model: bool
    download: bool
    """Begun or whole, and not converted."""
    checksum: bool
    """That of the first download."""


def remove(name: str, *, forget_checksum: bool = False) -> Removed:
    """Delete a model that was pulled, and its download.

    With ``forget_checksum`` any file is taken the next time. :class:`NotInstalledError` if there is
    nothing of that name to delete; :class:`CatalogueError` for what comes with tugan.
    """
    if any(entry.bundled and entry.name == name for entry in catalog()):
        raise CatalogueError(f"{name} comes with tugan and is removed with it alone")
    pulled = [entry.name for entry in catalog() if not entry.bundled]
    offer = offer_named(name)
    if name not in pulled and offer is None:
        raise NotInstalledError(
            f"there is no model {name!r} to delete; pulled were {', '.join(pulled) or 'none'}"
        )
    removed = Removed(
        model=name in pulled and _delete_folder(installed_folder(name)),
        download=_delete_download(download_path(name)),
        checksum=forget_checksum and offer is not None and forget(offer),
    )
    if not (removed.model or removed.download or removed.checksum):
        raise NotInstalledError(f"{name} is not here: there is nothing to delete")
    return removed


def _delete_folder(folder: Path) -> bool:
    try:
        # away from its place at once, so that half a model is never found there
        aside = Path(tempfile.mkdtemp(dir=models_folder(), prefix=".removed-"))
        folder.rename(aside / folder.name)
        shutil.rmtree(aside)
    except OSError as error:
        raise OutputError(f"cannot delete {folder}: {error.strerror or error}") from error
    return True


def _delete_download(target: Path) -> bool:
    partial = Partial(target=target)
    there = target.exists() or partial.path.exists()
    target.unlink(missing_ok=True)
    partial.drop()
    target.with_name(target.name + ".lock").unlink(missing_ok=True)
    return there
