"""Point tracking by PIPs on the pictures, as Pan et al. 2023 compare with it."""

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.geometry import inside
from tugan.dragging.trackers.packed_picture import FrameSize, packed, to_frame_xy, unpacked
from tugan.dragging.trackers.protocol import Tracking
from tugan.perceptual.pips_chain import PipsChain, begun, continued
from tugan.perceptual.pips_network import Pips
from tugan.perceptual.weight_store import load_pips

_SMALLEST_PX = 64
_MULTIPLE_PX = 8


@final
class _Film:
    """The drag that a tracker is in: what it has seen so far."""

    def __init__(self) -> None:
        self.reference: Tensor | None = None
        self.chain: PipsChain | None = None
        self.frame: Tensor | None = None

    def forget(self) -> None:
        self.reference = self.chain = self.frame = None


@final
@dataclass(frozen=True, kw_only=True)
class PipsTracker:
    """Follows points through all pictures of a drag, in chained windows of eight.

    For :class:`~tugan.dragging.trackers.on_pictures.OnPictures`: its map is the picture.

    **It remembers**, unlike other trackers: the pictures that ``track`` was given since
    ``reference`` are its video, so that one of these belongs to one drag at a time. The same
    picture again is no new frame. A drag that is resumed with a new tracker goes on with two
    pictures, the first and the one now.

    Confidence is the network's visibility, 0 for a point that left the picture.
    """

    network: Pips = field(default_factory=load_pips, repr=False)
    """The stored weights' if none is given, or
    :class:`~tugan.perceptual.weight_store.WeightsNotInstalledError`."""
    largest_px: int = 512
    """Larger pictures are reduced to this."""
    _film: _Film = field(default_factory=_Film, init=False, repr=False, compare=False)

    @torch.no_grad()
    def reference(
        self,
        features: Float[Tensor, "1 3 h w"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Float[Tensor, "n k"]:
        """The points and the first picture, with which a film begins; ``features`` is the picture,
        about [-1, 1]."""
        self._film.forget()
        return packed(self._size().frame(features), points_xy)

    @torch.no_grad()
    def track(
        self,
        features: Float[Tensor, "1 3 h w"],
        reference: Float[Tensor, "n k"],
        points_xy: Float[Tensor, "n 2"],
        *,
        image_hw: tuple[int, int],
    ) -> Tracking:
        """Where the points are in the next picture; ``points_xy`` is not used.

        The mismatch is what the visibility lacks to 1; NaN if the picture is not finite, which then
        is no frame.
        """
        now = self._size().frame(features)
        frame_hw = (now.shape[2], now.shape[3])
        if not bool(torch.isfinite(features).all()):
            starts = reference[:, :2]
            return Tracking(points_xy=starts, mismatch=torch.full_like(starts[:, 0], torch.nan))
        chain = self._chain_at(now, reference, image_hw=image_hw)
        found = to_frame_xy(chain.points_xy, image_hw=frame_hw, frame_hw=image_hw)
        return Tracking(
            points_xy=found,
            mismatch=1 - chain.visible,
            confidence=chain.visible * inside(found, image_hw=image_hw),
        )

    def _chain_at(
        self,
        now: Float[Tensor, "1 3 h w"],
        reference: Float[Tensor, "n k"],
        *,
        image_hw: tuple[int, int],
    ) -> PipsChain:
        """The film so far and this picture."""
        film, network = self._film, self.network.to(now.device)
        known = film.reference is not None and torch.equal(film.reference, reference)
        if film.chain is None or film.frame is None or not known:
            frame_hw = (now.shape[2], now.shape[3])
            film.frame, starts = unpacked(reference, frame_hw)
            places = to_frame_xy(starts, image_hw=image_hw, frame_hw=frame_hw)
            film.chain, film.reference = begun(network, film.frame, places), reference
        if not torch.equal(film.frame, now):
            film.chain, film.frame = continued(network, film.chain, now), now
        return film.chain

    def _size(self) -> FrameSize:
        return FrameSize(
            largest_px=self.largest_px, smallest_px=_SMALLEST_PX, multiple_px=_MULTIPLE_PX
        )
