"""The shape of a StyleGAN3."""

import math
from dataclasses import dataclass

from tugan.generators.sizes import MAX_WIDTH, check_sizes

MAX_LAYERS = 64
MAX_SIZE_PX = 8192
MAX_KERNEL = 7
MAX_MARGIN = 64
MAX_FILTER_SIZE = 16
MAX_LRELU_UPSAMPLING = 4


@dataclass(frozen=True, kw_only=True)
class StyleGan3Config:
    """Everything that fixes the tensors' shapes and the arithmetic between them.

    Names and defaults are those of Karras et al. 2021; configuration r has ``conv_kernel=1`` and
    ``radial_filters=True``. Frequencies are in periods a picture's side.
    """

    size_px: int
    """Side of the picture: a power of two."""
    channels: tuple[int, ...]
    """Channels after each layer but the last, which gives RGB; the input has those of the first."""
    num_critical: int = 2
    """So many of the last layers use the whole bandwidth of their sampling rate, RGB included."""
    first_cutoff: float = 2.0
    """Bandwidth of the input and of the first layer (the paper's f_c,0)."""
    first_stopband: float = 2**2.1
    """Where the first layer's filters have faded out (f_t,0)."""
    last_stopband_rel: float = 2**0.3
    """The same of the last layer, as a multiple of its cutoff."""
    margin_size: int = 10
    """Cells around the picture that feature maps have, on each side."""
    conv_kernel: int = 3
    filter_size: int = 6
    """Taps of a resampling filter for each step of its factor (the paper's n)."""
    lrelu_upsampling: int = 2
    """The leaky ReLU works at this multiple of the sampling rate (the paper's m)."""
    radial_filters: bool = False
    """Radially symmetric filters after the leaky ReLU, where the bandwidth is not critical."""
    conv_clamp: float | None = 256.0
    """Values after the leaky ReLU are clamped to plus or minus this."""
    output_scale: float = 0.25
    """The picture is the last layer's output times this."""
    z_dim: int = 512
    w_dim: int = 512
    mapping_widths: tuple[int, ...] = (512,) * 2
    """Output size of each mapping layer."""
    label_dim: int = 0
    """Classes of a conditional generator; 0 for none."""
    embed_dim: int = 0
    """Width of the embedded label."""

    def __post_init__(self) -> None:
        """``ValueError`` for numbers that describe no network."""
        check_sizes("channels", self.channels, largest=MAX_WIDTH)
        check_sizes("the number of layers", (len(self.channels),), largest=MAX_LAYERS)
        check_sizes("size_px", (self.size_px,), largest=MAX_SIZE_PX)
        if self.size_px & (self.size_px - 1):
            raise ValueError(f"size_px must be a power of two; got {self.size_px}")
        check_sizes("num_critical", (self.num_critical,), largest=len(self.channels) - 1)
        check_sizes("conv_kernel", (self.conv_kernel,), largest=MAX_KERNEL)
        check_sizes("filter_size", (self.filter_size,), largest=MAX_FILTER_SIZE)
        check_sizes("lrelu_upsampling", (self.lrelu_upsampling,), largest=MAX_LRELU_UPSAMPLING)
        if not 0 <= self.margin_size <= MAX_MARGIN:
            raise ValueError(
                f"margin_size must be between 0 and {MAX_MARGIN}; got {self.margin_size}"
            )
        self._check_frequencies()
        self._check_latents()

    @property
    def num_layers(self) -> int:
        """Layers before the one to RGB."""
        return len(self.channels)

    @property
    def num_ws(self) -> int:
        """Style inputs: the Fourier features, each layer, and RGB."""
        return self.num_layers + 2

    def _check_frequencies(self) -> None:
        if not 0 < self.first_cutoff < self.first_stopband < self.size_px:
            raise ValueError(
                "expected 0 < first_cutoff < first_stopband < size_px; got"
                f" {self.first_cutoff:.3g}, {self.first_stopband:.3g} and {self.size_px}"
            )
        if self.first_cutoff >= self.size_px / 2:
            raise ValueError(
                f"first_cutoff must be below half of size_px {self.size_px}; got"
                f" {self.first_cutoff:.3g}"
            )
        for name in ("last_stopband_rel", "output_scale"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"{name} must be positive; got {value}")
        if not 1 < self.last_stopband_rel <= 4:
            raise ValueError(
                f"last_stopband_rel must be above 1, and 4 at most; got {self.last_stopband_rel}"
            )
        if self.conv_clamp is not None and not 0 < self.conv_clamp < math.inf:
            raise ValueError(f"conv_clamp must be positive; got {self.conv_clamp}")

    def _check_latents(self) -> None:
        check_sizes("mapping_widths", self.mapping_widths, largest=MAX_WIDTH)
        check_sizes("z_dim and w_dim", (self.z_dim, self.w_dim), largest=MAX_WIDTH)
        if self.mapping_widths[-1] != self.w_dim:
            raise ValueError(
                f"the last mapping layer gives {self.mapping_widths[-1]}, expected w_dim"
                f" {self.w_dim}"
            )
        if self.label_dim:
            check_sizes("labels", (self.label_dim, self.embed_dim), largest=MAX_WIDTH)
