"""Staged networks that can compute a block's features near points alone."""

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from tugan.generators.noise import NoiseSource
from tugan.generators.protocol import FeatureWindows, Noise, SynthesisState, Trace, Ws
from tugan.generators.staged_network import StagedNetwork
from tugan.generators.stepping import blocks_until
from tugan.generators.window_gradients import Down, features_near, gradients_near
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

    def advance_traced(self, state: SynthesisState, *, until_px: int) -> Trace:
        """As ``advance``, of one picture from its start, with the layers' maps kept."""
        if state.blocks_done > 0 or len(state.ws) != 1:
            raise ValueError(
                f"a trace is of one picture, from its start: got {len(state.ws)} after"
                f" {state.blocks_done} blocks"
            )
        end = blocks_until(state, self._info, until_px=until_px)
        x, image = state.features, state.image
        found: list[Tensor] = []
        noise = NoiseSource(kind=state.noise, seed=state.noise_seed)
        for index in range(end):
            maps, image = self._traced_block(index, x, image, state.ws, noise)
            x = maps[-1]
            found.extend(maps)
        return Trace(
            state=replace(state, blocks_done=end, features=x, image=image), maps=tuple(found)
        )

    def windows_of(self, trace: Trace, points_xy: Float[Tensor, "n 2"]) -> FeatureWindows:
        """A trace's features near points."""
        return features_near(trace, points_xy, info=self._info, side=self.window_side)

    def pulled_back(
        self,
        trace: Trace,
        points_xy: Float[Tensor, "n 2"],
        upstream: Float[Tensor, "k n c h w"],
    ) -> Float[Tensor, "k n rows d"]:
        """Gradients by ``ws`` of k functions of each point's window, given theirs by it."""
        return gradients_near(
            trace,
            points_xy,
            upstream,
            info=self._info,
            side=self.window_side,
            block=self._block_pulled_back,
        )

    def pulled_back_whole(
        self, trace: Trace, upstream: Float[Tensor, "k c h w"]
    ) -> Float[Tensor, "k rows d"]:
        """The same of k functions of the whole map."""
        anywhere = upstream.new_zeros(1, 2)
        return gradients_near(
            trace,
            anywhere,
            upstream[:, None],
            info=self._info,
            # no map is larger
            side=max(self._info.size_hw),
            block=self._block_pulled_back,
        )[:, 0]

    @abstractmethod
    def _traced_block(
        self,
        index: int,
        x: Float[Tensor, "b i h w"],
        image: Tensor | None,
        ws: Ws,
        noise: NoiseSource,
    ) -> tuple[tuple[Float[Tensor, "b c oh ow"], ...], Tensor | None]:
        """What a block's layers give, its features last; and the picture so far, if any."""

    @abstractmethod
    def _block_pulled_back(
        self,
        index: int,
        upstream: Down,
        x: Float[Tensor, "m i h w"] | None,
        maps: tuple[Float[Tensor, "m c oh ow"], ...],
        ws: Ws,
        noise: NoiseSource,
    ) -> tuple[Down | None, dict[int, Float[Tensor, "k n d"]]]:
        """See :class:`tugan.generators.window_gradients.BlockGradient`."""

    @abstractmethod
    def _block(
        self, index: int, x: Float[Tensor, "b i h w"], ws: Ws, noise: NoiseSource
    ) -> Float[Tensor, "b o oh ow"]:
        """Features after a block, without the picture."""
