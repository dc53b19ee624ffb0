"""How good an inversion is, in numbers and in words."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.images import to_rgb_array
from tugan.inversion.image_loss import psnr_db
from tugan.inversion.target import InversionTarget
from tugan.perceptual.faces import SAME_PERSON_DISTANCE, FaceFinder, embedding_distance

Grade = Literal["good", "usable", "poor"]

GOOD_DISTANCE, USABLE_DISTANCE = 0.35, 0.5
GOOD_PSNR_DB, USABLE_PSNR_DB = 22.0, 17.0
"""In the face. What looked alike and what did not, on the photographs of docs/inversion.md."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How near the generator's picture is to the photograph."""

    psnr_db: float
    """Of the whole crop."""
    face_psnr_db: float
    """With each pixel as important as the target says: mostly the face."""
    identity_distance: float | None
    """Of dlib's embeddings; None where no face was looked for."""
    face_lost: bool = False
    """The target has a face and the picture has none."""

    @property
    def grade(self) -> Grade:
        """In a word."""
        if self.face_lost:
            return "poor"
        distance = 0.0 if self.identity_distance is None else self.identity_distance
        if distance <= GOOD_DISTANCE and self.face_psnr_db >= GOOD_PSNR_DB:
            return "good"
        if distance <= USABLE_DISTANCE and self.face_psnr_db >= USABLE_PSNR_DB:
            return "usable"
        return "poor"

    @property
    def sentence(self) -> str:
        """What that means."""
        numbers = f"{self.face_psnr_db:.1f} dB in the face"
        if self.identity_distance is not None:
            numbers += (
                f", identity distance {self.identity_distance:.2f}; below"
                f" {SAME_PERSON_DISTANCE:g} is the same person"
            )
        return f"{_MEANINGS[self.grade]} ({numbers})."


_MEANINGS: dict[Grade, str] = {
    "good": "Good: hard to tell from the photograph, and ready to be dragged",
    "usable": "Usable: the person is there, details are not; more steps or tuning will help",
    "poor": "Poor: it will not look like the photograph; try more steps, tuning or another crop",
}


def quality_of(
    picture: Float[Tensor, "1 3 s s"], target: InversionTarget, *, finder: FaceFinder | None
) -> Quality:
    """Of the generator's picture against its target."""
    picture = picture.detach().clamp(-1, 1)
    error = ((picture - target.picture).square() * target.weight).mean()
    distance, lost = None, False
    if finder is not None and target.face is not None:
        face = finder.find(to_rgb_array(picture))
        lost = face is None
        if face is not None:
            distance = embedding_distance(face, target.face)
    return Quality(
        psnr_db=psnr_db(picture, target.picture),
        face_psnr_db=float(10 * torch.log10(4 / error.clamp(min=1e-12))),
        identity_distance=distance,
        face_lost=lost,
    )
