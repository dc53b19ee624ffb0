"""Where the loop stands, so that a drag can be stopped and gone on with."""

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tugan.core.errors import InvalidDragError
from tugan.generators.protocol import Ws


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The step so far whose handles were nearest to their goals: what a stuck drag ends with."""

    index: int
    ws: Ws = field(repr=False)
    handles_xy: Float[Tensor, "n 2"]
    lost: Bool[Tensor, " n"]

    def left_px(self, targets_xy: Float[Tensor, "n 2"]) -> float:
        """Sum of the handles' distances."""
        return float(torch.linalg.vector_norm(targets_xy - self.handles_xy, dim=1).sum())


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """All that :func:`tugan.drag` needs to go on as if it had not been stopped: to the bit on the
    same machine and versions."""

    state: object = field(repr=False)
    """Of the solver that the drag was begun with."""
    nearest: Nearest | None = None
    """None where there is none yet, or the goals have changed."""


@final
class Bookmark:
    """A checkpoint until the loop goes on: states are larger than the steps that people keep."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """At this place."""
        self._checkpoint: Checkpoint | None = checkpoint

    def open(self) -> Checkpoint:
        """:class:`InvalidDragError` if the loop has gone on."""
        if self._checkpoint is None:
            raise InvalidDragError(
                "this step's checkpoint is gone: ask for it before the drag's next step"
            )
        return self._checkpoint

    def release(self) -> None:
        """Let the state go."""
        self._checkpoint = None
