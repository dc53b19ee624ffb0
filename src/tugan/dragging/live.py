"""Dragging while the finger moves: each step aims at where the goal is now."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.errors import InvalidDragError
from tugan.core.grad_mode import in_ordinary_mode
from tugan.dragging.finer_look import FinerLook
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import step_of
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.newton_state import NewtonState
from tugan.dragging.solvers.protocol import Observation
from tugan.dragging.step import DragStep
from tugan.generators.protocol import Generator, Noise, Ws

UNLIMITED_STEPS = 10**9
_NUDGE_PX = 1e-2
"""A goal may come back to where its handle was; a problem wants them apart."""


@final
class LiveDrag:
    """A drag whose goals move.

    One thread consumes :meth:`frames` (or calls :meth:`step`); any other may call :meth:`move` as
    often as it likes: goals that came and went between two steps are never aimed at.

    >>> live = LiveDrag(generator, ws)
    >>> live.grab(torch.tensor([[608.0, 762.0]]))
    >>> live.move(torch.tensor([[636.0, 722.0]]))
    >>> for step in live.frames():  # until release() or close()
    ...     show(step.image(), step.handles_xy)
    """

    def __init__(
        self,
        generator: Generator,
        ws: Ws,
        *,
        settings: NewtonSettings | None = None,
        mask: Float[Tensor, "h w"] | None = None,
        noise: Noise = "const",
        noise_seed: int = 0,
    ) -> None:
        """``ws`` is the start, ``(1, num_ws, w_dim)``; nothing is held yet."""
        chosen = settings or NewtonSettings.for_generator(generator.info)
        # the hand corrects what a kept Jacobian errs; a mask has no hand
        fresh_points = 0 if mask is None else chosen.fresh_points
        self._solver = Newton(
            settings=replace(chosen, max_steps=UNLIMITED_STEPS, fresh_points=fresh_points)
        )
        self._generator, self._ws, self._mask = generator, ws, mask
        self._noise, self._noise_seed = noise, noise_seed
        self._changed = threading.Condition()
        self._problem: DragProblem | None = None
        self._wanted: DragProblem | None = None
        self._state: NewtonState | None = None
        self._seen: Observation | None = None
        self._finer: FinerLook | None = None
        self._closed = False

    @property
    def ws(self) -> Ws:
        """The latent of the newest picture."""
        return self._ws

    @in_ordinary_mode
    def grab(self, handles_xy: Float[Tensor, "n 2"]) -> None:
        """Take hold of points of the newest picture; :class:`InvalidDragError` if outside of it."""
        problem = DragProblem(
            generator=self._generator,
            ws=self._ws,
            handles_xy=handles_xy,
            targets_xy=apart(handles_xy, handles_xy),
            mask=self._mask,
            noise=self._noise,
            noise_seed=self._noise_seed,
            keep_doubles=True,
        )
        state = self._solver.init(problem)
        seen = self._solver.observe(problem, state)
        with self._changed:
            self._problem, self._state, self._seen = problem, state, seen
            self._wanted = self._finer = None

    @in_ordinary_mode
    def move(self, targets_xy: Float[Tensor, "n 2"]) -> None:
        """New goals for the points that are held; from any thread, returns at once.

        :class:`InvalidDragError` if nothing is held, or a goal is outside the picture.
        """
        with self._changed:
            if self._problem is None:
                raise InvalidDragError("nothing is held: grab points before moving them")
            handles_xy = self._problem.handles_xy
            if targets_xy.shape != handles_xy.shape:
                raise InvalidDragError(
                    f"goals must be {tuple(handles_xy.shape)}, one for each point that is held; got"
                    f" {tuple(targets_xy.shape)}"
                )
            # checked here, where the caller can be told
            goals = apart(targets_xy.to(handles_xy), handles_xy)
            self._wanted = replace(self._problem, targets_xy=goals)
            self._changed.notify_all()

    @in_ordinary_mode
    def step(self) -> DragStep | None:
        """One step toward the newest goals, and the picture after it; None if nothing is to do."""
        with self._changed:
            problem, state, seen = self._problem, self._state, self._seen
            if problem is None or state is None or seen is None:
                return None
            if self._wanted is not None:
                state = self._solver.aimed_anew(state)
                self._problem, self._wanted = self._wanted, None
                problem = self._problem
        if self._solver.terminate(problem, state, seen) is not None:
            return None
        moved = self._solver.update(problem, state, seen)
        after = self._solver.observe(problem, moved)
        while (again := self._solver.retried(problem, moved, after)) is not None:
            moved, after = again, self._solver.observe(problem, again)
        if not after.finite:
            return None
        with self._changed:
            if self._problem is problem:
                self._state, self._seen, self._ws = moved, after, after.ws
        outcome = self._solver.terminate(problem, moved, after)
        return step_of(problem, after, index=moved.steps, outcome=outcome)

    @in_ordinary_mode
    def look_again(self) -> DragStep | None:
        """The newest picture with its handles where features of a finer block find them.

        What a step says of its handles is what it was steered by; this look is independent of that.
        Costs a forward pass, at first two; None if nothing is held.
        """
        with self._changed:
            problem, state, seen, finer = self._problem, self._state, self._seen, self._finer
        if problem is None or state is None or seen is None:
            return None
        if finer is None:
            coarse_px = min(self._solver.settings.blocks_px)
            finer = FinerLook.of(problem, coarse_px=coarse_px)
            with self._changed:
                self._finer = finer
        found = finer.find(seen.ws, seen.handles_xy)
        step = step_of(problem, seen, index=state.steps, outcome=None)
        return replace(step, handles_xy=found.handles_xy, lost=found.lost | seen.lost)

    def frames(self) -> Iterator[DragStep]:
        """Steps as long as points are held; waits where the goals are reached, for new ones.

        Ends after :meth:`release` or :meth:`close`.
        """
        while True:
            found = self.step()
            if found is not None:
                yield found
                continue
            with self._changed:
                while self._wanted is None:
                    if self._closed or self._problem is None:
                        return
                    self._changed.wait()

    def release(self) -> None:
        """Let go; the picture stays, and other points of it can be grabbed."""
        with self._changed:
            self._problem = self._state = self._seen = self._wanted = self._finer = None
            self._changed.notify_all()

    def close(self) -> None:
        """End :meth:`frames` for good."""
        with self._changed:
            self._closed = True
        self.release()


def apart(
    targets_xy: Float[Tensor, "n 2"], handles_xy: Float[Tensor, "n 2"]
) -> Float[Tensor, "n 2"]:
    """The goals, moved by a hundredth of a pixel where they are at their handles."""
    same = (targets_xy == handles_xy).all(dim=1, keepdim=True)
    inward = torch.where(handles_xy > 1, -_NUDGE_PX, _NUDGE_PX)
    return torch.where(same, targets_xy + inward, targets_xy)
