"""Whose face it is, as a loss: dlib's embedding of the chip at a known place."""

from dataclasses import dataclass, field, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.similarity import Similarity
from tugan.perceptual.dlib_faces import EMBEDDING_FILE, find_dlib_models
from tugan.perceptual.face_chip import cut_chips
from tugan.perceptual.face_embedding import FaceEmbedding


@final
@dataclass(frozen=True, kw_only=True)
class Identity:
    """A person in a picture: the embedding, and where the face is."""

    network: FaceEmbedding = field(repr=False)
    place: Similarity
    """Of the chip in the picture."""
    size_px: int
    """Side of the picture that ``place`` is stated for."""
    embedding: Float[Tensor, "1 128"] = field(repr=False)

    def squared_distance(self, pictures: Float[Tensor, "b 3 h w"]) -> Float[Tensor, " b"]:
        """Of faces at the same place of pictures of any size; differentiable."""
        found: Tensor = self.network(cut_chips(pictures, self._place_at(pictures.shape[-1])))
        return (found - self.embedding).square().sum(dim=1)

    def _place_at(self, size_px: int) -> Similarity:
        scale = size_px / self.size_px
        shift = (self.place.shift + 0.5) * scale - 0.5
        return Similarity(matrix=self.place.matrix * scale, shift=shift)

    def to(self, device: torch.device) -> "Identity":
        """The same on another device; the network moves."""
        return replace(self, network=self.network.to(device), embedding=self.embedding.to(device))


@final
class IdentityModel:
    """Makes identities; holds the network once."""

    def __init__(self) -> None:
        """:class:`MissingExtraError` without the extra ``faces``."""
        self._network = FaceEmbedding.load(find_dlib_models() / EMBEDDING_FILE)

    def identity_of(self, picture: Float[Tensor, "1 3 s s"], place: Similarity) -> Identity:
        """Of the face whose chip is at this place."""
        network = self._network.to(picture.device)
        with torch.no_grad():
            embedding = network(cut_chips(picture, place))
        return Identity(
            network=network, place=place, size_px=picture.shape[-1], embedding=embedding
        )
