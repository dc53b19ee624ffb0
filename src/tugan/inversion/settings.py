"""How inversion and tuning are done: all their defaults."""

from dataclasses import dataclass
from typing import Literal

from tugan.inversion.target import InversionError

Space = Literal["w", "w+"]


@dataclass(frozen=True, kw_only=True)
class InversionSettings:
    """Of the search for the latent."""

    space: Space = "w+"
    """``w``: one latent for all rows; ``w+``: rows that stay near each other, which come nearer to
    the picture and were dragged as well (docs/inversion.md)."""
    steps: int = 150
    """At most."""
    seconds: float | None = None
    """At most, if given; the learning rate falls as either limit comes near."""
    learning_rate: float = 0.05
    """Of Adam, in coordinates in which W is standard normal."""
    prior: float = 0.01
    """Weight of the mean squared coordinate (the Mahalanobis distance from the mean of W)."""
    identity: float = 0.3
    """Weight of the squared distance of face embeddings."""
    row_spread: float = 0.3
    """In ``w+``: how far a row may leave the others, beside how far all may move."""

    def __post_init__(self) -> None:
        """:class:`InversionError` for numbers that describe no search."""
        if self.space not in ("w", "w+"):
            raise InversionError(f"the space is {self.space!r}, expected 'w' or 'w+'")
        _check_budget(self.steps, self.seconds)
        _check_positive("learning_rate", self.learning_rate)


@dataclass(frozen=True, kw_only=True)
class TuningSettings:
    """Of pivotal tuning (Roich et al. 2021)."""

    steps: int = 90
    """At most."""
    seconds: float | None = None
    """At most, if given."""
    learning_rate: float = 0.01
    """Of Adam, as a share of each tensor's own size."""
    coarse_rate: float = 0.2
    """The same for the layers that drags follow features of, as a share of ``learning_rate``: what
    they learn by heart, they no longer draw from another side."""
    identity: float = 0.1
    """Weight of the squared distance of face embeddings."""
    detail: float = 0.3
    """Weight of the mean absolute difference at full size."""
    locality: float = 0.1
    """Weight of what changes at other latents."""
    locality_every: int = 4
    """Steps from one look at another latent to the next."""
    locality_reach: float = 8.0
    """How far from the pivot those latents are, in W."""
    seed: int = 0
    """Of those latents."""

    def __post_init__(self) -> None:
        """:class:`InversionError` for numbers that describe no tuning."""
        _check_budget(self.steps, self.seconds)
        _check_positive("learning_rate", self.learning_rate)


def _check_budget(steps: int, seconds: float | None) -> None:
    if steps < 1:
        raise InversionError(f"steps is {steps}, expected at least 1")
    if seconds is not None and not seconds > 0:
        raise InversionError(f"seconds is {seconds:g}, expected more than 0")


def _check_positive(name: str, value: float) -> None:
    if not 0 < value < float("inf"):
        raise InversionError(f"{name} is {value:g}, expected a positive number")
