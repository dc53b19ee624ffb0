"""FreeDrag (Ling et al., CVPR 2024, arXiv 2307.04684): features are dragged, no point is tracked.

A drag is a row of sub-motions. In each, every handle has a *place* on the line to its goal and a
*template*, what the place should look like; at most five Adam steps on the latent make it so. Then
the template takes over some of what is at the place now, and a new place is chosen.

As we know the paper, whose text was not at hand to be compared with: the loss ``|F(h) - T|_1`` of
the discs around the places; the template's update
``T := lambda F(h) + (1 - lambda) T`` with ``lambda = 1 / (1 + exp(alpha (L_end - beta)))`` and two
conditions for alpha and beta; the next place ``argmin_q | |F(q) - T|_1 - l |`` on the line to the
goal, at most ``d`` further on, where a sub-motion ended well; the same place once more where it
did not end well, and the place with the smallest difference within ``d`` behind where it ended
worse than it began (backtracking); five steps a sub-motion and no more once the loss is small;
l = 0.3, d = 3, gamma = 10 for the mask; the end where every place is its goal and the loss small.

Where it leaves room, ours: the two conditions
(``freedrag_template.py``: half made anew at 0.2 l, a tenth at 0.8 l); "ended well" is a loss of at
most l / 2, which also ends a sub-motion early; a template is made anew only after a sub-motion that
ended well and only on the way, for otherwise it gives in to a picture that does not follow; losses
are means over disc and channels, so that l means the same with any block, and handles add up; the
mask's loss is a mean over the picture; features are read natively; one Adam runs through the whole
drag; the handles share a latent and so their sub-motions; there are 13 candidates on a line; a
place within half a pixel of its goal is put there; nothing backtracks behind the drag's start.

Nothing is tracked, so the handles of an observation are what the method believes: a handle is at
its place while the loss there is small, and otherwise where it was last. How far the picture really
followed has to be measured by something else.
"""

import math
from dataclasses import dataclass, field, replace
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tugan.core.geometry import disc_offsets_xy, scale_from_512
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.mask import mask_loss
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam_moments import AdamMoments
from tugan.dragging.solvers.descent import descent_space, stuck, synthesised
from tugan.dragging.solvers.distances import distances_px
from tugan.dragging.solvers.ended import outcome_of
from tugan.dragging.solvers.freedrag_search import place_on_line, toward
from tugan.dragging.solvers.freedrag_settings import FreeDragSettings
from tugan.dragging.solvers.freedrag_template import difference, patches, update_weight, updated
from tugan.dragging.solvers.protocol import Observation
from tugan.dragging.supervision import MIN_RADIUS_PX

_MASK_AS = DragSettings(reduction="mean", reading="native")


@dataclass(frozen=True, kw_only=True)
class FreeDragState:
    """Where a drag is."""

    steps: int
    move: Float[Tensor, "moved d"] = field(repr=False)
    """In the coordinates of the settings' latent space."""
    moments: AdamMoments = field(repr=False)
    places_xy: Float[Tensor, "n 2"]
    """``h``: where the handles' features should be."""
    templates: Float[Tensor, "n q c"] = field(repr=False)
    """``T``: what should be there."""
    begun: Float[Tensor, " n"]
    """The losses that the sub-motion began with."""
    taken: int
    """Steps of the sub-motion."""
    handles_xy: Float[Tensor, "n 2"]
    """The last places at which the features arrived."""
    initial_features: Float[Tensor, "1 c h w"] | None = field(repr=False)
    """The whole initial map, if a mask holds it."""
    least_left_px: float = math.inf
    """Smallest sum of the handles' distances so far."""
    least_left_step: int = 0
    """When that was."""


