"""Solve for the latent move through the features' own geometry; derivation in docs/newton.md."""

import math
from dataclasses import dataclass, field, replace
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tugan.core.geometry import scale_from_512, xy_like
from tugan.core.host_copy import on_host
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.hold import hold_weight
from tugan.dragging.latent_space import LatentSpace
from tugan.dragging.problem import DragProblem
from tugan.dragging.repainting_charge import RepaintingCharge
from tugan.dragging.settings import MANY_POINTS
from tugan.dragging.solvers.bounds import Bounds
from tugan.dragging.solvers.curvature import Curvature
from tugan.dragging.solvers.damped_step import HeldPicture, damped_step
from tugan.dragging.solvers.device_work import DeviceWork, Look
from tugan.dragging.solvers.ended import outcome_of
from tugan.dragging.solvers.held_region import HeldRegion
from tugan.dragging.solvers.newton_jacobian import jacobian_here
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.newton_state import NewtonState
from tugan.dragging.solvers.protocol import Observation, SeenPoints
from tugan.dragging.solvers.trust import LEAST_RADIUS, MOST_TRIES, TAKEN_BACK, verdict_of
from tugan.dragging.solvers.turns import Turns
from tugan.dragging.trackers.on_pictures import AnyTracker, watched
from tugan.dragging.trackers.patch import Patch
from tugan.generators.repainting_store import kept_repainting
from tugan.generators.w_statistics import w_statistics_of

SLACK = 0.5
"""A step aims to come this near, as a share of the tolerance."""
SHARE_LEFT = 0.25
"""But no more than this share of what it asks may be left."""
PROGRESS = 0.15
"""A step that makes less than this share of its way has made little progress."""
DAMPING_FALL = 0.3
"""The damping's factor where the handles are stuck."""
OVERSHOOT = 1.5
"""A step may be predicted to move a handle this many trust radii."""
LONGEST_RETURN = 4.0
"""What earlier steps left where the handles do not see it is taken back by at most this length a
step, in standard deviations of W: pulled back at once, drags near their targets began to thrash."""
MASK_EXCESS = 1.3
"""A step outside a mask changes more than this many times what may be (squared): taken back."""
MASK_PATIENCE = 2
"""So many times as long is waited for progress with a mask, whose curvature has to be learnt."""


@dataclass(frozen=True, kw_only=True)
class _Progress:
    left_px: float
    waited: int


