"""The tensors of a StyleGAN3 pickle, taken by name or refused by name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from tugan.core.errors import CheckpointError

_LAYER_WEIGHT = re.compile(r"synthesis\.L(\d{1,3})_(\d{1,5})_(\d{1,6})\.weight")


@dataclass(frozen=True, kw_only=True)
class LayerName:
    """A layer's name says which it is, and what it gives."""

    index: int
    size: int
    """Cells a side, margins included."""
    channels: int

    @property
    def prefix(self) -> str:
        """What the names of its tensors begin with."""
        return f"synthesis.L{self.index}_{self.size}_{self.channels}"


def layer_names(tensors: Mapping[str, Tensor]) -> tuple[LayerName, ...]:
    """The layers in their order; none if this is no StyleGAN3. RGB is the last.

    :class:`CheckpointError` if one is missing or there twice.
    """
    found = [found for key in tensors if (found := _LAYER_WEIGHT.fullmatch(key))]
    layers = sorted((int(match[1]), int(match[2]), int(match[3])) for match in found)
    for position, (index, _, _) in enumerate(layers):
        if index != position:
            raise CheckpointError(
                f"expected the layers synthesis.L0 to L{len(layers) - 1}, each once; found"
                f" L{index} in place of L{position}"
            )
    return tuple(LayerName(index=i, size=size, channels=channels) for i, size, channels in layers)


def lacking(name: str) -> CheckpointError:
    """The error for a tensor that is not there."""
    return CheckpointError(
        f"this looks like a StyleGAN3 checkpoint, but its tensor {name} is missing:"
        " the file may be truncated or of a variant that is not supported"
    )


@dataclass(frozen=True)
class NvidiaTensors:
    """Tensors by the names that NVIDIA's program gives them."""

    tensors: Mapping[str, Tensor]

    def take(self, name: str, *shape: int | None) -> Tensor:
        """The tensor in float32; None stands for any size but 0.

        :class:`CheckpointError` if it is not there or of another shape.
        """
        if name not in self.tensors:
            raise lacking(name)
        tensor = self.tensors[name]
        fits = tensor.ndim == len(shape) and all(
            side == wanted or (wanted is None and side > 0)
            for side, wanted in zip(tensor.shape, shape, strict=True)
        )
        if not fits:
            expected = ", ".join("any" if side is None else str(side) for side in shape)
            raise CheckpointError(
                f"the tensor {name} is {tuple(tensor.shape)}, expected ({expected})"
            )
        return tensor.float()

    def get(self, name: str) -> Tensor | None:
        """The tensor in float32, or None if there is none."""
        tensor = self.tensors.get(name)
        return None if tensor is None else tensor.float()
