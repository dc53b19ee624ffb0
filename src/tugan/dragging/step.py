"""What the loop shows of each step."""

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import InvalidDragError
from tugan.core.grad_mode import in_ordinary_mode
from tugan.core.outcome import Outcome
from tugan.dragging.checkpoint import Bookmark, Checkpoint
from tugan.generators.preview import PreviewHead
from tugan.generators.protocol import Generator, SynthesisState, Ws, synthesize


@final
class Frame:
    """A picture that is rendered only if someone looks.

    While the loop stands at its step it goes on from the solver's features; afterwards those are
    let go, and it is synthesised anew: the same picture, so that steps are cheap to keep.
    """

    def __init__(self, generator: Generator, synthesis: SynthesisState) -> None:
        """``synthesis`` may have stopped at any block."""
        self._generator = generator
        self._ws, self._noise = synthesis.ws.detach(), synthesis.noise
        self._noise_seed = synthesis.noise_seed
        self._synthesis: SynthesisState | None = synthesis.detach()

    @in_ordinary_mode
    def render(self) -> Float[Tensor, "1 3 h w"]:
        """The whole picture, about [-1, 1]."""
        with torch.no_grad():
            if self._synthesis is not None:
                return self._generator.finish(self._synthesis)
            return synthesize(
                self._generator, self._ws, noise=self._noise, noise_seed=self._noise_seed
            )

    @torch.no_grad()
    def preview(self, head: PreviewHead) -> Float[Tensor, "1 3 h w"]:
        """A cheap likeness, from the block that ``head`` draws from.

        Where the head would draw what no finished picture is like, that picture itself, as small.
        """
        synthesis = self._synthesis
        if synthesis is None or not self._stands_at(head.until_px, synthesis):
            start = self._generator.begin(self._ws, noise=self._noise, noise_seed=self._noise_seed)
            synthesis = self._generator.advance(start, until_px=head.until_px)
        if head.believes(synthesis.features):
            return head.render(synthesis.features)
        return F.interpolate(self.render(), size=head.size_hw, mode="area")

    def _stands_at(self, until_px: int, synthesis: SynthesisState) -> bool:
        blocks = self._generator.info.blocks
        return synthesis.blocks_done > 0 and blocks[synthesis.blocks_done - 1].until_px == until_px

    def release(self) -> None:
        """Let the features go."""
        self._synthesis = None


@dataclass(frozen=True, kw_only=True)
class DragStep:
    """One look at a drag. The last one carries the outcome."""

    index: int
    """Updates of the latent so far; 0 is the start."""
    ws: Ws = field(repr=False)
    handles_xy: Float[Tensor, "n 2"]
    """Where the handles are in this picture, pixels of the output."""
    targets_xy: Float[Tensor, "n 2"]
    lost: Bool[Tensor, " n"]
    """Handles that were not found again: their places are guesses."""
    frame: Frame = field(repr=False)
    outcome: Outcome | None = None
    """How the drag ended; None while it goes on."""
    bookmark: Bookmark | None = field(default=None, repr=False)
    """Where the loop stands, until it goes on."""

    @property
    def distances_px(self) -> Float[Tensor, " n"]:
        """How far each handle still has to go."""
        distances: Tensor = torch.linalg.vector_norm(self.targets_xy - self.handles_xy, dim=1)
        return distances

    @property
    def farthest_px(self) -> float:
        """The largest of these."""
        return float(self.distances_px.max())

    def checkpoint(self) -> Checkpoint:
        """What :func:`tugan.drag` can ``resume`` from, while the loop stands at this step.

        :class:`InvalidDragError` afterwards, and for steps that are not of that loop.
        """
        if self.bookmark is None:
            raise InvalidDragError("only steps of drag() have checkpoints: this one is not of it")
        return self.bookmark.open()

    def image(self) -> Float[Tensor, "1 3 h w"]:
        """The picture, about [-1, 1]; costs the rest of a synthesis."""
        return self.frame.render()

    def preview(self, head: PreviewHead) -> Float[Tensor, "1 3 h w"]:
        """A likeness of at most 512 px, about [-1, 1], for a few milliseconds: see
        :func:`tugan.preview_head_of`."""
        return self.frame.preview(head)
