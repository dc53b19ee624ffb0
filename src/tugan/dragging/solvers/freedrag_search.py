"""FreeDrag's line search: where on its way to the goal a handle is sought next."""

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.dragging.solvers.freedrag_template import difference, patches

PLACES = 13
"""On the line: a quarter of the paper's ``d`` of 3 px apart, and less near the goal."""


@torch.no_grad()
def place_on_line(
    features: Float[Tensor, "1 c h w"],
    ends_xy: tuple[Float[Tensor, "n 2"], Float[Tensor, "n 2"]],
    templates: Float[Tensor, "n q c"],
    wanted: float,
    *,
    offsets_xy: Float[Tensor, "q 2"],
    image_hw: tuple[int, int],
) -> Float[Tensor, "n 2"]:
    """The place between the two ends whose difference from the template is nearest ``wanted``.

    ``argmin_q | |F(q) - T|_1 - l |``. Of places that are as good the one nearer the first end.
    """
    first, last = ends_xy
    shares = torch.linspace(0, 1, PLACES).tolist()
    # one place of every handle at a time: the discs of all of them together would be large
    misses = torch.stack(
        [
            (
                difference(
                    patches(
                        features, torch.lerp(first, last, share), offsets_xy, image_hw=image_hw
                    ),
                    templates,
                )
                - wanted
            ).abs()
            for share in shares
        ]
    )
    chosen = misses.argmin(dim=0)
    share = torch.tensor(shares, device=first.device)[chosen]
    # the ends are met exactly
    return torch.where(
        (chosen == PLACES - 1)[:, None], last, torch.lerp(first, last, share[:, None])
    )


def toward(
    here_xy: Float[Tensor, "n 2"], there_xy: Float[Tensor, "n 2"], reach_px: float
) -> Float[Tensor, "n 2"]:
    """``here`` moved toward ``there`` by ``reach_px``, and ``there`` itself if that is nearer."""
    way = there_xy - here_xy
    distance = way.norm(dim=1, keepdim=True)
    return torch.where(
        distance > reach_px, here_xy + way * (reach_px / distance.clamp(min=1e-6)), there_xy
    )
