"""A picture's latent: Adam in whitened coordinates, on previews, with a prior and an identity."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.grad_mode import each_in_ordinary_mode
from tugan.generators.preview import PreviewHead
from tugan.generators.preview_store import preview_head_of
from tugan.generators.protocol import Generator, Ws
from tugan.inversion.adam_state import AdamState, ramped
from tugan.inversion.image_loss import PyramidLoss, psnr_db
from tugan.inversion.latent_path import LatentPath
from tugan.inversion.sample_bank import SampleBank
from tugan.inversion.settings import InversionSettings
from tugan.inversion.target import InversionError, InversionTarget, resized

LARGEST_COMPARED_PX = 256
"""A preview has no finer detail."""
ADAPT_AT_SHARE = 0.5
"""When the preview head is bent toward the generator's own picture, once."""


@dataclass(frozen=True, kw_only=True)
class InversionState:
    """All that is needed to go on: tensors and numbers."""

    adam: AdamState
    seconds: float = 0.0
    """Spent so far."""
    anchor_ws: Ws | None = field(default=None, repr=False)
    """Where the preview head was bent; None before that."""


@dataclass(frozen=True, kw_only=True)
class InversionStep:
    """One look at an inversion on its way."""

    index: int
    """Steps done."""
    total: int
    """At most so many."""
    ws: Ws = field(repr=False)
    preview: Float[Tensor, "1 3 h w"] = field(repr=False)
    """A likeness of the picture of ``ws``, at most 512 px."""
    loss: float
    psnr_db: float
    """Of the preview."""
    seconds: float
    state: InversionState = field(repr=False)
    last: bool


@each_in_ordinary_mode
def invert(
    target: InversionTarget,
    generator: Generator,
    settings: InversionSettings | None = None,
    *,
    head: PreviewHead | None = None,
    bank: SampleBank | None = None,
    resume: InversionState | None = None,
) -> Iterator[InversionStep]:
    """Steps of the search for the latent of a picture, the start first, the best guess last.

    To stop consuming it is to cancel; ``resume`` goes on from a step's state under the same
    settings. ``head`` is the generator's preview head, found if not given; ``bank`` gives a start
    that is nearer than the mean of W. :class:`InversionError` for a target of another size, or if
    the loss is NaN or infinite from the start.
    """
    settings = settings or InversionSettings()
    search = _Search.of(target, generator, settings, head or preview_head_of(generator))
    state = search.start(bank) if resume is None else _on_device(resume, generator.device)
    bent: PreviewHead | None = None
    while True:
        began_s = time.perf_counter()
        share = search.share_done(state)
        if bent is None and share >= ADAPT_AT_SHARE:
            state, bent = search.bent(state)
        look = search.look(state, bent or search.head)
        if not torch.isfinite(look.loss):
            raise InversionError(
                f"the loss is {float(look.loss)} after {state.adam.steps} steps: the generator's"
                " weights are damaged, or the learning rate is too high"
            )
        spent_s = state.seconds + time.perf_counter() - began_s
        yield search.shown(replace(state, seconds=spent_s), look, last=share >= 1)
        if share >= 1:
            return
        began_s = time.perf_counter()
        state = search.stepped(state, look, share)
        state = replace(state, seconds=spent_s + time.perf_counter() - began_s)


def _on_device(state: InversionState, device: torch.device) -> InversionState:
    anchor = None if state.anchor_ws is None else state.anchor_ws.to(device)
    return replace(state, adam=state.adam.to(device), anchor_ws=anchor)


@dataclass(frozen=True, kw_only=True)
class _Look:
    """A preview and its loss, with the gradients."""

    ws: Ws
    preview: Float[Tensor, "1 3 h w"]
    loss: Float[Tensor, ""]
    gradients: dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class _Search:
    """What does not change during an inversion."""

    target: InversionTarget
    generator: Generator
    settings: InversionSettings
    path: LatentPath
    head: PreviewHead
    pyramid: PyramidLoss

    @classmethod
    def of(
        cls,
        target: InversionTarget,
        generator: Generator,
        settings: InversionSettings,
        head: PreviewHead,
    ) -> "_Search":
        size_hw = generator.info.size_hw
        if (target.size_px, target.size_px) != size_hw:
            raise InversionError(
                f"the picture is {target.size_px} px, {generator.info.name} draws {size_hw[1]} x"
                f" {size_hw[0]} px: cut it at that size (only square models can be inverted)"
            )
        return cls(
            target=target,
            generator=generator,
            settings=settings,
            path=LatentPath.of(generator, space=settings.space, spread=settings.row_spread),
            head=head,
            pyramid=PyramidLoss.of(target, largest_px=min(LARGEST_COMPARED_PX, head.size_hw[0])),
        )

    def start(self, bank: SampleBank | None) -> InversionState:
        shared = None
        if bank is not None:
            shared = bank.guess(self.target, self.path).to(self.generator.device)
        return InversionState(adam=AdamState.start(self.path.start(shared)))

    def share_done(self, state: InversionState) -> float:
        by_steps = state.adam.steps / self.settings.steps
        limit_s = self.settings.seconds
        return by_steps if limit_s is None else max(by_steps, state.seconds / limit_s)

    def bent(self, state: InversionState) -> tuple[InversionState, PreviewHead]:
        """The head bent toward what the generator draws here, or drew there before a resume."""
        anchor = state.anchor_ws
        if anchor is None:
            anchor = self.path.ws(state.adam.values).detach().contiguous()
        with torch.no_grad():
            block = self.generator.advance(
                self.generator.begin(anchor), until_px=self.head.until_px
            )
            picture = self.generator.finish(block)
        return replace(state, anchor_ws=anchor), self.head.adapted(block.features, picture)

    def look(self, state: InversionState, head: PreviewHead) -> _Look:
        values = {
            name: value.detach().requires_grad_() for name, value in state.adam.values.items()
        }
        ws = self.path.ws(values)
        block = self.generator.advance(self.generator.begin(ws), until_px=head.until_px)
        preview = head.draw(block.features)
        loss = self.pyramid(preview) + self.settings.prior * self.path.charge(values)
        if self.target.identity is not None:
            identity = self.target.identity.squared_distance(preview)[0]
            loss = loss + self.settings.identity * identity
        found = torch.autograd.grad(loss, list(values.values()))
        return _Look(
            ws=ws.detach(),
            preview=preview.detach(),
            loss=loss.detach(),
            gradients=dict(zip(values, found, strict=True)),
        )

    def stepped(self, state: InversionState, look: _Look, share: float) -> InversionState:
        rate = self.settings.learning_rate * ramped(share)
        rates = dict.fromkeys(look.gradients, rate)
        return replace(state, adam=state.adam.stepped(look.gradients, rates))

    def shown(self, state: InversionState, look: _Look, *, last: bool) -> InversionStep:
        goal = resized(self.target.picture, look.preview.shape[-1])
        return InversionStep(
            index=state.adam.steps,
            total=self.settings.steps,
            ws=look.ws.contiguous(),
            preview=look.preview,
            loss=float(look.loss),
            psnr_db=psnr_db(look.preview, goal),
            seconds=state.seconds,
            state=state,
            last=last,
        )
