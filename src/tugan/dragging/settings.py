"""How a drag is done by the paper's method."""

import math
from dataclasses import dataclass
from typing import Literal

from tugan.core.errors import InvalidDragError
from tugan.core.geometry import REFERENCE_SIDE_PX
from tugan.dragging.hold import check_hold
from tugan.generators.protocol import GeneratorInfo, LatentKind

Reading = Literal["native", "resized"]
"""How a feature map is read between its cells: ``native`` interpolates the map itself;
``resized`` reads it as if it had been resized to the picture first, as the paper does."""

MANY_POINTS = 5
"""Beyond this many points the looser tolerance holds (Pan et al. 2023, section 4)."""

PATIENCE_STEPS = 40
"""How long we wait for progress: a drag that is stuck goes on to change everything else."""

_LENGTHS = (
    "motion_radius_px_at_512",
    "track_radius_px_at_512",
    "tolerance_few_px_at_512",
    "tolerance_many_px_at_512",
)


@dataclass(frozen=True, kw_only=True)
class DragSettings:
    """Settings of the solver ``adam``; lengths ``_px_at_512`` scale with the picture.

    ``paper()`` and ``original()`` are the two published sets, ``for_generator()`` what we use.
    """

    latent: LatentKind = "w+"
    """One shared move (``w``) or one for each moving row (``w+``)."""
    rows: int = 6
    """How many of the first rows of ``ws`` move; the rest carry appearance and stay."""
    whitened: bool = False
    """Move in coordinates whitened by the covariance of W."""
    feature_px: int = 128
    """Block whose features are used, or the largest one below."""
    learning_rate: float = 2e-3
    """Adam's step size, in the latent's coordinates."""
    motion_radius_px_at_512: float = 3.0
    """Radius r1 of the disc that is pulled."""
    track_radius_px_at_512: float = 12.0
    """Half the side r2 of the square that is searched."""
    hold: float = 0.0
    """How much of the picture besides the motion is held, from 0 (as published) to 1."""
    mask_weight: float = 20.0
    """Lambda of the mask's loss."""
    reduction: Literal["sum", "mean"] = "sum"
    """Losses summed as in the paper, or averaged as in its program."""
    tracking_norm: Literal["l1", "l2"] = "l1"
    """Norm in which features are compared."""
    reading: Reading = "native"
    """How features are read between cells."""
    replay_grid: bool = False
    """Pick the disc with the original program's stretched pixel grid and strict, rounded radius."""
    tolerance_few_px_at_512: float = 1.0
    """A handle this near its goal has arrived, up to :data:`MANY_POINTS` points."""
    tolerance_many_px_at_512: float = 2.0
    """The same, beyond."""
    max_steps: int | None = 300
    """Updates before giving up; None for no limit."""

    patience_steps: int | None = None
    """Give up after this many steps in which the handles together came no nearer than before, and
    keep the nearest state; None for never. (The step limit keeps the last state, as published.)"""

    def __post_init__(self) -> None:
        """:class:`InvalidDragError` for values that mean nothing."""
        if self.rows < 1:
            raise InvalidDragError(f"at least one row must move, got rows={self.rows}")
        if not 0 < self.learning_rate < math.inf:
            raise InvalidDragError(f"the learning rate must be positive, got {self.learning_rate}")
        for name in _LENGTHS:
            value = getattr(self, name)
            if not 0 <= value <= REFERENCE_SIDE_PX:
                raise InvalidDragError(
                    f"{name} must be between 0 and {REFERENCE_SIDE_PX}, got {value}"
                )
        check_hold(self.hold)
        if not 0 <= self.mask_weight < math.inf:
            raise InvalidDragError(f"the mask's weight cannot be {self.mask_weight}")
        if not self.feature_px >= 1:
            raise InvalidDragError(f"the feature block cannot be of {self.feature_px} px")
        if self.max_steps is not None and self.max_steps < 0:
            raise InvalidDragError(f"the step limit cannot be negative, got {self.max_steps}")
        if self.patience_steps is not None and self.patience_steps < 1:
            raise InvalidDragError(f"the patience must be positive, got {self.patience_steps}")

    @classmethod
    def paper(cls) -> "DragSettings":
        """The method as the paper describes it (Pan et al. 2023, sections 3.2 and 4; faces)."""
        return cls(reading="resized")

    @classmethod
    def original(cls) -> "DragSettings":
        """The method as the authors' program does it, after its fix of 2023-07-18."""
        return cls(
            learning_rate=1e-3,
            reduction="mean",
            tracking_norm="l2",
            reading="resized",
            replay_grid=True,
            tolerance_few_px_at_512=2.0,
            tolerance_many_px_at_512=2.0,
            max_steps=None,
        )

    @classmethod
    def for_generator(cls, info: GeneratorInfo) -> "DragSettings":
        """The paper's method with the latent and features that suit this generator.

        Losses are averaged as in the authors' program, where the mask's weight does not depend on
        the picture's size; and it gives up where it is stuck.
        """
        hints = info.hints
        return cls(
            latent=hints.latent,
            rows=hints.rows,
            whitened=hints.whitened,
            feature_px=hints.feature_px,
            learning_rate=hints.learning_rate,
            reduction="mean",
            patience_steps=PATIENCE_STEPS,
        )

    def tolerance_px(self, *, image_hw: tuple[int, int], points: int) -> float:
        """Distance at which a handle has arrived; below 512 px it does not shrink further."""
        at_512 = (
            self.tolerance_few_px_at_512 if points <= MANY_POINTS else self.tolerance_many_px_at_512
        )
        return max(at_512 * max(image_hw) / 512, at_512)
