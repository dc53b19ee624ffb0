"""Solve for the latent move through the features' own geometry; derivation in docs/newton.md."""

import math
from dataclasses import dataclass, field, replace
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tugan.core.geometry import scale_from_512, xy_like
from tugan.core.host_copy import on_host, to_device
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.latent_space import LatentSpace
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import MANY_POINTS
from tugan.dragging.solvers.curvature import Curvature
from tugan.dragging.solvers.damped_step import damped_step
from tugan.dragging.solvers.device_work import DeviceWork
from tugan.dragging.solvers.ended import outcome_of
from tugan.dragging.solvers.held_region import HeldRegion
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.protocol import Observation, SeenPoints
from tugan.dragging.solvers.turns import Turns
from tugan.dragging.trackers.on_pictures import AnyTracker, watched
from tugan.dragging.trackers.patch import Patch
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
SURPRISE = 0.5
"""A prediction off by this share of the motion makes the Jacobian of several points anew."""
BROYDEN = 0.7
"""Share of the surprise that corrects the Jacobian."""


@dataclass(frozen=True, kw_only=True)
class NewtonState:
    """Where a drag is."""

    steps: int
    move: Float[Tensor, "moved d"] = field(repr=False)
    """In the coordinates of the latent space."""
    space: LatentSpace = field(repr=False)
    level: int
    """Index of the feature block in use."""
    references: tuple[Float[Tensor, "n _"], ...] = field(repr=False)
    """What the handles looked like at the start, for each block."""
    held: tuple[HeldRegion, ...] = field(repr=False)
    """What should stay, for each block; empty without a mask."""
    turns: Turns = field(repr=False)
    """Whose derivatives a step computes."""
    expected_xy: Float[Tensor, "n 2"]
    """Where the last step was predicted to bring the handles."""
    seen_xy: Float[Tensor, "n 2"]
    """Where they were before it."""
    damping: float
    jacobian: Float[Tensor, "e m"] | None = field(default=None, repr=False)
    """Motion of the handles by the flattened move, as it was last known; zero where it is not
    known yet."""
    last_change: Float[Tensor, " m"] | None = field(default=None, repr=False)
    """The last step."""
    curvature: Curvature | None = field(default=None, repr=False)
    """Of what the mask holds, as far as it is known."""
    age: int = 0
    """Steps since the Jacobian was computed or, where that goes in turns, begun."""
    left_px: float = math.inf
    """Mean distance of the handles, the least lately."""
    waited: int = 0
    """Steps of little progress."""
    least_left_px: float = math.inf
    least_left_step: int = 0


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
        references, held = [], []
        synthesis = problem.generator.begin(
            problem.ws, noise=problem.noise, noise_seed=problem.noise_seed
        )
        for until_px in self._blocks(problem):
            synthesis = problem.generator.advance(synthesis, until_px=until_px)
            watch = watched(self.tracker, problem.generator, synthesis)
            references.append(
                watch.tracker.reference(watch.seen, problem.handles_xy, image_hw=problem.image_hw)
            )
            if problem.mask is not None and self.settings.mask_weight > 0:
                held.append(HeldRegion.of(synthesis.features, problem.mask))
        return NewtonState(
            steps=0,
            move=space.origin(problem.ws),
            space=space,
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
        seen_xy, lost, finite = on_host(handles_xy, look.lost, look.finite)
        return Observation(
            leaf=state.move,
            ws=look.ws,
            handles_xy=handles_xy,
            lost=look.lost,
            synthesis=look.synthesis,
            trace=look.trace,
            finite=bool(finite),
            points=SeenPoints(handles_xy=seen_xy, lost=lost),
        )

    @torch.no_grad()
    def update(self, problem: DragProblem, state: NewtonState, seen: Observation) -> NewtonState:
        """One damped step; on to a finer block, or to a larger move, where it is time for that."""
        progress = self._progress(problem, state, seen)
        stuck = progress.waited >= self.settings.patience_steps
        jacobian, age = self._jacobian(problem, state, seen)
        damping = state.damping
        if stuck and damping > self._damping_floor(seen):
            damping *= DAMPING_FALL
        known = state.turns.known(age)
        change, curvature = self._change(problem, state, seen, jacobian, damping, known)
        predicted = state.turns.foreseen(
            (jacobian @ change).reshape(-1, 2), seen.handles_xy, turn=age
        )
        finer = state.level + 1 < len(state.references) and (stuck or self._arrived(problem, seen))
        nearer = progress.left_px < state.least_left_px
        return replace(
            state,
            steps=state.steps + 1,
            move=state.move + change.reshape(state.move.shape),
            level=state.level + 1 if finer else state.level,
            # a step that is not finite is noticed in what it leads to; trackers count on places
            expected_xy=_inside(
                seen.handles_xy + predicted.nan_to_num(0.0, 0.0, 0.0), problem.image_hw
            ),
            seen_xy=seen.handles_xy,
            damping=self.settings.damping if finer else damping,
            jacobian=None if finer else jacobian,
            last_change=change,
            curvature=None if finer else curvature,
            age=0 if finer else age,
            left_px=progress.left_px if stuck else min(progress.left_px, state.left_px),
            waited=0 if stuck else progress.waited,
            least_left_px=progress.left_px if nearer else state.least_left_px,
            least_left_step=state.steps if nearer else state.least_left_step,
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
        if state.steps >= self.settings.max_steps:
            return Ending.STEP_LIMIT
        waited = self._progress(problem, state, seen).waited
        # nobody is given up on who was not pulled yet
        all_pulled = state.age + 1 >= state.turns.in_a_round
        least = state.damping <= self._damping_floor(seen)
        hopeless = last_level and all_pulled and least
        if hopeless and waited >= self.settings.patience_steps:
            return Ending.NO_PROGRESS
        return None

    def aimed_anew(self, state: NewtonState) -> NewtonState:
        """The same place, with the patience and charge of a start: the goals have changed."""
        return replace(
            state,
            damping=self.settings.damping,
            waited=0,
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

    def _damping_floor(self, seen: Observation) -> float:
        """Many points never agree to the pixel: a larger move would only follow their errors."""
        if len(seen.handles_xy) > MANY_POINTS:
            return self.settings.damping
        return self.settings.damping_floor

    def _jacobian(
        self, problem: DragProblem, state: NewtonState, seen: Observation
    ) -> tuple[Float[Tensor, "e m"], int]:
        """The Jacobian here, and its age: computed, or corrected by the motion that was seen."""
        if state.turns.needed:
            return self._jacobian_in_turns(problem, state, seen)
        corrected = self._corrected(state, seen)
        if corrected is not None:
            return corrected, state.age + 1
        work = self._work(problem, state)
        return work.jacobian(seen.ws, seen.handles_xy, trace=seen.trace), 0

    def _jacobian_in_turns(
        self, problem: DragProblem, state: NewtonState, seen: Observation
    ) -> tuple[Float[Tensor, "e m"], int]:
        """Computed for those whose turn it is; corrected for the others who have had one."""
        turn, last = 0, state.jacobian
        if last is not None and state.last_change is not None:
            turn = state.age + 1
            surprise = _surprise(state, seen, last @ state.last_change)
            known = to_device(state.turns.known(state.age), like=surprise).repeat_interleave(2)
            last = _broyden(last, state.last_change, surprise * known)
        due = state.turns.due(turn).to(seen.handles_xy.device)
        equations = torch.stack([2 * due, 2 * due + 1], dim=1).flatten()
        work = self._work(problem, state)
        fresh = work.jacobian(seen.ws, seen.handles_xy[due], trace=seen.trace)
        jacobian = fresh.new_zeros(2 * len(seen.handles_xy), fresh.shape[1])
        if last is not None:
            jacobian.copy_(last)
        jacobian[equations] = fresh
        return jacobian, turn

    def _corrected(self, state: NewtonState, seen: Observation) -> Float[Tensor, "e m"] | None:
        """Broyden's update, or None where the Jacobian is to be computed."""
        jacobian, change = state.jacobian, state.last_change
        few = len(seen.handles_xy) <= self.settings.fresh_points
        old = state.age + 1 >= self.settings.refresh_steps
        if jacobian is None or change is None or few or old:
            return None
        predicted = jacobian @ change
        surprise = _surprise(state, seen, predicted)
        # what was seen of a single point corrects half of its Jacobian: better than a new one
        if len(seen.handles_xy) > 1:
            off_px, predicted_px = on_host(surprise.norm(), predicted.norm())
            if float(off_px) > SURPRISE * float(predicted_px):
                return None
        return _broyden(jacobian, change, surprise)

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
        trust = scale_from_512(settings.trust_px_at_512, problem.image_hw)
        points = seen.on_host()
        way = problem.targets_on_host_xy - points.handles_xy
        way = way * (trust / way.norm(dim=1, keepdim=True).clamp(min=trust))
        pulled = (known & ~points.lost).repeat_interleave(2).float()
        equations = jacobian * (~seen.lost).repeat_interleave(2).to(jacobian)[:, None]
        tolerance = settings.tolerance_px(image_hw=problem.image_hw, points=len(way))
        step = damped_step(
            equations,
            way.flatten() * pulled,
            move,
            damping=damping,
            slack_px=min(
                SLACK * tolerance, SHARE_LEFT * float((way.norm(dim=1) * pulled[::2]).max())
            ),
        )
        change, curvature = step.change, state.curvature
        if state.held and not state.held[state.level].empty:
            work = self._work(problem, state)
            change, curvature = state.held[state.level].refined(
                change,
                jacobian=equations,
                asked_px=way.flatten() * pulled,
                charge=step.charge,
                weight=settings.mask_weight * len(way),
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


def _surprise(
    state: NewtonState, seen: Observation, predicted: Float[Tensor, " e"]
) -> Float[Tensor, " e"]:
    """The motion that was seen, beyond what was predicted; a lost point tells nothing."""
    moved = (seen.handles_xy - state.seen_xy).flatten()
    return (moved - predicted) * (~seen.lost).repeat_interleave(2)


def _broyden(
    jacobian: Float[Tensor, "e m"], change: Float[Tensor, " m"], surprise: Float[Tensor, " e"]
) -> Float[Tensor, "e m"]:
    """Corrected along the change, by a share of the surprise (Broyden 1965)."""
    length = (change @ change).clamp(min=1e-12)
    corrected: Tensor = jacobian + BROYDEN * torch.outer(surprise, change) / length
    return corrected


def _inside(points_xy: Float[Tensor, "n 2"], image_hw: tuple[int, int]) -> Float[Tensor, "n 2"]:
    upper = xy_like(points_xy, image_hw[1] - 1, image_hw[0] - 1)
    return torch.minimum(points_xy.clamp(min=0), upper)
