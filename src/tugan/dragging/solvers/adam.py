"""The paper's solver (Pan et al. 2023): one Adam step of motion supervision, then tracking."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.outcome import Ending, Outcome
from tugan.dragging.features import window_reach_px
from tugan.dragging.mask import mask_loss
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam_moments import AdamMoments
from tugan.dragging.solvers.descent import descent_space, held_step, stuck, synthesised
from tugan.dragging.solvers.distances import distances_px
from tugan.dragging.solvers.ended import outcome_of
from tugan.dragging.solvers.protocol import Observation
from tugan.dragging.supervision import motion_loss, pull_reach_px, shifted_as_asked
from tugan.dragging.trackers.nearest_feature import NearestFeature
from tugan.dragging.trackers.no_tracking import NoTracking
from tugan.dragging.trackers.on_pictures import AnyTracker, watched
from tugan.generators.protocol import (
    FeatureBlock,
    FeatureWindows,
    SynthesisState,
    WindowedGenerator,
    Ws,
)


@dataclass(frozen=True, kw_only=True)
class AdamState:
    """Where a drag is: the move so far, the optimiser's moments, and what the handles look like."""

    steps: int
    move: Float[Tensor, "moved d"] = field(repr=False)
    """In the coordinates of the settings' latent space."""
    moments: AdamMoments = field(repr=False)
    handles_xy: Float[Tensor, "n 2"]
    """Where the handles were when last seen."""
    reference: Float[Tensor, "n c"] = field(repr=False)
    """The handles' initial features."""
    initial_features: Float[Tensor, "1 c h w"] | None = field(repr=False)
    """The whole initial map, if a mask holds it."""
    least_left_px: float = math.inf
    """Smallest sum of the handles' distances so far."""
    least_left_step: int = 0
    """When that was."""


