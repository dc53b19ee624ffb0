import numpy as np
import pytest

from bench.fakes import cost, record
from tugan.bench.curves import left_curve, span
from tugan.bench.record import Failure
from tugan.bench.timed_drag import HistoryEntry


def seconds(entry: HistoryEntry) -> float:
    return entry.seconds


def test_a_drag_that_has_ended_stays_where_it_ended() -> None:
    # both come from 10 to 5 px, one in a second and one in four
    records = [record(0, spent=cost(seconds=1)), record(1, spent=cost(seconds=4))]
    curve = left_curve(records, seconds, start=1, end=4)
    assert curve is not None
    assert curve.along[[0, -1]] == pytest.approx([1, 4])
    # one is at 0.5 from the start on, the other at 1 - 0.125 s
    np.testing.assert_allclose(curve.mean, (0.5 + 1 - curve.along / 8) / 2)
    assert (curve.lower <= curve.mean).all()
    assert (curve.mean <= curve.upper).all()


def test_the_axis_spans_every_drag() -> None:
    records = [record(0, spent=cost(seconds=1)), record(1, spent=cost(seconds=4))]
    reach = span(records, seconds)
    assert reach is not None
    # the first changes are seen after 0.5 s
    assert 0.3 < reach[0] < 0.5
    assert 4 < reach[1] < 5


def test_errors_have_no_curve() -> None:
    broken = [record(0, failure=Failure.ERROR)]
    assert left_curve(broken, seconds, start=1, end=2) is None
    assert span(broken, seconds) is None
