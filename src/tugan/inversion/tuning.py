"""Pivotal tuning (Roich et al. 2021): the generator learns one picture at one latent.

The latent stays where drags work, and what it cannot draw is bought from the generator. Only the
convolutions and their biases move: styles keep their meaning, noise stays noise.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.grad_mode import each_in_ordinary_mode
from tugan.generators.protocol import PretrainedGenerator, Ws, synthesize
from tugan.generators.saving import fingerprint
from tugan.inversion.adam_state import AdamState, ramped
from tugan.inversion.delta import GeneratorDelta, parameters_of, shared_copy
from tugan.inversion.image_loss import PyramidLoss, psnr_db, weighed_l1
from tugan.inversion.settings import TuningSettings
from tugan.inversion.target import InversionError, InversionTarget

_TUNED_SUFFIXES = (
    *(".depthwise", ".pointwise", ".weight", ".bias"),
    *("rgb_weight", "rgb_bias"),
)
_LEFT_ALONE = ("mapping", "affine", "first", "w_mean")
"""Parts of names: what gives styles their meaning; and the coarsest layer, a third of all weights,
which draws no detail."""
_SMALLEST_RATE = 1e-2
"""Tensors smaller than this on average are stepped as if they were this large."""


@dataclass(frozen=True, kw_only=True)
class TuningState:
    """All that is needed to go on."""

    adam: AdamState
    """Values are the changes."""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TuningStep:
    """One look at a tuning on its way."""

    index: int
    total: int
    """At most so many steps."""
    picture: Float[Tensor, "1 3 s s"] = field(repr=False)
    """What the tuned generator draws at the pivot."""
    loss: float
    psnr_db: float
    seconds: float
    state: TuningState = field(repr=False)
    last: bool

    def delta(self, generator: PretrainedGenerator) -> GeneratorDelta:
        """The changes so far, in half precision, for the generator that was tuned."""
        return GeneratorDelta(
            model_name=generator.info.name,
            fingerprint=fingerprint(generator),
            changes={
                name: change.detach().to("cpu", torch.float16)
                for name, change in self.state.adam.values.items()
            },
        )


@each_in_ordinary_mode
def tune(
    target: InversionTarget,
    generator: PretrainedGenerator,
    ws: Ws,
    settings: TuningSettings | None = None,
    *,
    resume: TuningState | None = None,
) -> Iterator[TuningStep]:
    """Steps of tuning around the pivot ``ws``, the untuned generator first.

    The generator itself is left alone: a copy is tuned. To stop consuming it is to cancel;
    ``resume`` goes on from a step's state. :class:`InversionError` if the loss is NaN or infinite.
    """
    settings = settings or TuningSettings()
    tuner = _Tuner.of(target, generator, ws, settings)
    state = resume or TuningState(adam=AdamState.start(tuner.no_change()))
    state = replace(state, adam=state.adam.to(generator.device))
    while True:
        began_s = time.perf_counter()
        share = tuner.share_done(state)
        look = tuner.look(state)
        if not torch.isfinite(look.loss):
            raise InversionError(
                f"the loss is {float(look.loss)} after {state.adam.steps} steps of tuning: the"
                " learning rate is too high, or the generator's weights are damaged"
            )
        spent_s = state.seconds + time.perf_counter() - began_s
        yield tuner.shown(replace(state, seconds=spent_s), look, last=share >= 1)
        if share >= 1:
            return
        began_s = time.perf_counter()
        state = tuner.stepped(state, look, share)
        state = replace(state, seconds=spent_s + time.perf_counter() - began_s)


@dataclass(frozen=True, kw_only=True)
class _Look:
    picture: Float[Tensor, "1 3 s s"]
    loss: Float[Tensor, ""]
    gradients: dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class _Tuner:
    """What does not change during a tuning, and the copy that does."""

    target: InversionTarget
    generator: PretrainedGenerator
    copy: PretrainedGenerator
    ws: Ws
    settings: TuningSettings
    pyramid: PyramidLoss
    base: dict[str, Tensor]
    sizes: dict[str, float]
    """What learning rates are shares of: each tensor's root mean square, less where coarse."""

    @classmethod
    def of(
        cls,
        target: InversionTarget,
        generator: PretrainedGenerator,
        ws: Ws,
        settings: TuningSettings,
    ) -> "_Tuner":
        names = tuned_names(generator)
        copied = shared_copy(generator, set(names))
        known = parameters_of(copied)
        base = {name: known[name].detach().clone() for name in names}
        for name in names:
            known[name].requires_grad_(True)
        coarse = _coarse_names(
            copied, ws.to(generator.device), {name: known[name] for name in names}
        )
        return cls(
            target=target,
            generator=generator,
            copy=copied,
            ws=ws.detach().to(generator.device),
            settings=settings,
            pyramid=PyramidLoss.of(target, largest_px=target.size_px),
            base=base,
            sizes={
                name: max(float(value.square().mean().sqrt()), _SMALLEST_RATE)
                * (settings.coarse_rate if name in coarse else 1.0)
                for name, value in base.items()
            },
        )

    def no_change(self) -> dict[str, Tensor]:
        return {name: torch.zeros_like(value) for name, value in self.base.items()}

    def share_done(self, state: TuningState) -> float:
        by_steps = state.adam.steps / self.settings.steps
        limit_s = self.settings.seconds
        return by_steps if limit_s is None else max(by_steps, state.seconds / limit_s)

    def look(self, state: TuningState) -> _Look:
        parameters = self._put(state)
        picture = self.copy.finish(self.copy.begin(self.ws))
        loss = self.pyramid(picture)
        loss = loss + self.settings.detail * weighed_l1(picture, self.pyramid.levels[0])
        if self.target.identity is not None:
            identity = self.target.identity.squared_distance(picture)[0]
            loss = loss + self.settings.identity * identity
        found = dict(
            zip(parameters, torch.autograd.grad(loss, list(parameters.values())), strict=True)
        )
        return _Look(picture=picture.detach(), loss=loss.detach(), gradients=found)

    def stepped(self, state: TuningState, look: _Look, share: float) -> TuningState:
        gradients = look.gradients
        if self.settings.locality > 0 and state.adam.steps % self.settings.locality_every == 0:
            held = self._locality_gradients(state)
            gradients = {name: gradients[name] + held[name] for name in gradients}
        rate = self.settings.learning_rate * ramped(share)
        rates = {name: rate * size for name, size in self.sizes.items()}
        return replace(state, adam=state.adam.stepped(gradients, rates))

    def _locality_gradients(self, state: TuningState) -> dict[str, Tensor]:
        """Of what changed at a random latent near the pivot (their equation 4)."""
        ws = self._neighbour(seed=self.settings.seed + state.adam.steps)
        before = synthesize(self.generator, ws)
        parameters = parameters_of(self.copy)
        chosen = [parameters[name] for name in self.base]
        after = self.copy.finish(self.copy.begin(ws))
        weight = self.settings.locality * self.settings.locality_every
        loss = weight * (after - before).square().mean()
        return dict(zip(self.base, torch.autograd.grad(loss, chosen), strict=True))

    def _neighbour(self, *, seed: int) -> Ws:
        rng = torch.Generator().manual_seed(seed)
        info = self.generator.info
        z = torch.randn(1, info.z_dim, generator=rng).to(self.generator.device)
        label = None
        if info.label_dim:
            label = z.new_zeros(1, info.label_dim)
            label[0, seed % info.label_dim] = 1
        with torch.no_grad():
            away = self.generator.map(z, psi=1.0, label=label) - self.ws
        reach = self.settings.locality_reach / away.norm(dim=2, keepdim=True).clamp(min=1e-6)
        near: Ws = self.ws + away * reach
        return near

    def shown(self, state: TuningState, look: _Look, *, last: bool) -> TuningStep:
        return TuningStep(
            index=state.adam.steps,
            total=self.settings.steps,
            picture=look.picture,
            loss=float(look.loss),
            psnr_db=psnr_db(look.picture, self.target.picture),
            seconds=state.seconds,
            state=state,
            last=last,
        )

    @torch.no_grad()
    def _put(self, state: TuningState) -> dict[str, Tensor]:
        """The state's changes into the copy; the tuned parameters."""
        parameters = parameters_of(self.copy)
        for name, base in self.base.items():
            parameters[name].copy_(base + state.adam.values[name])
        return {name: parameters[name] for name in self.base}


def _coarse_names(
    generator: PretrainedGenerator, ws: Ws, parameters: dict[str, Tensor]
) -> frozenset[str]:
    """The parameters that features which drags are done on depend on."""
    until_px = generator.info.nearest_block(generator.info.hints.feature_px).until_px
    block = generator.advance(generator.begin(ws), until_px=until_px)
    found = torch.autograd.grad(block.features.sum(), list(parameters.values()), allow_unused=True)
    used = zip(parameters, found, strict=True)
    return frozenset(name for name, gradient in used if gradient is not None)


def tuned_names(generator: PretrainedGenerator) -> tuple[str, ...]:
    """The parameters that tuning may change."""
    return tuple(
        name
        for name in parameters_of(generator)
        if name.endswith(_TUNED_SUFFIXES) and not any(part in name for part in _LEFT_ALONE)
    )
