"""How a drag is done by feature flow."""

import math
from dataclasses import dataclass

from tugan.core.errors import InvalidDragError
from tugan.core.geometry import REFERENCE_SIDE_PX
from tugan.dragging.hold import DEFAULT_HOLD, check_hold
from tugan.generators.protocol import GeneratorInfo, LatentKind

COUPLING = 0.2
"""For generators whose drags go well in W: rows that part too far erased eyes (docs/newton.md)."""

_LENGTHS = (
    "trust_px_at_512",
    "tolerance_one_px_at_512",
    "tolerance_more_px_at_512",
)


@dataclass(frozen=True, kw_only=True)
class NewtonSettings:
    """Settings of the solver ``newton``; lengths ``_px_at_512`` scale with the picture."""

    latent: LatentKind = "w+"
    """One shared move (``w``) or one for each moving row (``w+``)."""
    rows: int = 6
    """How many of the first rows of ``ws`` move."""
    whitening: float = 0.75
    """Power of W's covariance that moves are measured by: with 1 the smallest move is the likeliest
    one, which changes who is in the picture where many do; with 0 all directions cost the same."""
    coupling: float = 0.0
    """Correlation of the rows' moves in ``w+``, from 0 (each for itself) to 1 (all the same)."""
    blocks_px: tuple[int, ...] = (128,)
    """Feature blocks, coarse to fine, each used until the handles arrive or are stuck."""
    trust_px_at_512: float = 8.0
    """A step asks no handle to move further."""
    damping: float = 0.05
    """Charge for the whole move, as a share of the mean squared motion that a unit move makes."""
    damping_floor: float = 3e-3
    """Where up to five handles are stuck the charge falls, down to this; then the drag gives up."""
    patience_steps: int = 2
    """Steps of little progress that count as being stuck."""
    refresh_steps: int = 4
    """The Jacobian is computed anew after this many steps, that of several points as soon as a
    prediction is off by half; in between it is corrected by the motion seen (Broyden 1965)."""
    fresh_points: int = 2
    """Up to this many points it is computed at every step: a little surer, above all with a mask.
    Under a hand, where the next picture matters more, it is not (:class:`LiveDrag`)."""
    points_a_step: int = 16
    """Of more points the derivatives of this many are computed in a step, in turns, so that steps
    do not get slower; a point is pulled from its first turn on, and corrected by the motion seen
    until the next."""
    hold: float = 0.0
    """How much of the picture besides the motion is held, from 0 (the likeliest move, whatever else
    it changes) to 1 (only the pull); ``for_generator()`` has :data:`DEFAULT_HOLD`."""
    lost_below: float = 0.3
    """A match of less confidence is lost: the point is no longer pulled, and says so."""
    mask_weight: float = 1.0
    """How well the mask holds: features outside of it may change, in the root mean square, by as
    much as a shift of 0.75 px at 512 would change them, divided by this; the handles stay behind
    for it. 0: no mask."""
    tolerance_one_px_at_512: float = 1.0
    """A single handle this near its goal has arrived."""
    tolerance_more_px_at_512: float = 2.0
    """The same where several points have to agree; below 512 px neither shrinks further."""
    max_steps: int = 60
    """Updates before giving up."""

    def __post_init__(self) -> None:
        """:class:`InvalidDragError` for values that mean nothing."""
        if self.rows < 1:
            raise InvalidDragError(f"at least one row must move, got rows={self.rows}")
        if not self.blocks_px or min(self.blocks_px) < 1:
            raise InvalidDragError(f"blocks_px must name feature blocks, got {self.blocks_px}")
        for name in _LENGTHS:
            value = getattr(self, name)
            if not 0 < value <= REFERENCE_SIDE_PX:
                raise InvalidDragError(
                    f"{name} must be between 0 and {REFERENCE_SIDE_PX}, got {value}"
                )
        if not 0 <= self.whitening <= 1:
            raise InvalidDragError(f"the whitening must be in [0, 1], got {self.whitening}")
        if not 0 <= self.coupling <= 1:
            raise InvalidDragError(f"the coupling must be in [0, 1], got {self.coupling}")
        if not 0 < self.damping_floor <= self.damping < math.inf:
            raise InvalidDragError(
                f"the damping must be positive and not below its floor, got {self.damping} and"
                f" {self.damping_floor}"
            )
        check_hold(self.hold)
        if not 0 <= self.mask_weight < math.inf:
            raise InvalidDragError(f"the mask's weight cannot be {self.mask_weight}")
        if not 0 <= self.lost_below < 1:
            raise InvalidDragError(f"lost_below must be in [0, 1), got {self.lost_below}")
        if self.fresh_points < 0:
            raise InvalidDragError(f"fresh_points cannot be negative, got {self.fresh_points}")
        if self.points_a_step < 1:
            raise InvalidDragError(f"points_a_step must be positive, got {self.points_a_step}")
        if self.max_steps < 0:
            raise InvalidDragError(f"the step limit cannot be negative, got {self.max_steps}")
        if self.patience_steps < 1 or self.refresh_steps < 1:
            raise InvalidDragError("patience_steps and refresh_steps must be positive")

    @classmethod
    def for_generator(cls, info: GeneratorInfo) -> "NewtonSettings":
        """Rows and features that suit this generator, from its hints."""
        return cls(
            rows=info.hints.rows,
            coupling=COUPLING if info.hints.latent == "w" else 0.0,
            hold=DEFAULT_HOLD,
            blocks_px=(info.nearest_block(info.hints.feature_px).until_px,),
        )

    def tolerance_px(self, *, image_hw: tuple[int, int], points: int) -> float:
        """Distance at which a handle has arrived."""
        at_512 = self.tolerance_one_px_at_512 if points == 1 else self.tolerance_more_px_at_512
        return at_512 * max(max(image_hw) / REFERENCE_SIDE_PX, 1.0)