@final
@dataclass(frozen=True, kw_only=True)
class FreeDrag:
    """Sub-motions of at most five Adam steps, each toward a template a little further on."""

    settings: FreeDragSettings = field(default_factory=FreeDragSettings.paper)

    @torch.no_grad()
    def init(self, problem: DragProblem) -> FreeDragState:
        """One forward pass, for what the handles look like; the first sub-motion is at its end."""
        features = synthesised(problem, problem.ws, self.settings).features
        move = descent_space(problem, self.settings).origin(problem.ws)
        templates = self._patches(problem, features, problem.handles_xy)
        return FreeDragState(
            steps=0,
            move=move,
            moments=AdamMoments.zeros_like(move),
            places_xy=problem.handles_xy,
            templates=templates,
            begun=templates.new_zeros(len(templates)),
            taken=0,
            handles_xy=problem.handles_xy,
            initial_features=features if problem.mask is not None else None,
        )

    @torch.enable_grad()
    def observe(self, problem: DragProblem, state: FreeDragState) -> Observation:
        """Synthesise up to the feature block with a graph, and see which features arrived."""
        leaf = state.move.detach().clone().requires_grad_()
        ws = descent_space(problem, self.settings).apply(problem.ws, leaf)
        synthesis = synthesised(problem, ws, self.settings)
        loss = self._losses(problem, state, synthesis.features.detach())
        there = self._is_good(loss)
        return Observation(
            leaf=leaf,
            ws=ws.detach(),
            handles_xy=torch.where(there[:, None], state.places_xy, state.handles_xy),
            lost=torch.zeros_like(there),
            synthesis=synthesis,
            finite=bool(torch.isfinite(loss).all()),
        )

    @torch.enable_grad()
    def update(
        self, problem: DragProblem, state: FreeDragState, seen: Observation
    ) -> FreeDragState:
        """One Adam step on the sub-motion's loss; the next sub-motion first if this one is over."""
        features = seen.synthesis.features
        left_px = float(distances_px(problem, seen).sum())
        nearer = left_px < state.least_left_px
        moved_on = self._moved_on(problem, replace(state, handles_xy=seen.handles_xy), features)
        loss = self._losses(problem, moved_on, features).sum()
        if problem.mask is not None and state.initial_features is not None:
            held = mask_loss(features, state.initial_features, problem.mask, settings=_MASK_AS)
            loss = loss + self.settings.mask_weight * held
        (gradient,) = torch.autograd.grad(loss, seen.leaf)
        moments = state.moments.updated(gradient)
        return replace(
            moved_on,
            steps=state.steps + 1,
            taken=moved_on.taken + 1,
            move=state.move + moments.step(self.settings.learning_rate),
            moments=moments,
            least_left_px=left_px if nearer else state.least_left_px,
            least_left_step=state.steps if nearer else state.least_left_step,
        )

    def retried(self, problem: DragProblem, state: FreeDragState, seen: Observation) -> None:
        """Every step of the published method is kept."""

    def terminate(
        self, problem: DragProblem, state: FreeDragState, seen: Observation
    ) -> Outcome | None:
        """At the goals, out of steps, or stuck."""
        distances = distances_px(problem, seen)
        ending: Ending | None = None
        if float(distances.max()) <= self.tolerance_px(problem):
            ending = Ending.REACHED
        elif state.steps >= self.settings.max_steps:
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
        """None: places that are near enough are put on their goals."""
        return 0.0

    def aimed_anew(self, state: FreeDragState) -> FreeDragState:
        """The same place, with the patience of a start: the goals have changed."""
        return replace(state, least_left_px=math.inf, least_left_step=state.steps)

    def steps_taken(self, state: FreeDragState) -> int:
        """Updates that led to this state."""
        return state.steps

    @torch.no_grad()
    def _moved_on(
        self, problem: DragProblem, state: FreeDragState, features: Float[Tensor, "1 c h w"]
    ) -> FreeDragState:
        """The same sub-motion if it goes on, or the next one."""
        found = self._patches(problem, features, state.places_xy)
        ended = difference(found, state.templates)
        good = self._is_good(ended)
        if state.taken < self.settings.steps_a_motion and not bool(good.all()):
            return state
        worse = ~good & (ended > state.begun)
        weight = update_weight(ended, self.settings.expected_difference)
        settled = (state.places_xy == problem.targets_xy).all(dim=1)
        weight = weight.masked_fill(settled | ~good, 0.0)
        templates = updated(state.templates, found, weight)
        ahead, behind = self._next_places(problem, state, features, templates)
        places = torch.where(good[:, None], ahead, state.places_xy)
        places = torch.where(worse[:, None], behind, places)
        begun = difference(self._patches(problem, features, places), templates)
        return replace(
            state,
            places_xy=places,
            templates=templates,
            begun=begun,
            taken=0,
            # what lies behind is the best guess where nothing arrived ahead
            handles_xy=torch.where(worse[:, None], behind, state.handles_xy),
        )

    def _next_places(
        self,
        problem: DragProblem,
        state: FreeDragState,
        features: Float[Tensor, "1 c h w"],
        templates: Float[Tensor, "n q c"],
    ) -> tuple[Float[Tensor, "n 2"], Float[Tensor, "n 2"]]:
        """On the way to the goals, and on the way back."""
        reach = self.settings.reach_px(problem.image_hw)
        snap = scale_from_512(self.settings.snap_px_at_512, problem.image_hw)
        here, goals, image_hw = state.places_xy, problem.targets_xy, problem.image_hw
        offsets = self._offsets(problem)
        ahead = place_on_line(
            features,
            (here, toward(here, goals, reach)),
            templates,
            self.settings.expected_difference,
            offsets_xy=offsets,
            image_hw=image_hw,
        )
        behind = place_on_line(
            features,
            (here, toward(here, problem.handles_xy, reach)),
            templates,
            0.0,
            offsets_xy=offsets,
            image_hw=image_hw,
        )
        near = (goals - ahead).norm(dim=1, keepdim=True) <= snap
        return torch.where(near, goals, ahead), behind

    def _losses(
        self, problem: DragProblem, state: FreeDragState, features: Float[Tensor, "1 c h w"]
    ) -> Float[Tensor, " n"]:
        found = self._patches(problem, features, state.places_xy)
        return difference(found, state.templates)

    def _is_good(self, loss: Float[Tensor, " n"]) -> Bool[Tensor, " n"]:
        return loss <= self.settings.good_share * self.settings.expected_difference

    def _patches(
        self,
        problem: DragProblem,
        features: Float[Tensor, "1 c h w"],
        places_xy: Float[Tensor, "n 2"],
    ) -> Float[Tensor, "n q c"]:
        return patches(features, places_xy, self._offsets(problem), image_hw=problem.image_hw)

    def _offsets(self, problem: DragProblem) -> Float[Tensor, "q 2"]:
        radius = scale_from_512(self.settings.radius_px_at_512, problem.image_hw)
        offsets = disc_offsets_xy(max(radius, MIN_RADIUS_PX), strict=False)
        return offsets.to(problem.handles_xy)
