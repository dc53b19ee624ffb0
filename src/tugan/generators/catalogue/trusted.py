"""Checksums of first downloads: what an address gave once, it must give again.

Kept in the state folder, since they cannot be computed again once a publisher has changed a file.
"""

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tugan.core.atomic_write import atomic_path
from tugan.core.state_folder import state_folder
from tugan.generators.catalogue.errors import CatalogueError, ChecksumError
from tugan.generators.catalogue.offer import Offer

_FILE = TypeAdapter(dict[str, str])


def trusted_path() -> Path:
    """The file that has them: JSON, address to SHA-256."""
    return state_folder() / "trusted-downloads.json"


def known_sha256(offer: Offer) -> str | None:
    """The catalogue's, else that of the first download; None before that."""
    return offer.listing.sha256 or _all().get(offer.address)


def check_trusted(offer: Offer, sha256: str, *, where: str) -> None:
    """:class:`ChecksumError` if this is not the known checksum; anything goes where none is."""
    wanted = known_sha256(offer)
    if wanted in (None, sha256):
        return
    if offer.listing.sha256 is not None:
        raise ChecksumError(
            f"{where} is not the file that the catalogue means: expected SHA-256 {wanted}, got"
            f" {sha256}. It was changed on the way or by its publisher; it is not opened"
        )
    raise ChecksumError(
        f"{where} is not the file that {offer.address} gave when it was downloaded first: expected"
        f" SHA-256 {wanted}, got {sha256}. It is not opened; if you know that its publisher has"
        f" replaced it, forget the old one with tugan models rm {offer.name} --forget"
    )


def trust(offer: Offer, sha256: str) -> None:
    """Keep the checksum of a first download; :class:`OutputError` if it cannot be."""
    known = _all()
    if offer.listing.sha256 is None and offer.address not in known:
        _write(known | {offer.address: sha256})


def forget(offer: Offer) -> bool:
    """Whether there was something to forget."""
    known = _all()
    if offer.address not in known:
        return False
    _write({address: sha256 for address, sha256 in known.items() if address != offer.address})
    return True


def _all() -> dict[str, str]:
    path = trusted_path()
    try:
        return _FILE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        # not taken for empty: then a damaged file would make anything trusted
        raise CatalogueError(
            f"{path} holds the checksums of earlier downloads and cannot be read: {error};"
            " delete it if you do not need them"
        ) from error


def _write(known: dict[str, str]) -> None:
    with atomic_path(trusted_path(), private=True) as path:
        path.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
