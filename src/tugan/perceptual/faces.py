"""A face as a program sees it: where its parts are, and whose it is."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from tugan.core.images import RgbArray

LANDMARKS = 68
"""Of the iBUG 300-W scheme: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, mouth 48-67."""

SAME_PERSON_DISTANCE = 0.6
"""Embedding distance below which dlib's authors call two pictures the same person."""


@dataclass(frozen=True, kw_only=True)
class Face:
    """What is found in a picture."""

    landmarks_xy: Float[np.ndarray, "68 2"]
    """Pixels of the picture, an integer at a pixel's centre; may lie outside it."""
    embedding: Float[np.ndarray, " d"] = field(repr=False)
    """Near for two pictures of a person, far for two persons."""


@runtime_checkable
class FaceFinder(Protocol):
    """Something that finds a face in a picture."""

    @property
    def name(self) -> str:
        """Which program and version it is."""
        ...

    def find(self, picture: RgbArray) -> Face | None:
        """The clearest face; None if there is none."""
        ...


@runtime_checkable
class FaceSearch(Protocol):
    """Something that finds all faces of a photograph."""

    def find_all(self, picture: RgbArray) -> tuple[Face, ...]:
        """Every face, small ones too, the surest first."""
        ...


def embedding_distance(one: Face, other: Face) -> float:
    """Euclidean; compare with :data:`SAME_PERSON_DISTANCE`."""
    return float(np.linalg.norm(one.embedding - other.embedding))
