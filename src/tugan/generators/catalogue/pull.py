"""From an offer to a model that is here: fetched, checked, converted, put in its place."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

from tugan.core.atomic_write import check_writable
from tugan.core.errors import CheckpointError, OutputError
from tugan.generators.catalogue.checksums import sha256_of, write_sums
from tugan.generators.catalogue.download import Patience, download
from tugan.generators.catalogue.errors import CatalogueError, ChecksumError
from tugan.generators.catalogue.offer import Offer
from tugan.generators.catalogue.one_at_a_time import held
from tugan.generators.catalogue.origin import Origin, write_origin
from tugan.generators.catalogue.places import download_path, installed_folder, models_folder
from tugan.generators.catalogue.trusted import check_trusted, trust
from tugan.generators.conversion import Converted, Relabel, convert
from tugan.generators.protocol import GeneratorInfo
from tugan.generators.repainting import SketchProgress


@dataclass(frozen=True, kw_only=True)
class PullStep:
    """Where a pull stands."""

    stage: Literal["downloading", "checking", "converting", "done"]
    detail: str = ""
    """What the conversion does just now."""
    done_bytes: int = 0
    total_bytes: int | None = None
    """Of the download; None if the server does not say."""


@final
@dataclass(frozen=True, kw_only=True)
class Pull:
    """What is to be fetched, and how."""

    offer: Offer
    file: Path | None = None
    """A file that was fetched in another way; None: from the offer's address."""
    keep_original: bool = False
    """Keep the file as it was published beside the converted model."""
    half: bool = False
    """Store float16."""
    previews: bool = True
    """Find what moves repaint, fit a preview head and draw a few pictures; else the first two are
    computed where they are needed."""
    patience: Patience | None = None

    def steps(self) -> Iterator[PullStep]:
        """Do it; nothing is in the model's place before all of it is there.

        The licence must have been accepted before. To stop consuming is to interrupt; a download is
        gone on with next time. Raises :class:`DownloadError`, :class:`ChecksumError`,
        :class:`CheckpointError` and :class:`OutputError`.
        """
        target = download_path(self.offer.name)
        check_writable(installed_folder(self.offer.name) / "config.json")
        with held(target.with_name(target.name + ".lock")):
            if installed_folder(self.offer.name).exists():
                raise CatalogueError(f"{self.offer.name} is already here")
            source = self.file
            if source is None:
                source = target
                if not target.is_file():
                    yield from self._download(target)
            yield PullStep(stage="checking")
            sha256 = self._checked(source)
            yield from self._install(source, sha256)

    def _download(self, target: Path) -> Iterator[PullStep]:
        for received in download(self.offer.address, target, patience=self.patience):
            yield PullStep(
                stage="downloading",
                done_bytes=received.done_bytes,
                total_bytes=received.total_bytes,
            )

    def _checked(self, source: Path) -> str:
        try:
            sha256 = sha256_of(source)
        except OSError as error:
            raise CheckpointError(f"cannot read {source}: {error.strerror or error}") from error
        try:
            check_trusted(self.offer, sha256, where=str(self.file or self.offer.address))
        except ChecksumError:
            self._drop_download(source)
            raise
        return sha256

    def _install(self, source: Path, sha256: str) -> Iterator[PullStep]:
        folder = _new_folder(self.offer.name)
        try:
            for stage in convert(
                source,
                folder,
                relabel=relabel_of(self.offer),
                half=self.half,
                previews=self.previews,
            ):
                if isinstance(stage, Converted):
                    self._finish(source, sha256, folder, stage.info)
                elif isinstance(stage, SketchProgress):
                    yield PullStep(stage="converting", detail=f"repainting: {stage}")
                else:
                    yield PullStep(stage="converting", detail=stage)
        except CheckpointError as error:
            self._drop_download(source)  # else every pull would find it again
            raise type(error)(
                f"what {self.offer.address} gave cannot be opened, and was deleted: {error}"
                if self.file is None
                else str(error)
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        yield PullStep(stage="done")

    def _finish(self, source: Path, sha256: str, folder: Path, info: GeneratorInfo) -> None:
        original = self._original(source, folder)
        height, width = info.size_hw
        origin = Origin(
            address=self.offer.address,
            sha256=sha256,
            width=width,
            height=height,
            original=original,
        )
        write_origin(folder, origin)
        write_sums(folder)
        trust(self.offer, sha256)  # only of what could be opened: not of some server's error page
        try:
            folder.chmod(0o755)
            folder.rename(installed_folder(self.offer.name))
        except OSError as error:
            raise OutputError(
                f"cannot write {installed_folder(self.offer.name)}: {error.strerror or error}"
            ) from error
        self._drop_download(source)

    def _original(self, source: Path, folder: Path) -> str | None:
        if not self.keep_original:
            return None
        # no suffix that anything would take for a model of its own
        kept = folder / "original.checkpoint"
        try:
            os.link(source, kept)
        except OSError:  # another disk, or one without links
            shutil.copyfile(source, kept)
        return kept.name

    def _drop_download(self, source: Path) -> None:
        if self.file is None:
            source.unlink(missing_ok=True)


def relabel_of(offer: Offer) -> Relabel:
    """What the catalogue knows of a model and its file does not."""
    listing = offer.listing
    return Relabel(
        name=offer.name,
        domain=listing.draws,
        licence=offer.source.licence,
        source=offer.address,
        notes=(f"{listing.moves}\n\nTerms: {offer.terms} ({offer.source.page})"),
        learning_rate=listing.learning_rate,
        rows=listing.rows,
    )


def _new_folder(name: str) -> Path:
    """Beside the model's place; its dot keeps it out of all lists."""
    try:
        models_folder().mkdir(parents=True, exist_ok=True)
        for killed in models_folder().glob(f".{name}-*"):  # nobody else is at it: the lock is held
            shutil.rmtree(killed, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=models_folder(), prefix=f".{name}-"))
    except OSError as error:
        raise OutputError(f"cannot write {models_folder()}: {error.strerror or error}") from error
