"""What ``tugan models list`` and ``info`` say of models, here or not."""

from pathlib import Path
from typing import TypedDict

from tugan.core.errors import CheckpointError
from tugan.generators.catalog import CatalogEntry, catalog
from tugan.generators.catalogue.offer import Offer
from tugan.generators.catalogue.offers import offers
from tugan.generators.catalogue.origin import read_origin
from tugan.generators.loading import read_config


class ModelRow(TypedDict):
    """A line of the list."""

    name: str
    draws: str
    width: int | None
    height: int | None
    bytes: int | None
    """On the disk, or of the download; None if that is not known."""
    family: str
    licence: str
    installed: bool


def model_rows() -> list[ModelRow]:
    """All that is here, then all that can be pulled."""
    here = catalog()
    names = {entry.name for entry in here}
    return [
        *(_row_here(entry) for entry in here),
        *(_row_offered(offer) for offer in offers() if offer.name not in names),
    ]


def table(rows: list[ModelRow]) -> list[str]:
    """The rows as lines in columns, with a heading."""
    cells = [
        ["name", "draws", "size", "on disk", "family", "here", "licence"],
        *(
            [
                row["name"],
                row["draws"],
                "?" if row["width"] is None else f"{row['width']} x {row['height']}",
                "?" if row["bytes"] is None else megabytes(row["bytes"]),
                row["family"],
                "yes" if row["installed"] else "no",
                row["licence"],
            ]
            for row in rows
        ),
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]


def megabytes(size_bytes: int) -> str:
    """Whole megabytes, of a million bytes."""
    return f"{size_bytes / 1e6:.0f} MB"


def describe_offer(offer: Offer) -> dict[str, object]:
    """What is known of a model that is not here."""
    listing = offer.listing
    return {
        "name": offer.name,
        "installed": False,
        "draws": listing.draws,
        "family": listing.family,
        "width": listing.width,
        "height": listing.height,
        "bytes": listing.size_bytes,
        "address": offer.address,
        "checksum": listing.sha256 or "not known yet: that of the first download is kept",
        "licence": offer.source.licence,
        "terms": offer.terms,
        "page": offer.source.page,
        "notes": listing.moves,
        "learning_rate": listing.learning_rate,
        "rows": listing.rows,
        "command": f"tugan pull {offer.name}",
    }


def offer_card(offer: Offer) -> str:
    """The model card, as far as it can be written before the model is here."""
    listing = offer.listing
    return (
        f"# {offer.name}\n\n"
        "| | |\n|---|---|\n"
        f"| draws | {listing.draws} |\n"
        f"| size | {listing.width} x {listing.height} px |\n"
        f"| family | {listing.family} |\n"
        f"| licence | {offer.source.licence} |\n"
        f"| source | {offer.address} |\n\n"
        f"{listing.moves}\n\n"
        f"Terms: {offer.terms} ({offer.source.page})\n\n"
        f"Not here yet: `tugan pull {offer.name}`\n"
    )


def _row_here(entry: CatalogEntry) -> ModelRow:
    origin = read_origin(entry.folder)
    row = ModelRow(
        name=entry.name,
        draws="damaged: see tugan models verify",
        width=None if origin is None else origin.width,
        height=None if origin is None else origin.height,
        bytes=_size_bytes(entry.folder),
        family="?",
        licence="?",
        installed=True,
    )
    try:
        config = read_config(entry.folder)
    except CheckpointError:
        return row
    row["draws"], row["family"] = config.about.domain, config.family
    row["licence"] = config.about.licence
    return row


def _row_offered(offer: Offer) -> ModelRow:
    listing = offer.listing
    return ModelRow(
        name=offer.name,
        draws=listing.draws,
        width=listing.width,
        height=listing.height,
        bytes=listing.size_bytes,
        family=listing.family,
        licence=offer.source.licence,
        installed=False,
    )


def _size_bytes(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.iterdir() if one.is_file())
