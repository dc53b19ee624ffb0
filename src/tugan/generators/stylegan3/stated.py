"""What a StyleGAN3 pickle states of itself, beside its tensors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from tugan.core.errors import CheckpointError
from tugan.generators.formats.checkpoint import JsonScalar

_LAYER = r"synthesis\.L\d+_\d+_\d+"
LARGEST = 1e6


@final
@dataclass(frozen=True)
class Stated:
    """Scalars of a pickle: of its layers, its synthesis network, and what both were made with."""

    attributes: Mapping[str, JsonScalar]

    def number(self, name: str, default: float) -> float:
        """A number by its name; ``default``, which is the original program's, where none is stated.

        :class:`CheckpointError` if several are, or it is not a number.
        """
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CheckpointError(f"{name} must be a number; the file says {value!r}")
        if not abs(value) < LARGEST:
            raise CheckpointError(f"{name} is {value:.3g} in the file, which cannot be")
        return float(value)

    def whole(self, name: str, default: int) -> int:
        """The same for a whole number."""
        value = self.number(name, default)
        if value != int(value):
            raise CheckpointError(f"{name} must be a whole number; the file says {value}")
        return int(value)

    def number_or_none(self, name: str, default: float) -> float | None:
        """The same where the file may say that there is none."""
        return None if self._value(name, default) is None else self.number(name, default)

    def gain(self, name: str, default: float) -> float:
        """A linear layer's own gain, by its full name."""
        value = self.attributes.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return default
        if not abs(value) < LARGEST:
            raise CheckpointError(f"{name} is {value:.3g}: no gain is that large")
        return float(value)

    def _value(self, name: str, default: JsonScalar) -> JsonScalar:
        places = re.compile(
            rf"(?:{_LAYER}|synthesis|synthesis\.init_kwargs|init_kwargs)\.{re.escape(name)}"
        )
        found = {value for key, value in self.attributes.items() if places.fullmatch(key)}
        if len(found) > 1:
            shown = ", ".join(sorted(repr(value) for value in found))
            raise CheckpointError(
                f"the file says several things of {name} ({shown}); only one for the whole network"
                " is supported"
            )
        return found.pop() if found else default
