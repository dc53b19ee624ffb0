"""A dot a drag: what was measured of it against what it is held against."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tugan.bench.method_ink import method_ink
from tugan.bench.plots import DOTS_PER_INCH, QUIET, check_plotting
from tugan.core.atomic_write import atomic_path

Dots = Mapping[str, Sequence[tuple[float, float]]]
"""By method, places along x and y."""

_SIDE_IN = 4.6


def write_before_after(path: Path, dots: Dots, *, x_label: str, y_label: str) -> None:
    """Both axes alike and from 0, with the line of no change; whole or not at all.

    :class:`MissingExtraError` without matplotlib.
    """
    check_plotting()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_SIDE_IN, _SIDE_IN + 0.4), layout="constrained")
    panel = figure.subplots()
    for index, (name, places) in enumerate(dots.items()):
        ink = method_ink(index)
        panel.scatter(
            [x for x, _ in places],
            [y for _, y in places],
            s=26,
            marker=ink.marker,
            color=ink.colour,
            alpha=0.75,
            edgecolor="white",
            linewidth=0.5,
            label=name,
        )
    every = [value for places in dots.values() for place in places for value in place]
    reach = 1.05 * max(every, default=1.0) or 1.0
    panel.plot([0, reach], [0, reach], color=QUIET, linestyle=":", linewidth=1)
    panel.set(xlim=(0, reach), ylim=(0, reach), xlabel=x_label, ylabel=y_label, aspect="equal")
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(color="#e6e6e6", linewidth=0.6)
    panel.set_axisbelow(True)
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=max(len(labels), 1), frameon=False
    )
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DOTS_PER_INCH)
