"""What a report says, before it is Markdown or HTML."""

from collections.abc import Sequence
from dataclasses import dataclass

from tugan.bench.conditions import Conditions, lines_about
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.record import JobRecord
from tugan.bench.summary import Summary
from tugan.bench.tables import (
    Table,
    accuracy_table,
    cost_table,
    endings_table,
    failures_table,
    identity_table,
    paper_table,
    published_table,
)
from tugan.bench.wording import counted, with_unfinished
from tugan.perceptual.dlib_faces import LICENCE_NOTE

_TITLES = {"landmarks": "Landmark drags", "ablation": "Ablation of landmark drags"}
"""Of the experiments that drag landmarks and are told in the same words."""


@dataclass(frozen=True, kw_only=True)
class ReportFigure:
    """A picture file beside the report."""

    file: str
    title: str
    caption: str


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """In the order in which it is read."""

    title: str
    introduction: str
    tables: tuple[Table, ...]
    figures: tuple[ReportFigure, ...]
    details: tuple[Table, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    on_terminal: int = 1
    """How many of the tables a terminal shows."""


def report_page(
    conditions: Conditions,
    summary: Summary,
    records: Sequence[JobRecord],
    figures: tuple[ReportFigure, ...],
) -> ReportPage:
    """The report of a run; what is missing from a run that was stopped is said in it."""
    methods = tuple(method.name for method in conditions.methods)
    details = [accuracy_table(summary), endings_table(summary), cost_table(summary)]
    details.append(identity_table(summary))
    if any(one.failure is not None for one in records):
        details.append(failures_table(records))
    title = _TITLES.get(conditions.experiment, conditions.experiment)
    return ReportPage(
        title=f"{title} on {conditions.model.name}",
        introduction=_introduction(conditions, summary),
        tables=(paper_table(summary, methods), published_table()),
        figures=figures,
        details=tuple(details),
        facts=tuple(lines_about(conditions)),
        notes=_notes(summary),
    )


def _introduction(conditions: Conditions, summary: Summary) -> str:
    task = conditions.task_as(LandmarkTask)
    held = "No mask is used." if task.mask == "none" else "Only the face may change (mask face)."
    text = (
        f"{counted(task.pairs, 'pair')} of faces (seed {task.seed}, psi {task.psi:g}): the"
        " landmarks of the first face are dragged to the places of the second one's, and found"
        " again on the result."
        f" {held} All methods ran on the same pairs, side by side, in one run."
    )
    return with_unfinished(text, summary.unfinished)


def _notes(summary: Summary) -> tuple[str, ...]:
    return (
        LICENCE_NOTE,
        "Points: 1 is the nose tip (landmark 30), 5 the outer eye corners, the nose tip and the"
        " mouth corners (36, 45, 30, 48, 54), 68 all of them.",
        f"{summary.skipped_candidates} candidate pictures were left out on the way to the pairs,"
        " because no face was found in them or their nose tips were at one place.",
        "FID is left out: it needs the weights of an Inception network, which do not come with"
        " tugan.",
    )
