"""What fixes the shapes of a weave."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WeaveConfig:
    """As it stands under ``architecture`` in ``config.json``."""

    size_px: int = 128
    """Of the square picture; a multiple of 8."""
    bands: int = 24
    """Channels of the features: each is a wave in a direction of its own."""
    w_dim: int = 8
    num_ws: int = 4

    def __post_init__(self) -> None:
        """``ValueError`` for shapes that cannot be."""
        if self.size_px < 8 or self.size_px % 8 or self.bands < 3 or self.w_dim < 2:
            raise ValueError(
                "expected a size that is a multiple of 8, at least 3 bands and 2 latent numbers"
            )
