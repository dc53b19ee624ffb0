"""What a Newton step asks of the device: all else is of the size of the points, and on the host.

Both are functions of tensors alone, so that a generator that can record them replays them.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tugan.dragging.feature_flow import feature_flow
from tugan.dragging.latent_space import LatentSpace
from tugan.dragging.problem import DragProblem
from tugan.dragging.trackers.on_pictures import AnyTracker, watched
from tugan.dragging.trackers.patch import Patch
from tugan.generators.protocol import SynthesisState, Trace, TracingGenerator, Ws
from tugan.generators.replay import Replaying, Values, Work


@dataclass(frozen=True, kw_only=True)
class Look:
    """A picture as far as its features, and the handles in it."""

    ws: Ws = field(repr=False)
    synthesis: SynthesisState = field(repr=False)
    trace: Trace | None = field(repr=False)
    """Of generators that can differentiate by it."""
    found_xy: Float[Tensor, "n 2"]
    """Where they are expected, if they are lost."""
    lost: Bool[Tensor, " n"]
    finite: Bool[Tensor, ""]


@final
@dataclass(frozen=True, kw_only=True)
class DeviceWork:
    """At one feature block of a drag."""

    problem: DragProblem
    space: LatentSpace
    until_px: int

    def look(
        self,
        tracker: AnyTracker,
        *,
        move: Float[Tensor, "moved d"],
        reference: Float[Tensor, "n k"],
        expected_xy: Float[Tensor, "n 2"],
        lost_below: float,
    ) -> Look:
        """Synthesise, and track around where the handles are expected."""
        problem = self.problem

        def work(
            start: Ws, move: Tensor, factor: Tensor | None, reference: Tensor, expected_xy: Tensor
        ) -> Values:
            ws = replace(self.space, factor=factor).apply(start, move)
            begun = problem.generator.begin(ws, noise=problem.noise, noise_seed=problem.noise_seed)
            synthesis, layers = self._advanced(begun)
            watch = watched(tracker, problem.generator, synthesis)
            tracking = watch.tracker.track(
                watch.seen, reference, expected_xy, image_hw=problem.image_hw
            )
            lost = torch.zeros_like(tracking.mismatch, dtype=torch.bool)
            if tracking.confidence is not None:
                lost = tracking.confidence < lost_below
            # what was not found is not believed
            found_xy = torch.where(lost[:, None], expected_xy, tracking.points_xy)
            finite = torch.isfinite(tracking.mismatch).all()
            maps = (synthesis.features, synthesis.image, synthesis.beyond)
            return ws, found_xy, lost, finite, synthesis.ws, *maps, *layers

        # other trackers look at numbers on the way, and are for comparison
        recorded = isinstance(tracker, Patch)
        key = ("look", tracker, lost_below) if recorded else None
        given = (problem.ws, move, self.space.factor, reference, expected_xy)
        ws, found_xy, lost, finite, begun_ws, features, image, beyond, *layers = self._run(
            key, work, given
        )
        assert ws is not None
        assert found_xy is not None
        assert lost is not None
        assert finite is not None
        synthesis = self._synthesis(begun_ws, features, image, beyond)
        return Look(
            ws=ws,
            synthesis=synthesis,
            trace=self._trace(synthesis, layers),
            found_xy=found_xy,
            lost=lost,
            finite=finite,
        )

    def jacobian(
        self, ws: Ws, handles_xy: Float[Tensor, "n 2"], *, trace: Trace | None
    ) -> Float[Tensor, "e m"]:
        """Motion of the handles, x and y in turn, by the flattened move."""
        problem = self.problem

        def work(
            ws: Ws,
            handles_xy: Tensor,
            factor: Tensor | None,
            begun_ws: Tensor | None = None,
            features: Tensor | None = None,
            *layers: Tensor | None,
        ) -> Values:
            flow = feature_flow(
                problem.generator,
                ws,
                handles_xy,
                until_px=self.until_px,
                noise=problem.noise,
                noise_seed=problem.noise_seed,
                trace=None
                if features is None
                else self._trace(self._synthesis(begun_ws, features, None, None), layers),
            )
            pulled_back = replace(self.space, factor=factor).pulled_back(flow.jacobian)
            return (pulled_back.flatten(2).flatten(0, 1),)

        given: Values = (ws, handles_xy, self.space.factor)
        if trace is not None:
            given = (*given, trace.state.ws, trace.state.features, *trace.maps[:-1])
        (found,) = self._run("jacobian", work, given)
        assert found is not None
        return found

    def features(self, move: Float[Tensor, "moved d"]) -> Float[Tensor, "1 c h w"]:
        """Of the picture that a move leads to."""
        problem = self.problem
        begun = problem.generator.begin(
            self.space.apply(problem.ws, move), noise=problem.noise, noise_seed=problem.noise_seed
        )
        return problem.generator.advance(begun, until_px=self.until_px).features

    def pulled_back(
        self, move: Float[Tensor, "moved d"], *, trace: Trace | None
    ) -> Callable[[Tensor], Float[Tensor, " m"]]:
        """Gradients by the flattened move, of those by the features that it leads to."""
        generator = self.problem.generator
        if trace is not None and isinstance(generator, TracingGenerator):
            tracing, traced = generator, trace

            def by_trace(upstream: Float[Tensor, "1 c h w"]) -> Float[Tensor, " m"]:
                features = traced.state.features
                by_ws = tracing.pulled_back_whole(traced, upstream.to(features)).float()
                return self.space.pulled_back(by_ws[None]).flatten()

            return by_trace
        leaf = move.detach().clone().requires_grad_()
        with torch.enable_grad():
            features = self.features(leaf)

        def by_autograd(upstream: Float[Tensor, "1 c h w"]) -> Float[Tensor, " m"]:
            (gradient,) = torch.autograd.grad(
                features, leaf, upstream.to(features), retain_graph=True
            )
            return gradient.flatten()

        return by_autograd

    def _run(self, key: Hashable, work: Work, inputs: Values) -> Values:
        generator, noise = self.problem.generator, self.problem.noise
        # random noise is drawn on the host
        if key is None or noise == "random" or not isinstance(generator, Replaying):
            return work(*inputs)
        plain = replace(self.space, factor=None)
        return generator.replays.run((key, noise, plain, self.until_px), work, *inputs)

    def _advanced(self, begun: SynthesisState) -> tuple[SynthesisState, tuple[Tensor, ...]]:
        """To the block, and what the layers before its last gave, where a generator tells."""
        generator = self.problem.generator
        if not isinstance(generator, TracingGenerator):
            return generator.advance(begun, until_px=self.until_px), ()
        trace = generator.advance_traced(begun, until_px=self.until_px)
        return trace.state, trace.maps[:-1]

    def _trace(self, synthesis: SynthesisState, layers: Sequence[Tensor | None]) -> Trace | None:
        if not isinstance(self.problem.generator, TracingGenerator):
            return None
        maps = (*(one for one in layers if one is not None), synthesis.features)
        return Trace(state=synthesis, maps=maps)

    def _synthesis(
        self,
        ws: Tensor | None,
        features: Tensor | None,
        image: Tensor | None,
        beyond: Tensor | None,
    ) -> SynthesisState:
        assert ws is not None
        assert features is not None
        info = self.problem.generator.info
        return SynthesisState(
            ws=ws,
            blocks_done=info.blocks.index(info.block(self.until_px)) + 1,
            features=features,
            image=image,
            beyond=beyond,
            noise=self.problem.noise,
            noise_seed=self.problem.noise_seed,
        )
