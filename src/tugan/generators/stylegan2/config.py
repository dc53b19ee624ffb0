"""The shape of a StyleGAN2."""

import math
from dataclasses import dataclass

from tugan.generators.sizes import MAX_BLOCKS, MAX_CONST_PX, MAX_WIDTH, check_sizes

MAX_PICTURE_PX = 8192
"""Of the longer side: a file without noise maps must not make us fill in huge ones."""


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
    joint_label_norm: bool = False
    """Latent and label are normalised together; no matter where there are no labels."""
    conv_clamp: float | None = None
    """Every layer's output is clamped to plus or minus this (Karras et al. 2020b)."""

    def __post_init__(self) -> None:
        """``ValueError`` for numbers that describe no network."""
        check_sizes("channels", self.channels, largest=MAX_WIDTH)
        if len(self.channels) > MAX_BLOCKS:
            raise ValueError(f"at most {MAX_BLOCKS} blocks are possible; got {len(self.channels)}")
        check_sizes("const_hw", self.const_hw, largest=MAX_CONST_PX)
        check_sizes("mapping_widths", self.mapping_widths, largest=MAX_WIDTH)
        check_sizes("z_dim and w_dim", (self.z_dim, self.w_dim), largest=MAX_WIDTH)
        if max(self.size_hw(len(self.channels) - 1)) > MAX_PICTURE_PX:
            raise ValueError(f"pictures of at most {MAX_PICTURE_PX} px are possible")
        if self.mapping_widths[-1] != self.w_dim:
            raise ValueError(
                f"the last mapping layer gives {self.mapping_widths[-1]}, expected w_dim"
                f" {self.w_dim}"
            )
        if self.label_dim:
            check_sizes("labels", (self.label_dim, self.embed_dim), largest=MAX_WIDTH)
        if self.conv_clamp is not None and not 0 < self.conv_clamp < math.inf:
            raise ValueError(f"conv_clamp must be positive; got {self.conv_clamp}")

    @property
    def num_ws(self) -> int:
        """Style inputs: two convolutions a block, the first block one, and one more for RGB."""
        return 2 * len(self.channels)

    def size_hw(self, block: int) -> tuple[int, int]:
        """Size of a block's feature map."""
        return self.const_hw[0] << block, self.const_hw[1] << block
