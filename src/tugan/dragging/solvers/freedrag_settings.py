"""How a drag is done by FreeDrag."""

import math
from dataclasses import dataclass

from tugan.core.errors import InvalidDragError
from tugan.core.geometry import REFERENCE_SIDE_PX
from tugan.dragging.settings import PATIENCE_STEPS
from tugan.generators.protocol import GeneratorInfo, LatentKind

_LENGTHS = ("reach_px_at_512", "radius_px_at_512", "snap_px_at_512")


@dataclass(frozen=True, kw_only=True)
class FreeDragSettings:
    """Settings of the solver ``freedrag``; lengths ``_px_at_512`` scale with the picture.

    The defaults are the paper's (Ling et al., CVPR 2024, with StyleGAN2) where a docstring names
    its symbol, and ours elsewhere.
    """

    latent: LatentKind = "w+"
    """One shared move (``w``) or one for each moving row (``w+``)."""
    rows: int = 6
    """How many of the first rows of ``ws`` move."""
    whitened: bool = False
    """Move in coordinates whitened by the covariance of W."""
    feature_px: int = 128
    """Block whose features are used, or the largest one below."""
    learning_rate: float = 2e-3
    """Adam's step size, in the latent's coordinates."""
    radius_px_at_512: float = 3.0
    """Radius r of the disc around a place whose features make up its template."""
    reach_px_at_512: float = 3.0
    """``d``: a place is at most this far from the one before. Below 512 px it does not shrink."""
    expected_difference: float = 0.3
    """``l``: the difference from the template that the next place should have."""
    good_share: float = 0.5
    """A sub-motion is good if it ends with a loss of at most this share of ``l``."""
    steps_a_motion: int = 5
    """Updates of the latent in a sub-motion, at most."""
    mask_weight: float = 10.0
    """``gamma``: weight of the mask's loss."""
    snap_px_at_512: float = 0.5
    """A place this near its goal is put at the goal."""
    max_steps: int = 300
    """Updates before giving up."""
    patience_steps: int | None = None
    """Give up after this many steps in which the handles together came no nearer than before, and
    keep the nearest state; None for never."""

    def __post_init__(self) -> None:
        """:class:`InvalidDragError` for values that mean nothing."""
        if self.rows < 1:
            raise InvalidDragError(f"at least one row must move, got rows={self.rows}")
        if not 0 < self.learning_rate < math.inf:
            raise InvalidDragError(f"the learning rate must be positive, got {self.learning_rate}")
        if not self.feature_px >= 1:
            raise InvalidDragError(f"the feature block cannot be of {self.feature_px} px")
        for name in _LENGTHS:
            value = getattr(self, name)
            if not 0 < value <= REFERENCE_SIDE_PX:
                raise InvalidDragError(
                    f"{name} must be between 0 and {REFERENCE_SIDE_PX}, got {value}"
                )
        if not 0 < self.expected_difference < math.inf:
            raise InvalidDragError(
                f"expected_difference must be positive, got {self.expected_difference}"
            )
        if not 0 < self.good_share < 1:
            raise InvalidDragError(f"good_share must be between 0 and 1, got {self.good_share}")
        if not 0 <= self.mask_weight < math.inf:
            raise InvalidDragError(f"the mask's weight cannot be {self.mask_weight}")
        if self.steps_a_motion < 1:
            raise InvalidDragError(f"steps_a_motion must be positive, got {self.steps_a_motion}")
        if self.max_steps < 0:
            raise InvalidDragError(f"the step limit cannot be negative, got {self.max_steps}")
        if self.patience_steps is not None and self.patience_steps < 1:
            raise InvalidDragError(f"the patience must be positive, got {self.patience_steps}")

    @classmethod
    def paper(cls) -> "FreeDragSettings":
        """The method as the paper describes it, for StyleGAN2."""
        return cls()

    @classmethod
    def for_generator(cls, info: GeneratorInfo) -> "FreeDragSettings":
        """The paper's numbers with the latent and features that suit this generator, from its
        hints; and it gives up where it is stuck."""
        hints = info.hints
        return cls(
            latent=hints.latent,
            rows=hints.rows,
            whitened=hints.whitened,
            feature_px=hints.feature_px,
            learning_rate=hints.learning_rate,
            patience_steps=PATIENCE_STEPS,
        )

    def reach_px(self, image_hw: tuple[int, int]) -> float:
        """``d`` in pixels of a picture."""
        return self.reach_px_at_512 * max(max(image_hw) / REFERENCE_SIDE_PX, 1.0)
