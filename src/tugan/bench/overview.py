"""One page over several experiments: their tables, and what the paper claims."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter

from tugan.bench.claims import Claim
from tugan.bench.html_page import html_page
from tugan.bench.markdown_page import markdown_page
from tugan.bench.report import HTML_FILE, MARKDOWN_FILE, SUMMARY_FILE
from tugan.bench.report_page import ReportPage
from tugan.bench.tables import Table
from tugan.core.atomic_write import atomic_path


@dataclass(frozen=True, kw_only=True)
class Section:
    """An experiment of a run of several."""

    name: str
    says: str
    tables: tuple[Table, ...] = field(repr=False)
    claims: tuple[Claim, ...] = ()


def write_overview(
    path: Path, sections: Sequence[Section], *, facts: tuple[tuple[str, str], ...]
) -> ReportPage:
    """Beside the folders of the experiments, which are named as they are."""
    page = ReportPage(
        title="The paper's experiments",
        introduction="What DragGAN's paper (Pan et al. 2023) measures and claims, measured here."
        " Each experiment has a page of its own, with its protocol, plots and pictures.",
        tables=(
            _claims_table(sections),
            _links_table(sections),
            *(_named(section, table) for section in sections for table in section.tables),
        ),
        figures=(),
        details=(),
        facts=facts,
        notes=(
            "A claim holds, or does not, where the means of paired values are more than two"
            " standard errors apart; else it is not decided.",
        ),
    )
    for name, text in (
        (SUMMARY_FILE, TypeAdapter(ReportPage).dump_json(page, indent=2).decode() + "\n"),
        (MARKDOWN_FILE, markdown_page(page)),
        (HTML_FILE, html_page(page, links=tuple(section.name for section in sections))),
    ):
        with atomic_path(path / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return page


def _claims_table(sections: Sequence[Section]) -> Table:
    return Table(
        title="Claims",
        header=("claim", "here", "measured"),
        rows=tuple(
            (claim.text, claim.verdict, claim.evidence)
            for section in sections
            for claim in section.claims
        ),
        words=3,
    )


def _named(section: Section, table: Table) -> Table:
    return replace(table, title=f"{section.name}: {table.title}")


def _links_table(sections: Sequence[Section]) -> Table:
    return Table(
        title="Experiments",
        header=("experiment", "what it answers"),
        rows=tuple((section.name, section.says) for section in sections),
        words=2,
    )
