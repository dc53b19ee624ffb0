"""What an inversion aims at: a picture, where it matters, and whose face it is."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import TuganError
from tugan.core.grad_mode import in_ordinary_mode, ordinary
from tugan.core.images import to_rgb_array
from tugan.inversion.face_weight import even_weight, face_weight
from tugan.perceptual.face_chip import chip_to_picture
from tugan.perceptual.faces import Face, FaceFinder
from tugan.perceptual.identity import Identity, IdentityModel

NO_FACE_WARNING = (
    "No face was found in the crop: a model of faces will not look like this. Choose another place,"
    " or a model of what the picture shows."
)


class InversionError(TuganError):
    """A picture that cannot be inverted, or settings that do not describe an inversion."""


@dataclass(frozen=True, kw_only=True)
class InversionTarget:
    """The aligned picture."""

    picture: Float[Tensor, "1 3 s s"] = field(repr=False)
    """[-1, 1], of the generator's size."""
    weight: Float[Tensor, "1 1 s s"] = field(repr=False)
    """How much each pixel matters; of mean 1."""
    face: Face | None = None
    """Landmarks in pixels of the picture."""
    identity: Identity | None = field(default=None, repr=False)
    """What makes it this person; None where no face was found."""

    @in_ordinary_mode
    def __post_init__(self) -> None:
        """:class:`InversionError` unless the picture is finite and the weight fits it."""
        object.__setattr__(self, "picture", ordinary(self.picture))
        object.__setattr__(self, "weight", ordinary(self.weight))
        if self.picture.shape[2:] != self.weight.shape[2:]:
            raise InversionError(
                f"the weight is {tuple(self.weight.shape[2:])}, the picture"
                f" {tuple(self.picture.shape[2:])}: expected one size"
            )
        if not bool(torch.isfinite(self.picture).all()):
            raise InversionError("the picture has values that are NaN or infinite")

    @property
    def size_px(self) -> int:
        """Side of the picture."""
        return self.picture.shape[2]

    @property
    def warning(self) -> str:
        """What will disappoint; empty if nothing is known."""
        return "" if self.face is not None else NO_FACE_WARNING


@in_ordinary_mode
def prepare_target(
    picture: Float[Tensor, "1 3 s s"],
    *,
    finder: FaceFinder | None = None,
    model: IdentityModel | None = None,
) -> InversionTarget:
    """A target that knows its face, where a finder is given and finds one."""
    picture = ordinary(picture).detach().float().clamp(-1, 1)
    face = None if finder is None else finder.find(to_rgb_array(picture))
    if face is None:
        return InversionTarget(picture=picture, weight=even_weight(picture.shape[2]).to(picture))
    identity = None
    if model is not None:
        identity = model.identity_of(picture, chip_to_picture(face.landmarks_xy))
    return InversionTarget(
        picture=picture,
        weight=face_weight(face.landmarks_xy, size_px=picture.shape[2]).to(picture),
        face=face,
        identity=identity,
    )


def resized(x: Float[Tensor, "b c h w"], size_px: int) -> Float[Tensor, "b c s s"]:
    """Averaged down, or bilinearly up, to this side."""
    if x.shape[-1] == size_px:
        return x
    if x.shape[-1] > size_px:
        return F.interpolate(x, size=(size_px, size_px), mode="area")
    return F.interpolate(x, size=(size_px, size_px), mode="bilinear", align_corners=False)