@final
@dataclass(frozen=True, kw_only=True)
class Newton:
    """Damped Gauss-Newton steps on the handles' distances, the likeliest move first.

    Each step solves for the smallest move from the start, measured by the covariance of W, that
    brings the handles on; where they are stuck a larger move is allowed, until that does not help
    either.
    """

    settings: NewtonSettings = field(default_factory=NewtonSettings)
    tracker: AnyTracker = field(default_factory=Patch)

    @torch.no_grad()
    def init(self, problem: DragProblem) -> NewtonState:
        """One forward pass, for what the handles look like."""
        space = self._space(problem)
        info = problem.generator.info
        sketch = kept_repainting(problem.generator)
        references, held, bounds = [], [], []
        synthesis = problem.generator.begin(
            problem.ws, noise=problem.noise, noise_seed=problem.noise_seed
        )
        for until_px in self._blocks(problem):
            synthesis = problem.generator.advance(synthesis, until_px=until_px)
            watch = watched(self.tracker, problem.generator, synthesis)
            references.append(
                watch.tracker.reference(watch.seen, problem.handles_xy, image_hw=problem.image_hw)
            )
            known_px = info.nearest_block(info.hints.feature_px).until_px
            known = sketch if until_px == known_px else None
            bounds.append(Bounds.of(known, space, synthesis.features))
            if problem.mask is not None and self.settings.mask_weight > 0:
                weight = self.settings.mask_weight
                held.append(HeldRegion.of(synthesis.features, problem.mask, weight=weight))
        return NewtonState(
            steps=0,
            move=space.origin(problem.ws),
            space=space,
            repainting=None
            if sketch is None or self.settings.hold == 0
            else RepaintingCharge.of(sketch, space).to(problem.ws.device),
            bounds=tuple(bounds),
            level=0,
            references=tuple(references),
            held=tuple(held),
            turns=Turns.of(problem.handles_xy, at_once=self.settings.points_a_step),
            expected_xy=problem.handles_xy,
            seen_xy=problem.handles_xy,
            damping=self.settings.damping,
        )

    @torch.no_grad()
    def observe(self, problem: DragProblem, state: NewtonState) -> Observation:
        """Synthesise up to the feature block, and track around where the handles should be."""
        look = self._work(problem, state).look(
            self.tracker,
            move=state.move,
            reference=state.references[state.level],
            expected_xy=state.expected_xy,
            lost_below=self.settings.lost_below,
        )
        handles_xy = problem.handles_xy if state.steps == 0 else look.found_xy
        excess = self._excess(problem, state, look)
        seen_xy, lost, finite, out, before_xy, foreseen_xy = on_host(
            handles_xy, look.lost, look.finite, excess, state.seen_xy, state.expected_xy
        )
        return Observation(
            leaf=state.move,
            ws=look.ws,
            handles_xy=handles_xy,
            lost=look.lost,
            synthesis=look.synthesis,
            trace=look.trace,
            finite=bool(finite),
            excess=float(out),
            points=SeenPoints(
                handles_xy=seen_xy, lost=lost, before_xy=before_xy, foreseen_xy=foreseen_xy
            ),
        )

    @torch.no_grad()
    def update(self, problem: DragProblem, state: NewtonState, seen: Observation) -> NewtonState:
        """One damped step; on to a finer block, or to a larger move, where it is time for that."""
        progress = self._progress(problem, state, seen)
        stuck = progress.waited >= self._patience_steps(problem)
        damping = state.damping
        if stuck and damping > self._damping_floor(seen):
            damping *= DAMPING_FALL
        finer = state.level + 1 < len(state.references) and (stuck or self._arrived(problem, seen))
        nearer = progress.left_px < state.least_left_px
        verdict = verdict_of(problem, state, seen)
        began = replace(
            state,
            radius=state.radius if verdict is None else verdict.radius(state.radius),
            damping=damping,
            # where the last step was taken back for good, tries go on to count
            tries=state.tries if state.last_change is None else 0,
        )
        stepped = self._stepped(problem, began, seen)
        stepped = replace(
            stepped,
            left_px=progress.left_px if stuck else min(progress.left_px, state.left_px),
            waited=0 if stuck else progress.waited,
            least_left_px=progress.left_px if nearer else state.least_left_px,
            least_left_step=state.steps if nearer else state.least_left_step,
        )
        if not finer:
            return stepped
        return replace(
            stepped,
            level=state.level + 1,
            damping=self.settings.damping,
            jacobian=None,
            curvature=None,
            age=0,
        )

    @torch.no_grad()
    def retried(
        self, problem: DragProblem, state: NewtonState, seen: Observation
    ) -> NewtonState | None:
        """A smaller step, with fresh derivatives, instead of one that was wrong; else None."""
        change = state.last_change
        if change is None:
            return None
        verdict = verdict_of(problem, state, seen)
        allowed = seen.finite and seen.excess <= 1
        if allowed and (verdict is None or verdict.holds or state.tries >= MOST_TRIES):
            return None
        before = replace(
            state,
            steps=state.steps - 1,
            move=state.move - change.reshape(state.move.shape),
            expected_xy=state.seen_xy,
            # nothing was learnt of it, and with it no correction is made: derivatives are computed
            last_change=None,
            radius=max(LEAST_RADIUS, TAKEN_BACK * state.radius),
            tries=state.tries + 1,
            taken_back=state.taken_back + 1,
            stopped=state.tries >= MOST_TRIES,
        )
        if before.stopped:
            return before
        return self._stepped(problem, before, self.observe(problem, before))

    def _excess(self, problem: DragProblem, state: NewtonState, look: Look) -> Float[Tensor, ""]:
        """How far out of the model's pictures, or of what a mask lets change; up to 1 is within."""
        features = look.synthesis.features
        excess = state.bounds[state.level].excess(features, state.move)
        if not state.held or state.held[state.level].empty:
            return excess
        return torch.maximum(excess, state.held[state.level].energy(features) / MASK_EXCESS)

    def _stepped(self, problem: DragProblem, state: NewtonState, seen: Observation) -> NewtonState:
        work = self._work(problem, state)
        jacobian, age = jacobian_here(work, self.settings, state, seen)
        known = state.turns.known(age)
        change, curvature = self._change(problem, state, seen, jacobian, state.damping, known)
        predicted = state.turns.foreseen(
            (jacobian @ change).reshape(-1, 2), seen.handles_xy, turn=age
        )
        return replace(
            state,
            steps=state.steps + 1,
            move=state.move + change.reshape(state.move.shape),
            # a step that is not finite is noticed in what it leads to; trackers count on places
            expected_xy=_inside(
                seen.handles_xy + predicted.nan_to_num(0.0, 0.0, 0.0), problem.image_hw
            ),
            seen_xy=seen.handles_xy,
            jacobian=jacobian,
            last_change=change,
            curvature=curvature,
            age=age,
        )

    def terminate(
        self, problem: DragProblem, state: NewtonState, seen: Observation
    ) -> Outcome | None:
        """At the goals, out of steps, stuck, or every handle that is not there is lost."""
        ending = self._ending(problem, state, seen)
        tolerance = self.tolerance_px(problem)
        return outcome_of(problem, seen, ending, steps=state.steps, tolerance_px=tolerance)

    def tolerance_px(self, problem: DragProblem) -> float:
        """As the settings say."""
        return self.settings.tolerance_px(image_hw=problem.image_hw, points=len(problem.handles_xy))

    def _ending(self, problem: DragProblem, state: NewtonState, seen: Observation) -> Ending | None:
        last_level = state.level + 1 == len(state.references)
        if self._arrived(problem, seen) and last_level:
            lost = bool(seen.on_host().lost.any())
            return Ending.LOST_POINT if lost else Ending.REACHED
        if state.steps + state.taken_back >= self.settings.max_steps:
            return Ending.STEP_LIMIT
        if state.stopped:
            return Ending.NO_PROGRESS
        waited = self._progress(problem, state, seen).waited
        # nobody is given up on who was not pulled yet
        all_pulled = state.age + 1 >= state.turns.in_a_round
        least = state.damping <= self._damping_floor(seen)
        hopeless = last_level and all_pulled and least
        if hopeless and waited >= self._patience_steps(problem):
            return Ending.NO_PROGRESS
        return None

    def aimed_anew(self, state: NewtonState) -> NewtonState:
        """The same place, with the patience and charge of a start: the goals have changed."""
        return replace(
            state,
            damping=self.settings.damping,
            waited=0,
            # where small steps had to be taken back, another target gets one more, not five
            tries=min(state.tries, MOST_TRIES - 1),
            stopped=False,
            left_px=math.inf,
            least_left_px=math.inf,
            least_left_step=state.steps,
        )

    def steps_taken(self, state: NewtonState) -> int:
        """Updates that led to this state."""
        return state.steps

    def _arrived(self, problem: DragProblem, seen: Observation) -> bool:
        tolerance = self.tolerance_px(problem)
        return bool((seen.on_host().lost | (_distances_px(problem, seen) <= tolerance)).all())

    def _progress(self, problem: DragProblem, state: NewtonState, seen: Observation) -> _Progress:
        left = float(_distances_px(problem, seen).mean())
        trust = scale_from_512(self.settings.trust_px_at_512, problem.image_hw)
        little = state.left_px - left < PROGRESS * min(state.left_px, trust)
        return _Progress(left_px=left, waited=state.waited + 1 if little else 0)

    def _patience_steps(self, problem: DragProblem) -> int:
        return self.settings.patience_steps * (1 if problem.mask is None else MASK_PATIENCE)

    def _damping_floor(self, seen: Observation) -> float:
        """Many points never agree to the pixel: a larger move would only follow their errors."""
        if len(seen.handles_xy) > MANY_POINTS:
            return self.settings.damping
        return self.settings.damping_floor

    def _change(
        self,
        problem: DragProblem,
        state: NewtonState,
        seen: Observation,
        jacobian: Float[Tensor, "e m"],
        damping: float,
        known: Bool[Tensor, " n"],
    ) -> tuple[Float[Tensor, " m"], Curvature | None]:
        settings, move = self.settings, state.move.flatten()
        trust = state.radius * scale_from_512(settings.trust_px_at_512, problem.image_hw)
        points = seen.on_host()
        whole_way = problem.targets_on_host_xy - points.handles_xy
        way = whole_way * (trust / whole_way.norm(dim=1, keepdim=True).clamp(min=trust))
        pulled = (known & ~points.lost).repeat_interleave(2).float()
        equations = jacobian * (~seen.lost).repeat_interleave(2).to(jacobian)[:, None]
        tolerance = settings.tolerance_px(image_hw=problem.image_hw, points=len(way))
        bounds = state.bounds[state.level]
        step = damped_step(
            equations,
            way.flatten() * pulled,
            move,
            damping=damping,
            slack_px=min(
                SLACK * tolerance, SHARE_LEFT * float((way.norm(dim=1) * pulled[::2]).max())
            ),
            longest_return=state.radius * LONGEST_RETURN,
            most_length=bounds.longest if state.turns.needed else bounds.familiar,
            held=self._held_picture(state, whole_way.flatten() * pulled),
        )
        change, curvature = step.change, state.curvature
        if state.held and not state.held[state.level].empty:
            work = self._work(problem, state)
            change, curvature = state.held[state.level].refined(
                change,
                jacobian=equations,
                metric=step.metric,
                charge=step.charge,
                move=move,
                features=seen.synthesis.features,
                synthesise=lambda moved: work.features(moved.reshape(state.move.shape)),
                pulled_back=work.pulled_back(state.move, trace=seen.trace),
                known=curvature,
            )
        largest = (equations @ change).reshape(-1, 2).norm(dim=1).max()
        allowed = torch.full_like(largest, OVERSHOOT * trust)
        share: Tensor = (allowed / largest.clamp(min=1e-9)).clamp(max=1)
        return change * share, curvature

    def _held_picture(self, state: NewtonState, way: Float[Tensor, " e"]) -> HeldPicture | None:
        # so many points leave nothing to hold, and the picture bends instead
        if state.repainting is None or state.turns.needed:
            return None
        hold = self.settings.hold
        return HeldPicture(charge=state.repainting, weight=hold_weight(hold), way=way, hold=hold)

    def _space(self, problem: DragProblem) -> LatentSpace:
        settings, info = self.settings, problem.generator.info
        if settings.whitening > 0 and info.w_statistics is None:
            info = replace(info, w_statistics=w_statistics_of(problem.generator))
        space = LatentSpace.of(
            info,
            kind=settings.latent,
            rows=settings.rows,
            whitened=settings.whitening > 0,
            power=settings.whitening,
            coupling=settings.coupling,
        )
        if space.factor is None:
            return space
        # once, and not in every step
        return replace(space, factor=space.factor.to(problem.ws))

    def _work(self, problem: DragProblem, state: NewtonState) -> DeviceWork:
        until_px = self._blocks(problem)[state.level]
        return DeviceWork(problem=problem, space=state.space, until_px=until_px)

    def _blocks(self, problem: DragProblem) -> tuple[int, ...]:
        info = problem.generator.info
        found = {info.nearest_block(px).until_px for px in self.settings.blocks_px}
        return tuple(sorted(found))


def _distances_px(problem: DragProblem, seen: Observation) -> Float[Tensor, " n"]:
    """Of the handles to their goals, on the host."""
    way = problem.targets_on_host_xy - seen.on_host().handles_xy
    distances: Tensor = torch.linalg.vector_norm(way, dim=1)
    return distances


def _inside(points_xy: Float[Tensor, "n 2"], image_hw: tuple[int, int]) -> Float[Tensor, "n 2"]:
    upper = xy_like(points_xy, image_hw[1] - 1, image_hw[0] - 1)
    return torch.minimum(points_xy.clamp(min=0), upper)
