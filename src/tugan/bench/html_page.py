"""A report as one static HTML page."""

from html import escape

from tugan.bench.report_page import ReportFigure, ReportPage
from tugan.bench.tables import Table

_STYLE = """
:root { color-scheme: light; }
body { max-width: 72rem; margin: 2.5rem auto; padding: 0 1.5rem; color: #1b1b1b;
  background: #fff; font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin-bottom: .4rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
p, li, dd { max-width: 46rem; }
.note, figcaption { color: #5a5a5a; font-size: .875rem; max-width: 46rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9375rem;
  border-top: 2px solid #1b1b1b; border-bottom: 2px solid #1b1b1b; }
th, td { padding: .3rem .9rem .3rem 0; text-align: right; white-space: nowrap; }
th.word, td.word { text-align: left; }
td.word { white-space: normal; min-width: 6rem; }
thead th { border-bottom: 1px solid #1b1b1b; font-weight: 600; }
tbody tr.first td { border-top: 1px solid #d5d5d5; }
figure { margin: 0; }
figure img { max-width: 100%; height: auto; display: block; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; font-size: .9rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
"""


def html_page(page: ReportPage, *, links: tuple[str, ...] = ()) -> str:
    """With pictures by relative links; it needs nothing else.

    Cells that say one of ``links`` lead to the page of the folder of that name.
    """
    facts = [f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in page.facts]
    body = [
        f"<h1>{escape(page.title)}</h1>",
        f"<p>{escape(page.introduction)}</p>",
        *(_table(table, links) for table in page.tables),
        *(_figure(figure) for figure in page.figures),
        *(_table(table, ()) for table in page.details),
        "<h2>Conditions</h2>",
        f"<dl>{''.join(facts)}</dl>",
        "<h2>Notes</h2>",
        f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in page.notes)}</ul>",
    ]
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(page.title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
    )
    return head + "<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"


def _table(table: Table, links: tuple[str, ...]) -> str:
    header = _row(table.header, table.words, tag="th")
    rows = []
    before = None
    for row in table.rows:
        # a rule where the number of points changes
        first = table.words > 1 and before is not None and row[0] != before
        rows.append(_row(row, table.words, tag="td", first=first, links=links))
        before = row[0]
    return (
        f"<h2>{escape(table.title)}</h2>\n"
        f'<div class="scroll"><table><thead>{header}</thead><tbody>{"".join(rows)}</tbody></table>'
        f'</div>\n<p class="note">{escape(table.note)}</p>'
    )


def _row(
    cells: tuple[str, ...],
    words: int,
    *,
    tag: str,
    first: bool = False,
    links: tuple[str, ...] = (),
) -> str:
    marked = [
        f"<{tag}{' class=word' if index < words else ''}>{_cell(cell, links)}</{tag}>"
        for index, cell in enumerate(cells)
    ]
    return f"<tr{' class=first' if first else ''}>{''.join(marked)}</tr>"


def _cell(text: str, links: tuple[str, ...]) -> str:
    if text not in links:
        return escape(text)
    return f'<a href="{escape(text)}/index.html">{escape(text)}</a>'


def _figure(figure: ReportFigure) -> str:
    name, title = escape(figure.file), escape(figure.title)
    return (
        f'<h2>{title}</h2>\n<figure><a href="{name}"><img src="{name}" alt="{title}"></a>'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )
