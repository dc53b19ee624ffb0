"""The shape of a MobileStyleGAN."""

from dataclasses import dataclass

from tugan.generators.sizes import MAX_BLOCKS, MAX_WIDTH, check_sizes


@dataclass(frozen=True, kw_only=True)
class MobileStyleGanConfig:
    """Everything that fixes the tensors' shapes."""

    channels: tuple[int, ...]
    """Channels after the first convolution and after each doubling block."""
    num_ws: int
    """Rows of ``ws``; as many as the teacher StyleGAN2 has, of which the last are unused."""
    z_dim: int = 512
    w_dim: int = 512
    mapping_widths: tuple[int, ...] = (512,) * 8

    def __post_init__(self) -> None:
        """``ValueError`` for numbers that describe no network."""
        check_sizes("channels", self.channels, largest=MAX_WIDTH)
        if any(count % 4 for count in self.channels):
            raise ValueError(f"channels must be multiples of 4; got {self.channels}")
        if len(self.channels) > MAX_BLOCKS:
            raise ValueError(f"at most {MAX_BLOCKS} blocks are possible; got {len(self.channels)}")
        check_sizes("mapping_widths", self.mapping_widths, largest=MAX_WIDTH)
        check_sizes(
            "z_dim, w_dim, num_ws", (self.z_dim, self.w_dim, self.num_ws), largest=MAX_WIDTH
        )
        if self.mapping_widths[-1] != self.w_dim:
            raise ValueError(
                f"the last mapping layer gives {self.mapping_widths[-1]}, expected w_dim"
                f" {self.w_dim}"
            )
        if self.num_ws < self.used_rows:
            raise ValueError(f"num_ws must be at least {self.used_rows}, got {self.num_ws}")

    @property
    def used_rows(self) -> int:
        """Rows that reach the picture."""
        return 2 * len(self.channels)

    @property
    def size_px(self) -> int:
        """Side of the picture: the last block's map is half of it."""
        return 4 << len(self.channels)
