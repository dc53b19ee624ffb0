"""A model that a catalogue offers, and the form of a catalogue file."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
"""Also the name of a folder, on any system."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts that may be asked without encryption: this machine."""

MAX_BYTES = 8 << 30
"""No generator is larger, nor will a larger file be read (``formats/detect.py``)."""


class Source(BaseModel):
    """Who publishes models, where and under which terms; several models may have the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    """What the files' names are appended to."""
    licence: str = Field(min_length=1)
    """Its name, in a few words."""
    terms: str = Field(min_length=1)
    """What it allows and forbids, in a sentence or two."""
    page: str
    """Where to read on."""

    @field_validator("address")
    @classmethod
    def _encrypted(cls, address: str) -> str:
        if not allowed_address(address):
            raise ValueError(f"expected an address with https:// (or of localhost), not {address}")
        return address


class Listing(BaseModel):
    """A model as a catalogue file has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    source: str
    file: str = Field(min_length=1)
    """Its address is that of the source, and this."""
    draws: str
    width: int = Field(ge=1)
    """Of its pictures, in pixels."""
    height: int = Field(ge=1)
    family: str
    terms: str = ""
    """What there is to say beyond the terms of the source: those of the data set, often."""
    size_bytes: int | None = Field(default=None, ge=1, le=MAX_BYTES)
    """Of the download, if known."""
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """Of the download; where it is not known, the first download's is kept and holds from then."""
    moves: str = "Nothing is noted of what moves well."
    """What can be expected to move well, and what not."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Adam's, for this domain; None: what the family takes."""
    rows: int | None = Field(default=None, ge=1)
    """How many of the first rows of W+ move; None: what the family takes."""


class CatalogueFile(BaseModel):
    """A catalogue file (TOML): tables ``sources.NAME`` and ``[[models]]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: dict[str, Source]
    models: tuple[Listing, ...]


class Offer(BaseModel):
    """A model that can be downloaded: its listing, and the source that it names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listing: Listing
    source: Source

    @property
    def name(self) -> str:
        """What it is asked for by."""
        return self.listing.name

    @property
    def address(self) -> str:
        """Where the file is."""
        return self.source.address + self.listing.file

    @property
    def terms(self) -> str:
        """All that is to be said before somebody accepts the licence."""
        return f"{self.source.terms} {self.listing.terms}".strip()


def allowed_address(address: str) -> bool:
    """Encrypted, or of this machine."""
    parts = urlsplit(address)
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
