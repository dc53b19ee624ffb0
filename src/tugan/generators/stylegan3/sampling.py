"""How fine each layer's maps are, and which frequencies they hold (Karras et al. 2021, 3.2)."""

import math
from dataclasses import dataclass

import numpy as np

from tugan.generators.stylegan3.config import StyleGan3Config


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A feature map as samples of a continuous signal; frequencies in periods a picture's side."""

    size: int
    """Cells a side, the margins included."""
    rate: int
    """Cells a picture's side."""
    cutoff: float
    half_width: float
    """Of the filters' transition band around the cutoff."""

    @property
    def margin(self) -> int:
        """Cells around the picture, on each side."""
        return (self.size - self.rate) // 2


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """What a layer does between its convolution and its output, along each side of its maps.

    The convolution's output, as large as any of its inputs has a say in (full padding), is raised
    to ``up`` times its rate by a filter, passes the leaky ReLU there, and is filtered down.
    """

    up: int
    down: int
    up_taps: int
    down_taps: int
    trim: int
    """Cells at each edge of the convolution's output that nothing of the result depends on."""
    cut: tuple[int, int]
    """Samples left out before and after what the rest gives when raised; where negative: zeros that
    are added."""


def signals(config: StyleGan3Config) -> tuple[Signal, ...]:
    """The output of each layer, RGB last; the first is also what the input gives.

    Cutoffs and stopbands grow geometrically until the critically sampled layers (the paper's
    section 3.2); sampling rates are the powers of two that hold the stopband.
    """
    count, size_px = config.num_layers + 1, config.size_px
    last_cutoff = size_px / 2
    last_stopband = last_cutoff * config.last_stopband_rel
    exponents = np.minimum(np.arange(count) / (config.num_layers - config.num_critical), 1)
    cutoffs = config.first_cutoff * (last_cutoff / config.first_cutoff) ** exponents
    stopbands = config.first_stopband * (last_stopband / config.first_stopband) ** exponents
    rates = np.exp2(np.ceil(np.log2(np.minimum(2 * stopbands, size_px))))
    half_widths = np.maximum(stopbands, rates / 2) - cutoffs
    sizes = rates + 2 * config.margin_size
    # the picture needs no margin
    sizes[-2:] = size_px
    return tuple(
        Signal(size=int(size), rate=int(rate), cutoff=float(cutoff), half_width=float(half_width))
        for size, rate, cutoff, half_width in zip(sizes, rates, cutoffs, half_widths, strict=True)
    )


def last_layers(found: tuple[Signal, ...]) -> tuple[int, ...]:
    """The last layer at each sampling rate, RGB left out: where synthesis can stop."""
    rates = [signal.rate for signal in found[:-1]]
    return tuple(len(rates) - 1 - rates[::-1].index(rate) for rate in sorted(set(rates)))


def layer_resampling(config: StyleGan3Config, index: int) -> Resampling:
    """What the layer of this index does, which is not the one to RGB."""
    found = signals(config)
    before, after = found[max(index - 1, 0)], found[index]
    working_rate = max(before.rate, after.rate) * config.lrelu_upsampling
    up, down = working_rate // before.rate, working_rate // after.rate
    up_taps = config.filter_size * up if up > 1 else 1
    down_taps = config.filter_size * down if down > 1 else 1
    convolved = before.size + config.conv_kernel - 1
    # What the two filters leave of ``convolved * up`` samples and this padding is what gives
    # ``after.size`` samples, with the centres of both maps at one place.
    padding = (after.size - 1) * down + 1 - convolved * up + up_taps + down_taps - 2
    first = (padding + up) // 2
    cut = (up_taps - 1 - first, up_taps - up - (padding - first))
    trim = max(0, min(math.floor((side - up_taps) / up) + 1 for side in cut))
    return Resampling(
        up=up,
        down=down,
        up_taps=up_taps,
        down_taps=down_taps,
        trim=trim,
        cut=(cut[0] - trim * up, cut[1] - trim * up),
    )
