"""Words that plots, tables and the contact sheet share."""

from tugan.bench.record import Failure

FAILURE_WORDS = {
    Failure.LOST_FACE: "no face found",
    Failure.NOT_FINITE: "not finite",
    Failure.ERROR: "error",
    Failure.TIME_LIMIT: "time limit",
    Failure.DIED: "process died",
}


def points_title(points: int) -> str:
    """1 point, 5 points."""
    return "1 point" if points == 1 else f"{points} points"


def counted(count: int, what: str) -> str:
    """1 pair, 5 pairs."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def with_unfinished(text: str, drags: int, *, left_out: str = "Pairs") -> str:
    """An introduction, and how much of the run is missing, if anything is."""
    if drags <= 0:
        return text
    return (
        f"{text} This run is not finished: {still_to_do(drags)}. {left_out} that not every method"
        " has finished are left out of the figures."
    )


def still_to_do(drags: int) -> str:
    """1 drag is, 5 drags are."""
    return "1 drag is still to do" if drags == 1 else f"{drags} drags are still to do"


def number(value: float | None, digits: int) -> str:
    """With so many decimals; a dash where there is no value."""
    return "–" if value is None else f"{value:.{digits}f}"  # noqa: RUF001


def with_error(value: float | None, error: float | None, digits: int) -> str:
    """Value ± standard error, as far as they are known."""
    text = number(value, digits)
    return text if error is None else f"{text} ± {error:.{digits}f}"


def percent(value: float | None) -> str:
    """Whole percents; a dash where there is no value."""
    return "–" if value is None else f"{value:.0%}"  # noqa: RUF001


def factor(value: float | None) -> str:
    """Three digits and a cross; a dash where there is no value."""
    return "–" if value is None else f"{value:.3g} x"  # noqa: RUF001
