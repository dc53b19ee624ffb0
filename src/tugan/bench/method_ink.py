"""What tells methods apart in plots, however many there are."""

from dataclasses import dataclass

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which people with any colour vision tell apart."""
_LINES = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D")


@dataclass(frozen=True, kw_only=True)
class MethodInk:
    """Of a method, in matplotlib's words."""

    colour: str
    line: str
    marker: str


def method_ink(index: int) -> MethodInk:
    """Of the method at this place; line and marker change where the colours begin anew."""
    again = index // len(COLOURS)
    return MethodInk(
        colour=COLOURS[index % len(COLOURS)],
        line=_LINES[again % len(_LINES)],
        marker=_MARKERS[again % len(_MARKERS)],
    )
