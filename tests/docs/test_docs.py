"""What the documents point at is there."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MARKDOWN = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "web/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
PAGES = sorted((ROOT / "docs").rglob("*.html"))
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_TEST = re.compile(r"`((?:[\w/]+\.py::)?test_\w+)(\.\.\.)?`")


class _Addresses(HTMLParser):
    """Of everything that a page shows or links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href") and value]


def is_missing(address: str, *, of: Path) -> bool:
    if re.match(r"[a-z]+:", address) or address.startswith("#"):
        return False
    return not (of.parent / address.partition("#")[0]).exists()


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_documents_lead_somewhere(path: Path) -> None:
    found = _LINK.findall(path.read_text(encoding="utf-8"))
    assert [one for one in found if is_missing(one, of=path)] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_show_pictures_that_are_there(path: Path) -> None:
    addresses = _Addresses()
    addresses.feed(path.read_text(encoding="utf-8"))
    assert [one for one in addresses.found if is_missing(one, of=path)] == []


def test_the_tests_that_documents_name_exist() -> None:
    """The table of formats, for one, names the test behind each row."""
    defined = {
        name: path.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    missing, seen = [], 0
    for path in MARKDOWN:
        for name, more in _TEST.findall(path.read_text(encoding="utf-8")):
            seen += 1
            test = name.rpartition("::")[2]
            known = any(one.startswith(test) for one in defined) if more else test in defined
            if not known:
                missing.append(f"{path.name}: {name}")
    assert missing == []
    assert seen > 10


def test_the_rows_that_the_table_of_formats_names_exist() -> None:
    rows = (ROOT / "tests/generators/format_rows.py").read_text(encoding="utf-8")
    table = (ROOT / "docs/checkpoints.md").read_text(encoding="utf-8")
    named = set(
        re.findall(r"`((?:nvidia|pti|state-dict|rosinality|stylegan-human)[\w-]*)\*?`", table)
    )
    assert len(named) >= 15
    assert [name for name in sorted(named) if f'"{name}' not in rows] == []
