import math

import pytest

from tugan.bench.aggregates import mean, median, ratio, ratio_of_means_error, standard_error


def test_of_nothing_there_is_nothing() -> None:
    assert mean([]) is None
    assert median([]) is None
    assert standard_error([1.0]) is None
    assert ratio(None, 2) is None
    assert ratio(2, None) is None
    assert ratio(2, 0) is None
    assert ratio(0, 2) == 0


def test_the_standard_error_is_of_a_sample() -> None:
    # deviations -3, -1, 1, 3: variance 20/3, over 4
    assert standard_error([1, 3, 5, 7]) == pytest.approx(math.sqrt(20 / 3 / 4))


def test_the_error_of_a_share_is_of_its_residuals() -> None:
    # share 6/12 = 0.5; residuals 1 - 2, 5 - 4, 6 - 6 = -1, 1, 0; variance 1; mean below 8
    assert ratio_of_means_error([1, 5, 6], [4, 8, 12]) == pytest.approx(1 / (math.sqrt(3) * 8))
    # a share that is the same on every pair has no error
    assert ratio_of_means_error([1, 2, 3], [2, 4, 6]) == pytest.approx(0)
    assert ratio_of_means_error([1], [2]) is None
