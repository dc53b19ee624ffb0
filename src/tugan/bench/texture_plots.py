"""The plots of the texture experiment, with the extra ``bench``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tugan.bench.method_ink import method_ink
from tugan.bench.plots import (
    DOTS_PER_INCH,
    PANEL_HEIGHT_IN,
    PANEL_WIDTH_IN,
    QUIET,
    check_plotting,
)
from tugan.bench.report_page import ReportFigure
from tugan.bench.texture_record import WRONG_PX_AT_512, TextureRecord
from tugan.bench.texture_tables import Columns
from tugan.bench.texture_task import TextureTask
from tugan.core.atomic_write import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCATTER = ReportFigure(
    file="residual-and-texture.png",
    title="Texture and true residual",
    caption="A mark a drag: the handle's texture score against how far its surroundings are from"
    " the goal in the result, in pixels at 512. Dots: the solver said reached; crosses: it said"
    " lost, or was stuck. Above the dashed line, dots are silently wrong. Dotted lines part low,"
    " middle and high texture; ticks at the top are drags whose result does not show where the"
    " surroundings went.",
)


def write_texture_plot(folder: Path, columns: Columns, task: TextureTask) -> ReportFigure:
    """A panel for each method; :class:`MissingExtraError` without matplotlib."""
    check_plotting()
    from matplotlib.figure import Figure

    size = (PANEL_WIDTH_IN * len(columns) + 0.6, PANEL_HEIGHT_IN)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for index, (panel, (name, records)) in enumerate(zip(panels, columns.items(), strict=True)):
        _scatter(panel, records, method_ink(index).colour)
        panel.axhline(WRONG_PX_AT_512, color=QUIET, linestyle="--", linewidth=1)
        for score in (task.low_below, task.high_from):
            panel.axvline(score, color=QUIET, linestyle=":", linewidth=1)
        panel.set_title(name, fontsize=11)
        panel.set_xlim(0, 1)
        panel.set_xlabel("texture score of the handle")
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylim(0, max(1.2 * task.distance_px_at_512, 1.1 * panels[0].get_ylim()[1]))
    panels[0].set_ylabel("true residual, px at 512")
    with atomic_path(folder / SCATTER.file) as temporary:
        figure.savefig(temporary, dpi=DOTS_PER_INCH)
    return SCATTER


def _scatter(panel: "Axes", records: Sequence[TextureRecord], colour: str) -> None:
    for reached, marker in ((True, "o"), (False, "x")):
        own = [
            (one.score, one.residual_px)
            for one in records
            if one.residual_px is not None and one.reached is reached
        ]
        xs, ys = [score for score, _ in own], [residual for _, residual in own]
        panel.scatter(xs, ys, s=26, color=colour, marker=marker, alpha=0.8, linewidth=1.2)
    hidden = [one.score for one in records if one.residual_px is None]
    # at the upper edge, whatever the scale
    panel.plot(
        hidden, [0.98] * len(hidden), "|", color=QUIET, transform=panel.get_xaxis_transform()
    )
