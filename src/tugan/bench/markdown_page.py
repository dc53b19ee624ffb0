"""A report as Markdown."""

from tugan.bench.report_page import ReportPage
from tugan.bench.tables import Table


def markdown_page(page: ReportPage) -> str:
    """With pictures by relative links."""
    parts = [f"# {page.title}", page.introduction]
    parts += [_table(table) for table in page.tables]
    for figure in page.figures:
        parts.append(f"## {figure.title}\n\n![{figure.title}]({figure.file})\n\n{figure.caption}")
    parts += [_table(table) for table in page.details]
    facts = [f"- {name}: {_escaped(value)}" for name, value in page.facts]
    parts.append("## Conditions\n\n" + "\n".join(facts))
    parts.append("## Notes\n\n" + "\n".join(f"- {note}" for note in page.notes))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    rule = ["---" if index < table.words else "---:" for index in range(len(table.header))]
    rows = [table.header, tuple(rule), *table.rows]
    lines = ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows]
    return f"## {table.title}\n\n" + "\n".join(lines) + f"\n\n{table.note}"


def _escaped(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")
