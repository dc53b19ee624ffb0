"""What a generator family is, built in or from a package of somebody else's."""

from typing import Protocol, runtime_checkable

from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.model_config import CanonicalModel
from tugan.generators.protocol import PretrainedGenerator


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
