"""The shape of a StyleGAN2."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StyleGan2Config:
    """Everything that fixes the tensors' shapes and the arithmetic between them."""

    channels: tuple[int, ...]
    """Channels after each block, from the constant's size up; one block a doubling."""
    const_hw: tuple[int, int] = (4, 4)
    """Size of the learned constant; (4, 2) gives pictures twice as high as wide."""
    z_dim: int = 512
    w_dim: int = 512
    mapping_widths: tuple[int, ...] = (512,) * 8
    """Output size of each mapping layer."""
    label_dim: int = 0
    """Classes of a conditional generator; 0 for none."""
    embed_dim: int = 0
    """Width of the embedded label."""
    conv_clamp: float | None = None
    """Every layer's output is clamped to plus or minus this (Karras et al. 2020b)."""

    def __post_init__(self) -> None:
        """``ValueError`` for numbers that describe no network."""
        if not self.channels or min(self.channels) < 1:
            raise ValueError(f"channels must be positive, one a block; got {self.channels}")
        if min(self.const_hw) < 1:
            raise ValueError(f"the constant must have a size; got {self.const_hw}")
        if self.label_dim and self.embed_dim < 1:
            raise ValueError("a conditional generator needs embed_dim")

    @property
    def num_ws(self) -> int:
        """Style inputs: two convolutions a block, the first block one, and one more for RGB."""
        return 2 * len(self.channels)

    def size_hw(self, block: int) -> tuple[int, int]:
        """Size of a block's feature map."""
        return self.const_hw[0] << block, self.const_hw[1] << block
