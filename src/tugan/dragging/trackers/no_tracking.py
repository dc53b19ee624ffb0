"""No tracking at all: the ablation of Pan et al. 2023, section 4 ("tracking off")."""

from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from tugan.dragging.trackers.protocol import Tracking


@final
@dataclass(frozen=True, kw_only=True)
class NoTracking:
    """Every handle is taken to be where the solver expects it; the picture is not looked at.

    What a solver expects (the choice is ours, for the paper does not say): ``newton`` the place
    that its step was predicted to lead to; ``adam`` one pixel further on toward the goal for every
    step, which is what motion supervision asks for, and no further than the goal. A drag therefore
    always "reaches" its goals in as many steps as there are pixels: how far the picture followed
    must be measured by other means.
    """

    def reference(
        self,
        features: Float[Tensor, "1 c h w"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Float[Tensor, "n 0"]:
        """Nothing is looked for."""
        return points_xy[:, :0]

    def track(
        self,
        features: Float[Tensor, "1 c h w"],
        reference: Float[Tensor, "n 0"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Tracking:
        """``points_xy`` as they are; the mismatch is 0, or NaN if the features are not finite."""
        # not a number stays what it is, so that the drag ends there and not in a spoilt picture
        spoilt = (features.float().sum() * 0).to(points_xy)
        return Tracking(points_xy=points_xy, mismatch=spoilt.expand(len(points_xy)))
