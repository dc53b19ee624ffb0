"""What a solver does: look where the handles are, then move the latent."""

from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

from jaxtyping import Bool, Float
from torch import Tensor

from tugan.core.host_copy import on_host
from tugan.core.outcome import Outcome
from tugan.dragging.problem import DragProblem
from tugan.generators.protocol import SynthesisState, Trace, Ws


@dataclass(frozen=True, kw_only=True)
class SeenPoints:
    """What an observation says of the handles, on the host: decisions are made of it."""

    handles_xy: Float[Tensor, "n 2"]
    lost: Bool[Tensor, " n"]
    before_xy: Float[Tensor, "n 2"] | None = None
    """Where they were before the last step, of solvers that foresee."""
    foreseen_xy: Float[Tensor, "n 2"] | None = None
    """And where it was predicted to bring them."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The picture of a state, as far as the solver needs it.

    It holds an autograd graph and is good for one ``update``; states are the values to keep.
    """

    leaf: Float[Tensor, "moved d"] = field(repr=False)
    """The move that led here: what the synthesis can be differentiated by."""
    ws: Ws = field(repr=False)
    handles_xy: Float[Tensor, "n 2"]
    """Where the handles are in this picture."""
    lost: Bool[Tensor, " n"]
    """Handles that were not found again: their places are guesses."""
    synthesis: SynthesisState = field(repr=False)
    """Stopped at the solver's block; the picture can be finished from it."""
    trunk: SynthesisState | None = field(default=None, repr=False)
    """The graph's end, where the rest is differentiated on windows alone: before the block."""
    trace: Trace | None = field(default=None, repr=False)
    """Of the same synthesis, for solvers that differentiate by it."""
    finite: bool
    """False if NaN or infinity appeared."""
    excess: float = 0.0
    """How far out of what the solver allows the picture is, where it says so: up to 1 is within."""
    points: SeenPoints | None = field(default=None, repr=False)
    """Where the solver has read the device already; None: see :meth:`on_host`."""

    def on_host(self) -> SeenPoints:
        """The handles on the host; waits for the device unless ``points`` is there."""
        if self.points is not None:
            return self.points
        handles_xy, lost = on_host(self.handles_xy, self.lost)
        return SeenPoints(handles_xy=handles_xy, lost=lost)


State = TypeVar("State")


@runtime_checkable
class Solver(Protocol[State]):
    """An algorithm as data; states are immutable values, so undo and replay are exact."""

    def init(self, problem: DragProblem) -> State:
        """The state before the first step."""
        ...

    def observe(self, problem: DragProblem, state: State) -> Observation:
        """Synthesise as far as needed, and track."""
        ...

    def update(self, problem: DragProblem, state: State, seen: Observation) -> State:
        """Move the latent by one step."""
        ...

    def retried(self, problem: DragProblem, state: State, seen: Observation) -> State | None:
        """A smaller step from where the last one began, if that one is taken back; else None.

        Call it before anything else is made of an observation, as often as it gives a state.
        """
        ...

    def terminate(self, problem: DragProblem, state: State, seen: Observation) -> Outcome | None:
        """How the drag ends here, or None if it goes on."""
        ...

    def tolerance_px(self, problem: DragProblem) -> float:
        """How near its goal a handle has to be to be there, in pixels of the picture."""
        ...

    def aimed_anew(self, state: State) -> State:
        """The same place for other goals: with the patience of a start."""
        ...

    def steps_taken(self, state: State) -> int:
        """Updates that led to this state."""
        ...
