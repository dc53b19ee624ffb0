"""The filters against scipy's, and what they are for."""

import math

import pytest
import scipy.signal  # type: ignore[import-untyped]
import torch

from generators.stylegan3_reference import low_pass
from tugan.generators.stylegan3.filters import lowpass, radial_lowpass


@pytest.mark.parametrize(
    ("taps", "cutoff", "width", "rate"),
    [(12, 2.0, 12.0, 32.0), (24, 8.0, 15.9, 64.0), (7, 3.0, 0.5, 16.0), (96, 10.0, 9.0, 256.0)],
)
def test_filters_are_those_of_scipy(taps: int, cutoff: float, width: float, rate: float) -> None:
    for design, radial in ((lowpass, False), (radial_lowpass, True)):
        if radial and taps % 2:
            continue  # the reference divides by zero in the middle
        found = design(taps, cutoff=cutoff, width=width, rate=rate)
        wanted = low_pass(taps, cutoff, width, rate, radial=radial)
        assert found is not None
        assert wanted is not None
        torch.testing.assert_close(found.double(), torch.from_numpy(wanted), atol=1e-7, rtol=0)


def test_a_radial_filter_is_alike_along_all_directions() -> None:
    # long, so that its window has little say in its shape
    kernel = radial_lowpass(65, cutoff=4.0, width=2.0, rate=32.0)
    assert kernel is not None
    assert float(kernel.sum()) == pytest.approx(1, abs=1e-5)
    places = (torch.arange(65) - 32) / 32.0
    for frequency in (3.0, 4.0, 5.0):
        responses = []
        for angle in (0.0, 30.0, 45.0):
            x = math.cos(math.radians(angle)) * places[None] * frequency
            y = math.sin(math.radians(angle)) * places[:, None] * frequency
            responses.append(float((kernel * torch.cos(2 * math.pi * (x + y))).sum()))
        assert max(responses) - min(responses) < 0.02
        assert responses[0] == pytest.approx({3.0: 1.0, 4.0: 0.5, 5.0: 0.0}[frequency], abs=0.06)


def test_a_single_tap_is_no_filter() -> None:
    assert lowpass(1, cutoff=1.0, width=1.0, rate=8.0) is None
    assert radial_lowpass(1, cutoff=1.0, width=1.0, rate=8.0) is None


def test_a_row_passes_below_its_cutoff_and_stops_above() -> None:
    row = lowpass(48, cutoff=4.0, width=4.0, rate=64.0)
    assert row is not None
    frequencies, response = scipy.signal.freqz(row.numpy(), worN=512, fs=64.0)
    assert abs(abs(response[frequencies < 1.5]) - 1).max() < 0.02
    assert abs(response[frequencies > 6.5]).max() < 0.02
