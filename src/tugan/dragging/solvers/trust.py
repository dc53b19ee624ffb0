"""How far a step may go: a trust region that earns its radius (Conn, Gould and Toint 2000).

After every look the motion that was predicted is compared with the one that was seen.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from tugan.core.geometry import scale_from_512
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.newton_state import NewtonState
from tugan.dragging.solvers.protocol import Observation

GROWTH = 1.4
"""Factor of the radius after a good step."""
FALL = 0.5
"""And after a bad one."""
TAKEN_BACK = 0.35
"""And after one that was taken back."""
LEAST_RADIUS = 1 / 16
GOOD, BAD = 0.4, 0.8
"""Error of a prediction, as a share of the motion: up to this it is good, from this on bad."""
_FLOOR_PX_AT_512 = 1.0
"""Motion that is told from the tracker's own error."""
WORSE_PX_AT_512 = 1.0
"""The handles may be so much farther off after a step before it is taken back."""
MOST_TRIES = 4


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a look says of the step that led to it."""

    error: float
    """Of the predicted motion, as a share of it."""
    worse_px: float
    """How much farther the handles are from their targets, in the mean; pixels at 512."""

    @classmethod
    def of(
        cls,
        *,
        before_xy: Float[Tensor, "n 2"],
        expected_xy: Float[Tensor, "n 2"],
        found_xy: Float[Tensor, "n 2"],
        targets_xy: Float[Tensor, "n 2"],
        believed: Float[Tensor, " n"],
        image_hw: tuple[int, int],
    ) -> "Verdict":
        """All on the host; ``believed`` is 0 for points that are lost, which tell nothing."""
        px = scale_from_512(1.0, image_hw)
        count = believed.sum().clamp(min=1)

        def rms(way: Tensor) -> float:
            return float(((way.square().sum(dim=1) * believed).sum() / count).sqrt()) / px

        def left(points_xy: Tensor) -> float:
            return float(((targets_xy - points_xy).norm(dim=1) * believed).sum() / count) / px

        predicted = max(rms(expected_xy - before_xy), _FLOOR_PX_AT_512)
        return cls(
            error=rms(found_xy - expected_xy) / predicted,
            worse_px=left(found_xy) - left(before_xy),
        )

    @property
    def holds(self) -> bool:
        """Is the step to be kept?"""
        return self.error < BAD or self.worse_px < WORSE_PX_AT_512

    def radius(self, radius: float) -> float:
        """The next step's, for one that was kept."""
        if self.error <= GOOD:
            return min(1.0, radius * GROWTH)
        return max(LEAST_RADIUS, radius * FALL) if self.error >= BAD else radius


def verdict_of(problem: DragProblem, state: NewtonState, seen: Observation) -> Verdict | None:
    """Of the step that led to a state, by the look at it; None before the first, and where all
    points are lost."""
    points = seen.on_host()
    if state.last_change is None or bool(points.lost.all()):
        return None
    assert points.before_xy is not None
    assert points.foreseen_xy is not None
    return Verdict.of(
        before_xy=points.before_xy,
        expected_xy=points.foreseen_xy,
        found_xy=points.handles_xy,
        targets_xy=problem.targets_on_host_xy,
        believed=(~points.lost).float(),
        image_hw=problem.image_hw,
    )
