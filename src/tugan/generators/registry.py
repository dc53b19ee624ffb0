"""The generator families: one entry each."""

from typing import Protocol, runtime_checkable

from tugan.core.errors import CheckpointError
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.mobilestylegan.family import MobileStyleGanFamily
from tugan.generators.model_config import CanonicalModel
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.stylegan2.family import StyleGan2Family


@runtime_checkable
class Family(Protocol):
    """A kind of generator: builds networks from our form, and adopts foreign checkpoints."""

    @property
    def name(self) -> str:
        """As in ``config.json``."""
        ...

    def build(self, model: CanonicalModel) -> PretrainedGenerator:
        """The network with its tensors; :class:`CheckpointError` if they do not fit it."""
        ...

    def adopt(self, raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
        """The model in a foreign checkpoint, or None if it is not of this family."""
        ...


FAMILIES: tuple[Family, ...] = (StyleGan2Family(), MobileStyleGanFamily())


def family_named(name: str) -> Family:
    """The family of this name; :class:`CheckpointError` lists the known ones."""
    for family in FAMILIES:
        if family.name == name:
            return family
    known = ", ".join(family.name for family in FAMILIES)
    raise CheckpointError(f"the model's family is {name!r}; this version knows {known}")
