"""The catalogue: what tugan knows of published models, and what ``TUGAN_CATALOGUE`` adds."""

import os
import tomllib
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from tugan.core.text_file import TextFileError, decoded_text
from tugan.generators.catalogue.errors import CatalogueError
from tugan.generators.catalogue.offer import CatalogueFile, Offer

ENVIRONMENT_VARIABLE = "TUGAN_CATALOGUE"
"""Names further catalogue files, separated as in ``PATH``."""

_MAX_FILE_BYTES = 1 << 20


def offers() -> tuple[Offer, ...]:
    """All models that can be downloaded, those of further catalogue files first.

    :class:`CatalogueError` if one of those cannot be read, or names what is there already.
    """
    found: list[Offer] = []
    for path in (*_further_files(), None):
        for offer in read_catalogue(path):
            if any(one.name == offer.name for one in found):
                raise CatalogueError(
                    f"two catalogues offer a model {offer.name!r}: rename the one that"
                    f" {ENVIRONMENT_VARIABLE} names"
                )
            found.append(offer)
    return tuple(found)


def offer_named(name: str) -> Offer | None:
    """What is offered under this name; None if nothing is."""
    return next((offer for offer in offers() if offer.name == name), None)


def read_catalogue(path: Path | None) -> tuple[Offer, ...]:
    """The offers of a catalogue file; None: of the one that comes with the package."""
    text = _own_text() if path is None else _text_of(path)
    where = "the catalogue" if path is None else str(path)
    try:
        parsed = CatalogueFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{where} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(f"{where} is wrong at {place}: {first['msg']}") from error
    unknown = {one.source for one in parsed.models} - parsed.sources.keys()
    if unknown:
        raise CatalogueError(
            f"{where} names the source {min(unknown)!r}, which it does not describe: add a table"
            f" [sources.{min(unknown)}] with address, licence, terms and page"
        )
    return tuple(
        Offer(listing=listing, source=parsed.sources[listing.source]) for listing in parsed.models
    )


def _further_files() -> tuple[Path, ...]:
    named = os.environ.get(ENVIRONMENT_VARIABLE, "")
    return tuple(Path(one) for one in named.split(os.pathsep) if one)


def _own_text() -> str:
    return resources.files("tugan.generators.catalogue").joinpath("models.toml").read_text("utf-8")


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        if len(content) > _MAX_FILE_BYTES:
            raise CatalogueError(f"{path} has more than {_MAX_FILE_BYTES >> 20} MiB: no catalogue")
        return decoded_text(content)
    except OSError as error:
        raise CatalogueError(
            f"cannot read the catalogue {path} ({error.strerror or error}), which"
            f" {ENVIRONMENT_VARIABLE} names"
        ) from error
    except TextFileError as error:
        raise CatalogueError(f"cannot read the catalogue {path}: {error}") from error
