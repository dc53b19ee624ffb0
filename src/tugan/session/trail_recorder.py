"""Keeping the way of a drag, thinned so that a long one stays small."""

from dataclasses import dataclass, replace
from typing import final

from torch import Tensor

from tugan.dragging.step import DragStep
from tugan.generators.protocol import Ws
from tugan.session.document import Trail, TrailStep

MAX_STEPS = 64
"""Of a trail; beyond that every other one is dropped."""


@final
class TrailRecorder:
    """Steps of one drag, perhaps going on from an earlier trail."""

    def __init__(self, start_ws: Ws, *, rows: int, earlier: Trail | None = None) -> None:
        """``rows`` of ``ws`` move, at most."""
        self._start_ws, self._rows = start_ws, rows
        self._steps: dict[int, TrailStep] = {}
        self._stride = 1
        for step in () if earlier is None else earlier.steps:
            self._keep(step)

    def add(self, step: DragStep, *, shown: int) -> None:
        """A step; ``shown`` is its number on the whole way."""
        self._keep(
            TrailStep(
                step=shown,
                rows=_kept(step.ws[0, : self._rows]),
                handles_xy=_kept(step.handles_xy),
                goals_xy=_kept(step.targets_xy),
            )
        )

    def trail(self, *, until: int) -> Trail:
        """Up to a step: a drag that was stuck ends with an earlier one."""
        steps = sorted(
            (one for one in self._steps.values() if one.step <= until), key=lambda one: one.step
        )
        return Trail(start_ws=self._start_ws, steps=tuple(steps))

    def _keep(self, step: TrailStep) -> None:
        if step.step % self._stride:
            return
        self._steps[step.step] = step
        if len(self._steps) > MAX_STEPS:
            self._stride *= 2
            self._steps = {
                index: one for index, one in self._steps.items() if index % self._stride == 0
            }


def _kept(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().clone()


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast steps come, smoothed."""

    last_s: float | None = None
    seconds_a_step: float | None = None

    def after(self, now_s: float) -> "Pace":
        """One step more."""
        if self.last_s is None:
            return replace(self, last_s=now_s)
        took = max(now_s - self.last_s, 1e-6)
        before = took if self.seconds_a_step is None else self.seconds_a_step
        return Pace(last_s=now_s, seconds_a_step=0.7 * before + 0.3 * took)

    @property
    def steps_per_s(self) -> float:
        """0 until there have been two steps."""
        return 0.0 if self.seconds_a_step is None else 1 / self.seconds_a_step
