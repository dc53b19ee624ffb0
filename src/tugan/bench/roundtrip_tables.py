"""The tables of the round trip, as text."""

from collections.abc import Callable, Mapping, Sequence

from tugan.bench.aggregates import mean, median
from tugan.bench.roundtrip_record import FromStart, RoundTripRecord
from tugan.bench.tables import Table
from tugan.bench.wording import number

Columns = Mapping[str, Sequence[RoundTripRecord]]
"""By method, of the same pairs."""

Whole = tuple[RoundTripRecord, FromStart, FromStart]
"""A trip of which both ends are known: the record, there, and back."""

_HEADER = (
    "MSE x 100",
    "PSNR, dB",
    "SSIM",
    "embedding",
    "nose, px",
    "latent",
)


def distance_table(columns: Columns) -> Table:
    """How far from the start: there, and back again."""
    no_edit = ("no edit", "", "0.00", "inf", "1.000", "0.000", "0.00", "0.00", "")
    rows: list[tuple[str, ...]] = [no_edit]
    for method, found in columns.items():
        whole = whole_trips(found)
        rows.append((method, "there only", *_cells([there for _, there, _ in whole]), ""))
        rows.append((method, "there and back", *_cells([back for *_, back in whole]), _left(whole)))
    return Table(
        title="Distance from the start",
        header=("method", "way", *_HEADER, "MSE left"),
        rows=tuple(rows),
        words=2,
        note="Means over trips of which both ends gave a picture: MSE of values in [-1, 1], PSNR"
        " 10 log10(4 / MSE), SSIM with a Gaussian window of 11 px, distance of face embeddings,"
        " distance of the nose tips as the detector finds them (pixels at 512; both over pictures"
        " with a face), Euclidean distance of all of ws. MSE left: the mean after the way back over"
        " the mean after the way there; 0 is a trip that ends where it began.",
    )


def both_ways_table(columns: Columns) -> Table:
    """Whether the trips went well: who does not go far is soon back."""
    return Table(
        title="Whether the trips went well",
        header=("method", "trips", "asked, px", "gone, px", "both reached", *_ENDS, "MSE left if"),
        rows=tuple((name, *_trip_cells(found)) for name, found in columns.items()),
        words=1,
        note="Asked: mean way from the nose tip to its goal, pixels at 512; gone: how far the"
        " detector finds it from the start after the way there, over pictures with a face. Both"
        " reached: trips whose both ways ended at the goal by the solver's own account. Steps are"
        " the mean, seconds the median, of both ways together. MSE left if: the same as above, of"
        " these trips alone.",
    )


_ENDS = ("steps", "seconds")


def whole_trips(found: Sequence[RoundTripRecord]) -> list[Whole]:
    """Those of which both ends are known."""
    return [
        (one, one.there, one.back)
        for one in found
        if one.there is not None and one.back is not None
    ]


def _cells(ends: Sequence[FromStart]) -> tuple[str, ...]:
    def column(value: Callable[[FromStart], float | None], digits: int) -> str:
        known = [found for one in ends if (found := value(one)) is not None]
        return number(mean(known), digits)

    return (
        column(lambda one: 100 * one.picture.mse, 2),
        column(lambda one: one.picture.psnr_db, 2),
        column(lambda one: one.picture.ssim, 3),
        column(lambda one: one.embedding, 3),
        column(lambda one: one.nose_px, 2),
        column(lambda one: one.latent, 2),
    )


def _left(whole: Sequence[Whole]) -> str:
    there = mean([one.picture.mse for _, one, _ in whole])
    back = mean([one.picture.mse for *_, one in whole])
    # a method that did not move at all has nothing to come back from
    return number(None if not there or back is None else back / there, 3)


def _trip_cells(found: Sequence[RoundTripRecord]) -> tuple[str, ...]:
    noses = [one.there.nose_px for one in found if one.there is not None]
    reached = [one for one in found if one.reached]
    return (
        str(len(found)),
        number(mean([one.asked_px for one in found]), 1),
        number(mean([one for one in noses if one is not None]), 1),
        str(len(reached)),
        number(mean([float(one.steps) for one in found if one.steps is not None]), 1),
        number(median([one.seconds for one in found if one.seconds is not None]), 2),
        _left(whole_trips(reached)),
    )
