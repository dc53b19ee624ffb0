"""The plots of a run, with the extra ``bench``."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tugan.bench.curves import Along, left_curve, span
from tugan.bench.method_ink import MethodInk, method_ink
from tugan.bench.record import JobRecord
from tugan.bench.report_page import ReportFigure
from tugan.bench.summary import Row, Summary
from tugan.bench.wording import points_title
from tugan.core.atomic_write import atomic_path
from tugan.core.errors import MissingExtraError
from tugan.perceptual.faces import SAME_PERSON_DISTANCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

PANEL_WIDTH_IN, PANEL_HEIGHT_IN = 3.6, 3.4
LEGEND_MARK_IN, LEGEND_LETTER_IN, LEGEND_ROW_IN = 0.65, 0.085, 0.22
DOTS_PER_INCH = 160
QUIET = "#767676"

Columns = Mapping[int, Mapping[str, Sequence[JobRecord]]]
"""Drags by number of points, then by method."""


SECONDS_PLOT = ReportFigure(
    file="distance-over-seconds.png",
    title="On the way, over time",
    caption="How far the handles still are from their goals, as the solver tracks them, over the"
    " seconds spent in the solver: mean and quartiles over pairs; a drag that has ended stays where"
    " it ended. A ring is what the landmark detector says of the results: MD as a share of no edit,"
    " at the median time.",
)
STEPS_PLOT = ReportFigure(
    file="distance-over-steps.png",
    title="On the way, over steps",
    caption="The same over the steps of the solver.",
)
IDENTITY_PLOT = ReportFigure(
    file="identity-and-distance.png",
    title="Identity",
    caption="Identity against accuracy, a dot a drag. Below the dashed line the embedding says"
    " that it is the same person. Crosses at the top are results without a face, at the distance"
    " of no edit, with which they count.",
)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What goes along the x axis of a drag on its way."""

    label: str
    of_entry: Along
    of_row: Callable[[Row], float | None]


SECONDS_AXIS = Axis(
    label="seconds in the solver",
    of_entry=lambda entry: entry.seconds,
    of_row=lambda row: row.seconds.median,
)
STEPS_AXIS = Axis(
    label="steps",
    of_entry=lambda entry: float(entry.step),
    of_row=lambda row: row.steps.median,
)


def check_plotting() -> None:
    """:class:`MissingExtraError` without matplotlib."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtraError(
            'the report has plots, which need matplotlib: pip install "tugan[bench]"'
        )


def write_plots(folder: Path, columns: Columns, summary: Summary) -> tuple[ReportFigure, ...]:
    """Write the plots, each whole or not at all; those there was something to draw for.

    :class:`MissingExtraError` without matplotlib.
    """
    check_plotting()
    figures = (
        (SECONDS_PLOT, _way_figure(columns, summary, SECONDS_AXIS)),
        (STEPS_PLOT, _way_figure(columns, summary, STEPS_AXIS)),
        (IDENTITY_PLOT, _identity_figure(columns)),
    )
    written = [(plot, figure) for plot, figure in figures if figure is not None]
    for plot, figure in written:
        with atomic_path(folder / plot.file) as temporary:
            figure.savefig(temporary, dpi=DOTS_PER_INCH)
    return tuple(plot for plot, _ in written)


def _way_figure(columns: Columns, summary: Summary, axis: Axis) -> "Figure | None":
    every = [one for methods in columns.values() for found in methods.values() for one in found]
    reach = span(every, axis.of_entry)
    if reach is None:
        return None
    figure, panels = _panels(columns)
    for (points, methods), panel in zip(columns.items(), panels, strict=True):
        for index, (name, records) in enumerate(methods.items()):
            ink = method_ink(index)
            curve = left_curve(records, axis.of_entry, start=reach[0], end=reach[1])
            if curve is not None:
                panel.fill_between(
                    curve.along, curve.lower, curve.upper, color=ink.colour, alpha=0.15, linewidth=0
                )
                panel.plot(
                    curve.along,
                    curve.mean,
                    color=ink.colour,
                    linestyle=ink.line,
                    label=name,
                    linewidth=1.8,
                )
            _ring(panel, summary.row(points, name), axis, ink)
        panel.axhline(1, color=QUIET, linestyle=":", linewidth=1)
        panel.set_xscale("log", subs=())
        panel.xaxis.set_major_locator(_one_two_five())
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        panel.set_xlim(*reach)
        panel.set_xlabel(axis.label)
    panels[0].set_ylim(0, None)
    panels[0].set_ylabel("distance left, share")
    _legend(figure, panels[0])
    return figure


def _one_two_five() -> "LogLocator":
    from matplotlib.ticker import LogLocator

    return LogLocator(subs=(1, 2, 5))


def _ring(panel: "Axes", row: Row | None, axis: Axis, ink: MethodInk) -> None:
    if row is None or row.share.of_means is None:
        return
    place = axis.of_row(row)
    if place is not None:
        panel.plot(
            [place],
            [row.share.of_means],
            marker=ink.marker,
            markersize=8,
            markerfacecolor="white",
            markeredgecolor=ink.colour,
            markeredgewidth=1.8,
            linestyle="none",
            zorder=5,
        )


def _identity_figure(columns: Columns) -> "Figure":
    figure, panels = _panels(columns)
    for methods, panel in zip(columns.values(), panels, strict=True):
        for index, (name, records) in enumerate(methods.items()):
            ink = method_ink(index)
            known = [one for one in records if one.embedding_distance is not None]
            panel.scatter(
                [one.md_px for one in known],
                [one.embedding_distance or 0.0 for one in known],
                s=22,
                marker=ink.marker,
                color=ink.colour,
                alpha=0.75,
                edgecolor="white",
                linewidth=0.5,
                label=name,
            )
            lost = [one.md_px for one in records if one.embedding_distance is None]
            # just below the upper edge, whatever the scale
            panel.plot(
                lost,
                [0.97] * len(lost),
                "x",
                color=ink.colour,
                transform=panel.get_xaxis_transform(),
            )
        panel.axhline(SAME_PERSON_DISTANCE, color=QUIET, linestyle="--", linewidth=1)
        panel.set_xlim(0, None)
        panel.set_xlabel("MD, px at 512")
    panels[0].set_ylim(0, max(1.0, panels[0].get_ylim()[1]))
    panels[0].set_ylabel("embedding distance to the start")
    _legend(figure, panels[0])
    return figure


def _panels(columns: Columns) -> "tuple[Figure, list[Axes]]":
    """A panel for each number of points, side by side, with one y axis."""
    from matplotlib.figure import Figure

    count = len(columns)
    size = (PANEL_WIDTH_IN * count + 0.6, PANEL_HEIGHT_IN)
    figure = Figure(figsize=size, layout="constrained")
    panels = list(figure.subplots(1, count, sharey=True, squeeze=False)[0])
    for points, panel in zip(columns, panels, strict=True):
        panel.set_title(points_title(points), fontsize=11)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(color="#e6e6e6", linewidth=0.6)
        panel.set_axisbelow(True)
    return figure, panels


def _legend(figure: "Figure", panel: "Axes") -> None:
    handles, labels = panel.get_legend_handles_labels()
    width_in, height_in = figure.get_size_inches()
    # names of varied methods are long
    each_in = LEGEND_MARK_IN + LEGEND_LETTER_IN * max(map(len, labels), default=0)
    columns = min(max(int(width_in / each_in), 1), max(len(labels), 1))
    further_rows = -(-len(labels) // columns) - 1
    figure.set_size_inches(width_in, height_in + LEGEND_ROW_IN * max(further_rows, 0))
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, frameon=False)
