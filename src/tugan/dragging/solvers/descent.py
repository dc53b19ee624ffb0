"""What the solvers that follow a gradient with Adam share."""

from jaxtyping import Float
from torch import Tensor

from tugan.dragging.hold import hold_weight
from tugan.dragging.latent_space import LatentSpace
from tugan.dragging.problem import DragProblem
from tugan.dragging.repainting_charge import MoveMetric, RepaintingCharge
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.freedrag_settings import FreeDragSettings
from tugan.generators.protocol import SynthesisState
from tugan.generators.repainting_store import kept_repainting

DescentSettings = DragSettings | FreeDragSettings


def descent_space(problem: DragProblem, settings: DescentSettings) -> LatentSpace:
    """The moves that are allowed."""
    return LatentSpace.of(
        problem.generator.info,
        kind=settings.latent,
        rows=settings.rows,
        whitened=settings.whitened,
    )


def held_step(
    problem: DragProblem, settings: DragSettings, step: Float[Tensor, "moved d"]
) -> Float[Tensor, "moved d"]:
    """A step, shorter where it repaints: preconditioned by what a move costs (``hold``)."""
    weight = hold_weight(settings.hold)
    sketch = kept_repainting(problem.generator) if weight else None
    if sketch is None:
        return step
    charge = RepaintingCharge.of(sketch, descent_space(problem, settings)).to(step.device)
    return MoveMetric(charge=charge, weight=weight).eased(step.flatten()).view_as(step)


def synthesised(problem: DragProblem, ws: Tensor, settings: DescentSettings) -> SynthesisState:
    """Up to the feature block."""
    block = problem.generator.info.nearest_block(settings.feature_px)
    start = problem.generator.begin(ws, noise=problem.noise, noise_seed=problem.noise_seed)
    return problem.generator.advance(start, until_px=block.until_px)


def stuck(
    settings: DescentSettings,
    distances: Float[Tensor, " n"],
    *,
    steps: int,
    least_left_px: float,
    least_left_step: int,
) -> bool:
    """Have the handles come no nearer for ``settings.patience_steps``?

    They were nearest at ``least_left_step``, ``least_left_px`` away in all.
    """
    waited = steps - least_left_step
    farther = float(distances.sum()) >= least_left_px
    return settings.patience_steps is not None and farther and waited >= settings.patience_steps
