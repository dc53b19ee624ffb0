"""The tables of the paired reconstruction, as text."""

from collections.abc import Callable, Mapping, Sequence

from tugan.bench.aggregates import mean, median, ratio, ratio_of_means_error
from tugan.bench.paired_record import PairedRecord
from tugan.bench.picture_metrics import PictureErrors
from tugan.bench.tables import Table
from tugan.bench.wording import number, with_error

Columns = Mapping[str, Sequence[PairedRecord]]
"""By method, of the same pairs."""

_PUBLISHED = (
    ("UserControllableLT", ("1.82", "1.14", "1.25", "0.87", "1.23", "0.92", "1.98", "0.85")),
    ("DragGAN", ("0.66", "0.72", "1.04", "0.82", "0.48", "0.44", "1.67", "0.74")),
)


def reconstruction_table(columns: Columns) -> Table:
    """In the form of the paper's table 2: a row a method; LPIPS where every picture has it."""
    every = [one for found in columns.values() for one in found]
    with_lpips = bool(every) and all(
        errors.lpips is not None for one in every for errors in (one.no_edit, one.counted)
    )
    first = next(iter(columns.values()), ())
    rows = [("no edit", *_errors([one.no_edit for one in first], with_lpips=with_lpips), "1", "")]
    for method, found in columns.items():
        seconds = [one.cost.seconds for one in found if one.cost is not None]
        rows.append(
            (
                method,
                *_errors([one.counted for one in found], with_lpips=with_lpips),
                _share(found),
                number(median(seconds), 2),
            )
        )
    return Table(
        title="Paired reconstruction",
        header=(
            "method",
            "MSE x 100",
            *(("LPIPS x 10",) if with_lpips else ()),
            "PSNR, dB",
            "SSIM",
            "share",
            "seconds",
        ),
        rows=tuple(rows),
        words=1,
        note="Of the result against the picture that it should become, means over pairs: MSE of"
        " values in [-1, 1] (in [0, 1] it would be a quarter of that), PSNR 10 log10(4 / MSE), SSIM"
        " with a Gaussian window of 11 px, at the picture's own size. Share: mean MSE over that of"
        " no edit, with a standard error over pairs. Seconds: median of the solver's time. A drag"
        " that was not finite or broke off with an error counts with the values of no edit."
        + ("" if with_lpips else _NO_LPIPS),
    )


_NO_LPIPS = (
    " LPIPS is left out: its weights were not installed when these pictures were measured (tugan"
    " weights add lpips)."
)


def published_pairs_table() -> Table:
    """What the paper reports."""
    domains = ("lion", "LSUN cat", "dog", "LSUN car")
    return Table(
        title="As published: MSE x 100 and LPIPS x 10",
        header=("method", *(f"{one}, {what}" for one in domains for what in ("MSE", "LPIPS"))),
        rows=tuple((name, *values) for name, values in _PUBLISHED),
        words=1,
        note="Pan et al. 2023, table 2: 1000 pairs of each StyleGAN2. The paper does not tell the"
        " range of its pixels, nor the errors of no edit, without which values of other generators"
        " cannot be compared with these: compare the order of methods.",
    )


def steps_table(columns: Columns) -> Table:
    """What was asked, and what it took."""
    return Table(
        title="Steps",
        header=("method", "pairs", "steps mean", "steps median", "seconds mean", "better"),
        rows=tuple((name, *_steps(found)) for name, found in columns.items()),
        words=1,
        note="Better: pairs whose MSE is below that of no edit. Without drags that ended in an"
        " error, in steps and seconds.",
    )


def _errors(errors: Sequence[PictureErrors], *, with_lpips: bool) -> tuple[str, ...]:
    def column(value: Callable[[PictureErrors], float], digits: int) -> str:
        return number(mean([value(one) for one in errors]), digits)

    return (
        column(lambda one: 100 * one.mse, 2),
        *((column(lambda one: 10 * (one.lpips or 0.0), 2),) if with_lpips else ()),
        column(lambda one: one.psnr_db, 2),
        column(lambda one: one.ssim, 3),
    )


def _share(found: Sequence[PairedRecord]) -> str:
    after, before = [one.counted.mse for one in found], [one.no_edit.mse for one in found]
    return with_error(ratio(mean(after), mean(before)), ratio_of_means_error(after, before), 3)


def _steps(found: Sequence[PairedRecord]) -> tuple[str, ...]:
    costs = [one.cost for one in found if one.cost is not None]
    steps = [float(one.steps) for one in costs]
    return (
        str(len(found)),
        number(mean(steps), 1),
        number(median(steps), 1),
        number(mean([one.seconds for one in costs]), 2),
        str(sum(one.counted.mse < one.no_edit.mse for one in found)),
    )
