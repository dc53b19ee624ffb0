"""Staged networks that can compute a block's features near points alone."""

from abc import abstractmethod
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from tugan.generators.noise import NoiseSource
from tugan.generators.protocol import FeatureWindows, Noise, SynthesisState, Ws
from tugan.generators.staged_network import StagedNetwork
from tugan.generators.windows import blocks_before_windows, windowed_features


class WindowedNetwork(StagedNetwork):
    """See :class:`tugan.generators.protocol.WindowedGenerator`.

    A family says how far its blocks see, and how one runs without the picture.
    """

    window_side: ClassVar[int]
    """Cells a side that a block's input needs: :func:`tugan.generators.windows.window_side`."""

    def windows(
        self,
        ws: Ws,
        points_xy: Float[Tensor, "n 2"],
        *,
        until_px: int,
        noise: Noise = "const",
        noise_seed: int = 0,
    ) -> FeatureWindows:
        """Features of this block near each point alone; ``ws`` has a row for each of them."""
        if len(ws) != len(points_xy):
            raise ValueError(
                f"ws must have a row for each point: got {len(ws)} for points"
                f" {tuple(points_xy.shape)}"
            )
        state = self.begin(ws, noise=noise, noise_seed=noise_seed)
        return self.windows_from(state, points_xy, until_px=until_px)

    def windows_from(
        self, state: SynthesisState, points_xy: Float[Tensor, "n 2"], *, until_px: int
    ) -> FeatureWindows:
        """The same from a synthesis that has begun: one for all points, or one for each."""
        return windowed_features(
            state,
            points_xy,
            info=self._info,
            until_px=until_px,
            side=self.window_side,
            block=self._block,
        )

    def trunk_px(self, points: int, *, until_px: int) -> int | None:
        """The block from which on windows around so many points cost less than whole maps."""
        done = blocks_before_windows(
            self._info, points=points, until_px=until_px, side=self.window_side
        )
        return None if done is None else self._info.blocks[done - 1].until_px

    @abstractmethod
    def _block(
        self, index: int, x: Float[Tensor, "b i h w"], ws: Ws, noise: NoiseSource
    ) -> Float[Tensor, "b o oh ow"]:
        """Features after a block, without the picture."""
