"""The leaky ReLU between two filters, so that it makes no frequencies that would alias.

Karras et al. 2021, sections 2 and 3.2: a map is raised to a higher sampling rate, passes the
nonlinearity there, and is filtered and thinned to the layer's rate. Zeros are never multiplied:
raising is a transposed convolution with a stride, thinning a convolution with one.
"""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.generators.mapping import LEAKY_SLOPE
from tugan.generators.stylegan3.config import StyleGan3Config
from tugan.generators.stylegan3.filters import lowpass, radial_lowpass
from tugan.generators.stylegan3.sampling import Resampling, layer_resampling, signals

NUMBERS_AT_ONCE = 2**27
"""Channels are resampled a few at a time where the raised maps would hold more: 512 MiB."""


@final
class Resampler(nn.Module):
    """Raise, leaky ReLU, clamp, thin; the filters are the configuration's, and of no file."""

    up_filter: Tensor | None
    down_filter: Tensor | None

    def __init__(
        self,
        plan: Resampling,
        *,
        up_filter: Tensor | None,
        down_filter: Tensor | None,
        clamp: float | None,
    ) -> None:
        """Filters have a row's taps, or, the second one, as many each way; None changes nothing."""
        super().__init__()
        self.plan = plan
        self.clamp = clamp
        self.register_buffer("up_filter", up_filter, persistent=False)
        self.register_buffer("down_filter", down_filter, persistent=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c oh ow"]:
        """``x``: the convolution's output but for its ``trim``. It may be written to."""
        raised_cells = x[0, 0].numel() * self.plan.up**2 * len(x)
        at_once = max(NUMBERS_AT_ONCE // raised_cells, 1)
        if at_once >= x.shape[1]:
            return self._resampled(x)
        parts = [self._resampled(part) for part in x.split(at_once, dim=1)]
        return torch.cat(parts, dim=1).contiguous(memory_format=torch.channels_last)

    def _resampled(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c oh ow"]:
        x = self._raised(x)
        x = F.leaky_relu_(x, LEAKY_SLOPE)
        if self.clamp is not None:
            # the leaky ReLU's gradient is made of its output
            x = F.hardtanh(x, -self.clamp, self.clamp, inplace=not x.requires_grad)
        return self._thinned(x)

    def _raised(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c oh ow"]:
        first, last = self.plan.cut
        if self.up_filter is None:
            return F.pad(x, (-first, -last) * 2) if first or last else x
        up, channels = self.plan.up, x.shape[1]
        inside = max(min(first, last), 0)
        row = (up * self.up_filter).expand(channels, 1, 1, -1)
        x = F.conv_transpose2d(x, row, stride=(1, up), padding=(0, inside), groups=channels)
        column = row.transpose(2, 3)
        x = F.conv_transpose2d(x, column, stride=(up, 1), padding=(inside, 0), groups=channels)
        rest = (inside - first, inside - last)
        return F.pad(x, rest * 2) if any(rest) else x

    def _thinned(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c oh ow"]:
        if self.down_filter is None:
            return x
        down, channels = self.plan.down, x.shape[1]
        if self.down_filter.ndim == 2:
            kernel = self.down_filter.expand(channels, 1, -1, -1)
            return F.conv2d(x, kernel, stride=down, groups=channels)
        row = self.down_filter.expand(channels, 1, 1, -1)
        x = F.conv2d(x, row, stride=(1, down), groups=channels)
        return F.conv2d(x, row.transpose(2, 3), stride=(down, 1), groups=channels)


def layer_resampler(config: StyleGan3Config, index: int) -> Resampler:
    """That of a layer which is not the one to RGB, with the paper's filters."""
    found, plan = signals(config), layer_resampling(config, index)
    before, after = found[max(index - 1, 0)], found[index]
    rate = before.rate * plan.up
    critical = index >= config.num_layers - config.num_critical
    design = radial_lowpass if config.radial_filters and not critical else lowpass
    return Resampler(
        plan,
        up_filter=lowpass(
            plan.up_taps, cutoff=before.cutoff, width=2 * before.half_width, rate=rate
        ),
        down_filter=design(
            plan.down_taps, cutoff=after.cutoff, width=2 * after.half_width, rate=rate
        ),
        clamp=config.conv_clamp,
    )
