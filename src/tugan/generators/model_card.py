"""The model card: Markdown for people, with the front matter that Hugging Face reads."""

import json
import re
from pathlib import Path

from tugan.generators.protocol import GeneratorInfo

CARD_NAME = "README.md"
LIBRARY = "tugan"

LICENCE_IDS = (
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "cc0-1.0", "unlicense",
    "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0",
    "cc-by-nc-nd-4.0", "gpl-2.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0",
)  # fmt: skip
"""Of those that Hugging Face knows, what weights are published under."""

_OPENS = "Opens with `tugan.from_pretrained(folder)` or `tugan generate --model folder`."
_MARK = f"{_OPENS}\n"


def model_card(info: GeneratorInfo, *, sheet: str | None = None) -> str:
    """The card of a model.

    ``sheet`` names a picture beside it. A card that somebody wrote for the model that this one was
    made of is carried over.
    """
    height, width = info.size_hw
    picture = f"![pictures of the model]({sheet})\n\n" if sheet else ""
    body = (
        f"# {info.name}\n\n"
        f"{picture}"
        f"| | |\n|---|---|\n"
        f"| draws | {_cell(info.domain)} |\n"
        f"| size | {width} x {height} px |\n"
        f"| family | {_cell(info.family)} |\n"
        f"| licence | {_cell(info.licence)} |\n"
        f"| source | {_cell(info.source)} |\n\n"
        f"{info.notes or 'Nothing is noted of what moves well.'}\n\n"
        f"{_MARK}"
    )
    return front_matter(info) + body + _carried_over(info)


def front_matter(info: GeneratorInfo) -> str:
    """The YAML between dashes: licence, tags, library.

    Licences that Hugging Face has no name for are ``other``, under their own.
    """
    tags = ["gan", "image-generation", "draggan", info.family]
    licence = licence_id(info.licence)
    named = "" if licence != "other" else f"license_name: {_text(_slug(info.licence))}\n"
    return (
        "---\n"
        f"library_name: {LIBRARY}\n"
        "pipeline_tag: unconditional-image-generation\n"
        f"license: {licence}\n"
        f"{named}"
        "tags:\n" + "".join(f"- {_text(tag)}\n" for tag in tags) + "---\n\n"
    )


def licence_id(licence: str) -> str:
    """Hugging Face's name of a licence; ``other`` where it has none, or more is to be said."""
    name = licence.strip().lower()
    return name if name in LICENCE_IDS else "other"


def _carried_over(info: GeneratorInfo) -> str:
    if info.folder is None:
        return ""
    text = card_beside(info.folder) or ""
    if _MARK in text:  # one of these, but for what it carried over itself
        return text.partition(_MARK)[2]
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL).strip()
    return f"\n## The card of the model that this was made of\n\n{body}\n" if body else ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:80] or "unknown"


def _text(text: str) -> str:
    return json.dumps(text)  # JSON's strings are YAML's


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def card_beside(folder: Path) -> str | None:
    """The card in a model folder; None if there is none that can be read."""
    try:
        return (folder / CARD_NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
