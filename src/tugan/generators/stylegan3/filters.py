"""The low-pass filters between sampling rates (Karras et al. 2021, section 3.2 and appendix C).

Windowed by Kaiser's window (1974), whose one parameter sets how steep the filter is.
"""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def lowpass(
    taps: int, *, cutoff: float, width: float, rate: float
) -> Float[Tensor, " taps"] | None:
    """A separable filter's row, sum 1, float32; None for a single tap, which changes nothing.

    ``cutoff`` and ``width`` of the transition band are in the unit of the sampling ``rate``.
    """
    if taps == 1:
        return None
    places = np.arange(taps) - (taps - 1) / 2
    row = np.sinc(2 * cutoff / rate * places) * _kaiser(taps, width / (rate / 2))
    return torch.from_numpy(row / row.sum()).float()


def radial_lowpass(
    taps: int, *, cutoff: float, width: float, rate: float
) -> Float[Tensor, "taps taps"] | None:
    """A filter alike in all directions: the jinc function, windowed; else as :func:`lowpass`."""
    if taps == 1:
        return None
    places = (np.arange(taps) - (taps - 1) / 2) / rate
    radius = np.hypot(*np.meshgrid(places, places))
    window = _kaiser(taps, width / (rate / 2))
    kernel = _jinc(radius, cutoff) * np.outer(window, window)
    return torch.from_numpy(kernel / kernel.sum()).float()


def _jinc(radius: np.ndarray, cutoff: float) -> np.ndarray:
    """``J1(2 pi cutoff r) / (pi r)``, which tends to ``cutoff`` at the origin."""
    outside = np.where(radius > 0, radius, 1.0)
    bessel = torch.special.bessel_j1(torch.from_numpy(2 * math.pi * cutoff * outside)).numpy()
    return np.where(radius > 0, bessel / (math.pi * outside), cutoff)


def _kaiser(taps: int, width: float) -> np.ndarray:
    """Kaiser's window for a transition band of ``width``, a share of the Nyquist frequency."""
    attenuation_db = 2.285 * (taps - 1) * math.pi * width + 7.95
    if attenuation_db > 50:
        beta = 0.1102 * (attenuation_db - 8.7)
    elif attenuation_db > 21:
        beta = 0.5842 * (attenuation_db - 21) ** 0.4 + 0.07886 * (attenuation_db - 21)
    else:
        beta = 0.0
    return np.kaiser(taps, beta)
