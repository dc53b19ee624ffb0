"""What every checkpoint format is read into: named tensors and what the file states of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

JsonScalar = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class RawCheckpoint:
    """A checkpoint as plain data, before anyone has decided which network it belongs to.

    The tensors own their memory: they may be written to, and outlive the file.
    """

    format: str
    """The layout: "safetensors", "torch", "nvidia-pickle" or "tensorflow-pickle"."""
    tensors: Mapping[str, Tensor]
    """Flat dotted names, for instance "synthesis.b4.conv1.weight"."""
    attributes: Mapping[str, JsonScalar]
    """Flat dotted scalars: "synthesis.b4.conv1.conv_clamp", "init_kwargs.z_dim", "args.size",
    "mapping.static_kwargs.mapping_lrmul".

    Empty for "safetensors", whose config.json says all there is to say.
    """
    config: Mapping[str, object]
    """The parsed config.json of "safetensors", else empty."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Objects of foreign classes beside the generator: the class by the object's dotted name."""
