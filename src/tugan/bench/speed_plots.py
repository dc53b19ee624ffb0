"""The plots of the speed experiment, with the extra ``bench``."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tugan.bench.method_ink import method_ink
from tugan.bench.plots import (
    DOTS_PER_INCH,
    PANEL_HEIGHT_IN,
    PANEL_WIDTH_IN,
    check_plotting,
)
from tugan.bench.report_page import ReportFigure
from tugan.bench.speed_tables import Columns, Measure, in_pictures
from tugan.core.atomic_write import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT = ReportFigure(
    file="cost-by-points.png",
    title="What it costs, by number of points",
    caption="Medians over pictures, with quartiles, on logarithmic scales; seconds are given as so"
    " many times what one picture of the generator takes on the same machine.",
)
_PANELS: tuple[tuple[str, str, Measure], ...] = (
    ("to the first motion", "pictures", in_pictures(lambda one: one.first_motion_s)),
    ("a step", "pictures", in_pictures(lambda one: one.step_s)),
    ("steps", "steps", lambda one: one.steps),
    ("to the end", "pictures", in_pictures(lambda one: one.seconds)),
)


def write_speed_plot(folder: Path, columns: Columns) -> ReportFigure:
    """A panel for each cost; :class:`MissingExtraError` without matplotlib."""
    check_plotting()
    from matplotlib.figure import Figure

    size = (PANEL_WIDTH_IN * 0.85 * len(_PANELS) + 0.6, PANEL_HEIGHT_IN)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(_PANELS))
    for panel, (title, unit, what) in zip(panels, _PANELS, strict=True):
        _draw(panel, columns, what)
        panel.set_title(title, fontsize=11)
        panel.set_ylabel(unit)
        panel.set_xlabel("points")
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(color="#e6e6e6", linewidth=0.6)
        panel.set_axisbelow(True)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=max(len(labels), 1), frameon=False
    )
    with atomic_path(folder / PLOT.file) as temporary:
        figure.savefig(temporary, dpi=DOTS_PER_INCH)
    return PLOT


def _draw(panel: "Axes", columns: Columns, what: Measure) -> None:
    counts = list(columns)
    names = list(next(iter(columns.values())))
    for number, name in enumerate(names):
        places, found = [], []
        for place, count in enumerate(counts):
            values = [what(one) for one in columns[count][name]]
            known = [value for value in values if value is not None]
            if known:
                # beside each other, so that quartiles are not drawn over each other
                places.append(place + 0.08 * (number - (len(names) - 1) / 2))
                found.append(np.quantile(known, (0.25, 0.5, 0.75)))
        if not found:
            continue
        lower, middle, upper = np.array(found).T
        ink = method_ink(number)
        panel.errorbar(
            places,
            middle,
            yerr=(middle - lower, upper - middle),
            color=ink.colour,
            linestyle=ink.line,
            marker=ink.marker,
            markersize=5,
            linewidth=1.6,
            elinewidth=1.0,
            capsize=3,
            label=name,
        )
    panel.set_xticks(range(len(counts)), [str(count) for count in counts])
    panel.set_xlim(-0.4, len(counts) - 0.6)
    panel.set_yscale("log", subs=())
    _plain_ticks(panel)


def _plain_ticks(panel: "Axes") -> None:
    """1, 2, 5, 10 instead of powers."""
    from matplotlib.ticker import LogLocator, NullLocator

    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
