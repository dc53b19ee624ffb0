"""How large a generator's parts may be: files that ask for more are damaged or hostile."""

from collections.abc import Sequence

MAX_WIDTH = 16_384
"""Channels of a block, or numbers of a latent."""
MAX_BLOCKS = 12
"""A constant of 4 px doubled eleven times is 8192 px."""
MAX_CONST_PX = 64


def check_sizes(name: str, sizes: Sequence[int], *, largest: int) -> None:
    """``ValueError`` unless there are sizes and each is between 1 and ``largest``."""
    if not sizes or min(sizes) < 1 or max(sizes) > largest:
        raise ValueError(f"{name} must be between 1 and {largest}; got {sizes}")
