"""Can a handle be followed? The paper's own limitation, said before the drag instead of after.

A point is followed by its surroundings; where these look alike in some direction, the match slides
that way. The smaller eigenvalue of the patch's structure tensor says how much the features change
in their flattest direction (Shi and Tomasi 1994).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.geometry import inside, scale_from_512
from tugan.dragging.feature_flow import structure_tensors
from tugan.dragging.problem import DragProblem
from tugan.dragging.trackers.match_cost import square_xy

POOR_SCORE = 0.2
"""A handle below this tends to slide; half the picture is above 0.5."""
SUGGESTION_PX_AT_512 = 24.0
"""A better handle is looked for this far around."""
CLEARLY_BETTER = 2.0
"""A suggestion has at least this many times the score."""
_GRID = 24
_STEPS = 6


@dataclass(frozen=True, kw_only=True)
class HandleAdvice:
    """What can be said of a handle before it is dragged."""

    handle_xy: tuple[float, float]
    score: float
    """Texture, from 0 (flat) to 1; 0.5 is the picture's median."""
    better_xy: tuple[float, float] | None
    """A place nearby that can be followed better, if the handle's own texture is poor."""

    @property
    def poor(self) -> bool:
        """Will it probably slide?"""
        return self.score < POOR_SCORE

    @property
    def sentence(self) -> str:
        """For people."""
        x, y = self.handle_xy
        text = f"there is little texture at the handle ({x:g}, {y:g}): it may slide"
        if self.better_xy is None:
            return text
        return f"{text}; ({self.better_xy[0]:.0f}, {self.better_xy[1]:.0f}) can be followed better"


def advice_on_handles(problem: DragProblem) -> list[HandleAdvice]:
    """One for each handle, at the generator's own feature block; costs a forward pass to there."""
    generator = problem.generator
    block = generator.info.nearest_block(generator.info.hints.feature_px)
    with torch.no_grad():
        start = generator.begin(problem.ws, noise=problem.noise, noise_seed=problem.noise_seed)
        features = generator.advance(start, until_px=block.until_px).features.float()
    usual = _usual(features, problem.image_hw)
    scores = _scores(features, problem.handles_xy, problem.image_hw, usual)
    return [
        HandleAdvice(
            handle_xy=(float(handle[0]), float(handle[1])),
            score=float(score),
            better_xy=(
                _better(features, handle, float(score), problem.image_hw, usual)
                if score < POOR_SCORE
                else None
            ),
        )
        for handle, score in zip(problem.handles_xy, scores, strict=True)
    ]


@torch.no_grad()
def texture_scores(
    features: Float[Tensor, "1 c h w"],
    points_xy: Float[Tensor, "n 2"],
    *,
    image_hw: tuple[int, int],
) -> Float[Tensor, " n"]:
    """Of each point against the rest of the picture: ``t / (t + median t)``."""
    return _scores(features, points_xy, image_hw, _usual(features, image_hw))


def _scores(
    features: Tensor,
    points_xy: Float[Tensor, "n 2"],
    image_hw: tuple[int, int],
    usual: Float[Tensor, ""],
) -> Float[Tensor, " n"]:
    here = _flattest(features, points_xy, image_hw)
    return here / (here + usual).clamp(min=1e-12)


def _usual(features: Tensor, image_hw: tuple[int, int]) -> Float[Tensor, ""]:
    """The picture's median."""
    height, width = image_hw
    ys, xs = torch.meshgrid(
        torch.linspace(0, height - 1, _GRID), torch.linspace(0, width - 1, _GRID), indexing="ij"
    )
    everywhere = torch.stack([xs, ys], dim=-1).reshape(-1, 2).to(features.device)
    return _flattest(features, everywhere, image_hw).median()


def _flattest(
    features: Tensor, points_xy: Float[Tensor, "n 2"], image_hw: tuple[int, int]
) -> Float[Tensor, " n"]:
    parts = [
        torch.linalg.eigvalsh(structure_tensors(features, part, image_hw=image_hw))[:, 0]
        for part in points_xy.split(256)
    ]
    return torch.cat(parts).clamp(min=0)


def _better(
    features: Tensor,
    handle_xy: Float[Tensor, "2"],
    score: float,
    image_hw: tuple[int, int],
    usual: Float[Tensor, ""],
) -> tuple[float, float] | None:
    reach = scale_from_512(SUGGESTION_PX_AT_512, image_hw)
    offsets = square_xy(reach, step=reach / _STEPS).to(handle_xy)
    places = handle_xy + offsets[offsets.norm(dim=1) <= reach]
    places = places[inside(places, image_hw=image_hw)]
    scores = _scores(features, places, image_hw, usual)
    # near ones first, of those that are much better
    nearness = torch.exp(-(places - handle_xy).norm(dim=1) / reach)
    best = int((scores * nearness).argmax())
    if float(scores[best]) < max(CLEARLY_BETTER * score, POOR_SCORE):
        return None
    return float(places[best, 0]), float(places[best, 1])
