"""Figures of many drags from figures of each."""

import math
from collections.abc import Sequence

import numpy as np


def mean(values: Sequence[float]) -> float | None:
    """None of nothing."""
    return float(np.mean(values)) if values else None


def median(values: Sequence[float]) -> float | None:
    """None of nothing."""
    return float(np.median(values)) if values else None


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean; None below two values."""
    if len(values) < 2:
        return None
    return float(np.std(values, ddof=1)) / math.sqrt(len(values))


def ratio(above: float | None, below: float | None) -> float | None:
    """None where there is nothing to divide, or to divide by."""
    return None if above is None or not below else above / below


def ratio_of_means_error(above: Sequence[float], below: Sequence[float]) -> float | None:
    """Standard error of ``mean(above) / mean(below)`` of paired values, to first order.

    The residuals of a ratio estimator (Cochran, Sampling Techniques, 1977, equation 6.13).
    """
    share = ratio(mean(above), mean(below))
    if share is None or len(above) < 2:
        return None
    residuals = [one - share * other for one, other in zip(above, below, strict=True)]
    spread = math.sqrt(sum(one * one for one in residuals) / (len(residuals) - 1))
    return spread / (math.sqrt(len(residuals)) * float(np.mean(below)))
