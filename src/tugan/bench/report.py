"""Everything that is read after a run, written from its folder alone."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tugan.bench.conditions import Conditions
from tugan.bench.contact_sheet import MAX_PAIRS, contact_sheet
from tugan.bench.html_page import html_page
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.markdown_page import markdown_page
from tugan.bench.plots import write_plots
from tugan.bench.record import JobRecord
from tugan.bench.report_page import ReportFigure, ReportPage, report_page
from tugan.bench.run_folder import RunFolder
from tugan.bench.summarise import comparable, summarise
from tugan.bench.summary import Summary
from tugan.core.atomic_write import atomic_path
from tugan.render.image_file import write_image

SUMMARY_FILE, MARKDOWN_FILE, HTML_FILE = "summary.json", "report.md", "index.html"
SHEET_FILE = "contact-sheet.jpg"


class PageReport(BaseModel):
    """``summary.json`` of experiments whose figures are their tables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conditions: Conditions
    page: ReportPage


class Report(BaseModel):
    """``summary.json``: the figures, and under which conditions they came about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conditions: Conditions
    summary: Summary


def write_report(folder: RunFolder) -> Report:
    """Summary, tables, plots, contact sheet and page, of what is finished.

    Each file is whole or not there. :class:`MissingExtraError` without matplotlib.
    """
    conditions, records = folder.conditions, folder.records(JobRecord)
    methods = tuple(method.name for method in conditions.methods)
    summary = summarise(records, conditions.task_as(LandmarkTask), methods)
    figures = (
        *_plots(folder, records, conditions, summary),
        *_sheet(folder, records, conditions),
    )
    page = report_page(conditions, summary, records, figures)
    report = Report(conditions=conditions, summary=summary)
    _write(folder.path / SUMMARY_FILE, report.model_dump_json(indent=2) + "\n")
    _write(folder.path / MARKDOWN_FILE, markdown_page(page))
    _write(folder.path / HTML_FILE, html_page(page))
    return report


def write_page(folder: RunFolder, page: ReportPage) -> None:
    """A report as JSON, Markdown and HTML, each file whole or not there."""
    report = PageReport(conditions=folder.conditions, page=page)
    _write(folder.path / SUMMARY_FILE, report.model_dump_json(indent=2) + "\n")
    _write(folder.path / MARKDOWN_FILE, markdown_page(page))
    _write(folder.path / HTML_FILE, html_page(page))


def _plots(
    folder: RunFolder, records: list[JobRecord], conditions: Conditions, summary: Summary
) -> tuple[ReportFigure, ...]:
    methods = tuple(method.name for method in conditions.methods)
    columns = {
        one.points: comparable(records, methods, points=one.points) for one in summary.no_edit
    }
    if not columns:
        return ()
    return write_plots(folder.path, columns, summary)


def _sheet(
    folder: RunFolder, records: list[JobRecord], conditions: Conditions
) -> tuple[ReportFigure, ...]:
    if not records:
        return ()
    sheet = contact_sheet(
        folder,
        records,
        conditions.task_as(LandmarkTask),
        tuple(method.name for method in conditions.methods),
        image_hw=conditions.model.size_hw,
    )
    write_image(folder.path / SHEET_FILE, sheet)
    caption = (
        "Below each result the mean distance of its landmarks before and after, in pixels at 512;"
        " limit and stuck say that the solver did not see every handle arrive. Blue dots are the"
        " goals, red dots the landmarks found on the result."
    )
    if len({one.pair for one in records}) > MAX_PAIRS:
        caption += f" The first {MAX_PAIRS} pairs."
    return (ReportFigure(file=SHEET_FILE, title="Pictures", caption=caption),)


def _write(path: Path, text: str) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