@final
@dataclass(frozen=True, kw_only=True)
class Adam:
    """Motion supervision by Adam, nearest-feature tracking.

    The picture seen is the one before the step, as in the original program; a look after the last
    step closes the drag, so that what is reported is what is kept.
    """

    settings: DragSettings = field(default_factory=DragSettings.paper)
    tracker: AnyTracker | None = None
    """Another one than the paper's, which searches as the settings say."""
    moments: AdamMoments | None = field(default=None, repr=False)
    """Moments of a previous drag to go on with, as the original program does until it is reset."""

    def init(self, problem: DragProblem) -> AdamState:
        """One forward pass, for what the handles look like."""
        with torch.no_grad():
            synthesis = synthesised(problem, problem.ws, self.settings)
            watch = watched(self._tracker(), problem.generator, synthesis)
        move = descent_space(problem, self.settings).origin(problem.ws)
        kept = self.moments
        if kept is None or kept.mean.shape != move.shape:
            kept = AdamMoments.zeros_like(move)
        return AdamState(
            steps=0,
            move=move,
            moments=kept,
            handles_xy=problem.handles_xy,
            reference=watch.tracker.reference(
                watch.seen, problem.handles_xy, image_hw=problem.image_hw
            ),
            initial_features=synthesis.features if problem.mask is not None else None,
        )

    @torch.enable_grad()
    def observe(self, problem: DragProblem, state: AdamState) -> Observation:
        """Synthesise up to the feature block with a graph, and track."""
        leaf = state.move.detach().clone().requires_grad_()
        ws = descent_space(problem, self.settings).apply(problem.ws, leaf)
        trunk = self._trunk(problem, ws, points=len(state.handles_xy))
        if trunk is None:
            synthesis = synthesised(problem, ws, self.settings)
        else:
            with torch.no_grad():
                synthesis = problem.generator.advance(
                    trunk.detach(), until_px=self._block(problem).until_px
                )
        watch = watched(self._tracker(), problem.generator, synthesis)
        tracking = watch.tracker.track(
            watch.seen,
            state.reference,
            self._expected_xy(problem, state),
            image_hw=problem.image_hw,
        )
        # the original program also tracks before the first step, which rounds the handles
        tracked = state.steps > 0 or self.settings.replay_grid
        return Observation(
            leaf=leaf,
            ws=ws.detach(),
            handles_xy=tracking.points_xy if tracked else state.handles_xy,
            lost=torch.zeros(len(state.handles_xy), dtype=torch.bool, device=ws.device),
            synthesis=synthesis,
            trunk=trunk,
            finite=bool(torch.isfinite(tracking.mismatch).all()),
        )

    @torch.enable_grad()
    def update(self, problem: DragProblem, state: AdamState, seen: Observation) -> AdamState:
        """One gradient of equation 1, one Adam step."""
        loss = self._loss(problem, state, seen)
        (gradient,) = torch.autograd.grad(loss, seen.leaf)
        moments = state.moments.updated(gradient)
        left_px = float(distances_px(problem, seen).sum())
        nearer = left_px < state.least_left_px
        step = moments.step(self.settings.learning_rate)
        return replace(
            state,
            steps=state.steps + 1,
            move=state.move + held_step(problem, self.settings, step),
            moments=moments,
            handles_xy=seen.handles_xy,
            least_left_px=left_px if nearer else state.least_left_px,
            least_left_step=state.steps if nearer else state.least_left_step,
        )

    def retried(self, problem: DragProblem, state: AdamState, seen: Observation) -> None:
        """Every step of the published method is kept."""

    def terminate(
        self, problem: DragProblem, state: AdamState, seen: Observation
    ) -> Outcome | None:
        """At the goals, out of steps, or stuck."""
        distances = distances_px(problem, seen)
        ending: Ending | None = None
        if float(distances.max()) <= self.tolerance_px(problem):
            ending = Ending.REACHED
        elif self.settings.max_steps is not None and state.steps >= self.settings.max_steps:
            ending = Ending.STEP_LIMIT
        elif stuck(
            self.settings,
            distances,
            steps=state.steps,
            least_left_px=state.least_left_px,
            least_left_step=state.least_left_step,
        ):
            ending = Ending.NO_PROGRESS
        tolerance = self.tolerance_px(problem)
        return outcome_of(problem, seen, ending, steps=state.steps, tolerance_px=tolerance)

    def tolerance_px(self, problem: DragProblem) -> float:
        """As the settings say."""
        return self.settings.tolerance_px(image_hw=problem.image_hw, points=len(problem.handles_xy))

    def aimed_anew(self, state: AdamState) -> AdamState:
        """The same place, with the patience of a start: the goals have changed."""
        return replace(state, least_left_px=math.inf, least_left_step=state.steps)

    def steps_taken(self, state: AdamState) -> int:
        """Updates that led to this state."""
        return state.steps

    def _loss(self, problem: DragProblem, state: AdamState, seen: Observation) -> Tensor:
        features = seen.synthesis.features
        loss = motion_loss(
            features,
            seen.handles_xy,
            problem.targets_xy,
            image_hw=problem.image_hw,
            settings=self.settings,
            near=None if seen.trunk is None else self._windows_from(problem, seen.trunk),
        )
        if problem.mask is not None and state.initial_features is not None:
            held = mask_loss(features, state.initial_features, problem.mask, settings=self.settings)
            loss = loss + self.settings.mask_weight * held
        return loss

    def _expected_xy(self, problem: DragProblem, state: AdamState) -> Float[Tensor, "n 2"]:
        """Where to look: where they were, unless nobody looks and the step must be believed."""
        if isinstance(self.tracker, NoTracking) and state.steps > 0:
            return shifted_as_asked(state.handles_xy, problem.targets_xy)
        return state.handles_xy

    def _trunk(self, problem: DragProblem, ws: Ws, *, points: int) -> SynthesisState | None:
        """A synthesis with a graph, so far that windows can take the loss there from its features.

        None where the whole map's graph is needed, or costs less.
        """
        generator, block = problem.generator, self._block(problem)
        reach_px = window_reach_px(block, image_hw=problem.image_hw)
        if (
            problem.mask is not None
            or not isinstance(generator, WindowedGenerator)
            or pull_reach_px(self.settings, image_hw=problem.image_hw) > reach_px
        ):
            return None
        trunk_px = generator.trunk_px(points, until_px=block.until_px)
        if trunk_px is None:
            return None
        start = generator.begin(ws, noise=problem.noise, noise_seed=problem.noise_seed)
        return generator.advance(start, until_px=trunk_px)

    def _windows_from(
        self, problem: DragProblem, trunk: SynthesisState
    ) -> Callable[[Float[Tensor, "a 2"]], FeatureWindows]:
        generator, until_px = problem.generator, self._block(problem).until_px
        assert isinstance(generator, WindowedGenerator)
        return lambda points_xy: generator.windows_from(trunk, points_xy, until_px=until_px)

    def _block(self, problem: DragProblem) -> FeatureBlock:
        return problem.generator.info.nearest_block(self.settings.feature_px)

    def _tracker(self) -> AnyTracker:
        return self.tracker or NearestFeature(
            radius_px_at_512=self.settings.track_radius_px_at_512, norm=self.settings.tracking_norm
        )
