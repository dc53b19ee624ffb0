"""Methods that take their process with them."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tugan.core.outcome import Outcome
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.protocol import Observation, Solver


@dataclass(frozen=True, kw_only=True)
class Clumsy:
    """A solver that dies or hangs at its first step: the first time in a run, or always."""

    inner: Solver[Any]
    mark: Path
    kind: Literal["die", "hang"]
    once: bool

    def init(self, problem: DragProblem) -> object:
        return self.inner.init(problem)

    def observe(self, problem: DragProblem, state: object) -> Observation:
        if not self.once or not self.mark.exists():
            self.mark.touch()
            if self.kind == "die":
                os._exit(7)
            time.sleep(600)
        return self.inner.observe(problem, state)

    def update(self, problem: DragProblem, state: object, seen: Observation) -> object:
        return self.inner.update(problem, state, seen)

    def retried(self, problem: DragProblem, state: object, seen: Observation) -> object | None:
        again: object | None = self.inner.retried(problem, state, seen)
        return again

    def terminate(self, problem: DragProblem, state: object, seen: Observation) -> Outcome | None:
        return self.inner.terminate(problem, state, seen)

    def tolerance_px(self, problem: DragProblem) -> float:
        return self.inner.tolerance_px(problem)

    def aimed_anew(self, state: object) -> object:
        return self.inner.aimed_anew(state)

    def steps_taken(self, state: object) -> int:
        return self.inner.steps_taken(state)
