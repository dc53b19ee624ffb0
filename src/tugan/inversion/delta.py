"""What tuning changed in a generator, kept apart from it."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from tugan.core.errors import TuganError
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.repainting_store import kept_repainting
from tugan.generators.saving import fingerprint


class DeltaError(TuganError):
    """A delta that does not belong to this generator."""


@dataclass(frozen=True, kw_only=True)
class GeneratorDelta:
    """Additions to some of a generator's parameters."""

    model_name: str
    """Of the generator that was tuned."""
    fingerprint: str
    """Of its weights before."""
    changes: dict[str, Tensor] = field(repr=False)
    """By parameter name; the CPU's."""

    def check(self, generator: PretrainedGenerator) -> None:
        """:class:`DeltaError`, with both names, unless it was made for this generator."""
        found = fingerprint(generator)
        if found != self.fingerprint:
            raise DeltaError(
                f"this photograph was tuned for the model {self.model_name}"
                f" ({self.fingerprint}), but the model is {generator.info.name} ({found}): open it"
                " with the model that it was made with"
            )
        known = parameters_of(generator)
        for name, change in self.changes.items():
            if name not in known or known[name].shape != change.shape:
                raise DeltaError(
                    f"the tuning changes {name} {tuple(change.shape)}, which"
                    f" {generator.info.name} does not have: the file is damaged"
                )

    def inject(self, generator: PretrainedGenerator) -> "Injection":
        """Add the changes in place; :meth:`Injection.eject` restores every bit.

        :class:`DeltaError` if it was made for another generator.
        """
        self.check(generator)
        known = parameters_of(generator)
        before = {name: known[name].detach().clone() for name in self.changes}
        _write(known, {name: before[name] + self._like(name, before) for name in before})
        return Injection(generator=generator, before=before)

    @contextmanager
    def injected(self, generator: PretrainedGenerator) -> Iterator[PretrainedGenerator]:
        """The generator with the changes, while the block lasts."""
        injection = self.inject(generator)
        try:
            yield generator
        finally:
            injection.eject()

    def tuned_copy(self, generator: PretrainedGenerator) -> PretrainedGenerator:
        """A generator of its own with the changes; what it does not change, it shares."""
        self.check(generator)
        # found by the fingerprint of the weights, which a copy has others of: it inherits what is
        # known of the generator
        kept_repainting(generator)
        tuned = shared_copy(generator, set(self.changes))
        known = parameters_of(tuned)
        _write(known, {name: known[name] + self._like(name, known) for name in self.changes})
        return tuned

    @property
    def size_bytes(self) -> int:
        """As it is kept."""
        return sum(change.nbytes for change in self.changes.values())

    def _like(self, name: str, others: dict[str, Tensor]) -> Tensor:
        return self.changes[name].to(others[name])


@dataclass(frozen=True, kw_only=True)
class Injection:
    """A delta that is in a generator, and how to take it out."""

    generator: PretrainedGenerator = field(repr=False)
    before: dict[str, Tensor] = field(repr=False)

    def eject(self) -> None:
        """The generator as it was, to the bit; harmless when done twice."""
        _write(parameters_of(self.generator), self.before)


def parameters_of(generator: PretrainedGenerator) -> dict[str, Tensor]:
    """Its parameters by name; ``TypeError`` unless it is a module."""
    if not isinstance(generator, nn.Module):
        raise TypeError(f"{type(generator).__name__} has no parameters to tune")
    return dict(generator.named_parameters())


def shared_copy(generator: PretrainedGenerator, own: set[str]) -> PretrainedGenerator:
    """A copy with these parameters of its own; all other tensors are the generator's."""
    if not isinstance(generator, nn.Module):
        raise TypeError(f"{type(generator).__name__} has no parameters to tune")
    shared = {
        id(tensor): tensor
        for name, tensor in [*generator.named_parameters(), *generator.named_buffers()]
        if name not in own
    }
    # deepcopy takes what its memo knows instead of copying it
    copied: PretrainedGenerator = copy.deepcopy(generator, dict(shared))
    return copied


@torch.no_grad()
def _write(parameters: dict[str, Tensor], values: dict[str, Tensor]) -> None:
    for name, value in values.items():
        parameters[name].copy_(value)
