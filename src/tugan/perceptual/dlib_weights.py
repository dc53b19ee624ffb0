"""The tensors in dlib's serialised networks, read without dlib and without running anything.

A layer is a tag (``con_4``, ``affine_``, ``fc_2``), its integers, and its parameters as one tensor:
four sizes and little-endian float32. dlib's integers are a byte that counts, then that many bytes,
lowest first.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.errors import CheckpointError

_TENSOR_VERSION = 2
_SIZES = 4
_LONGEST_INTEGER = 8
_INTEGERS_BEFORE = {b"con_4": 0, b"affine_": 0, b"fc_2": 2}
"""How many integers of a layer come before its tensor."""


@dataclass(frozen=True, kw_only=True)
class DlibLayer:
    """A layer that has parameters."""

    kind: str
    """dlib's tag, without its version."""
    parameters: Float[Tensor, " n"] = field(repr=False)
    """All of them in a row: weights, then biases."""


def read_layers(path: Path) -> tuple[DlibLayer, ...]:
    """The layers with parameters, the input's first; :class:`CheckpointError` if damaged."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"cannot read the network {path}: {error}") from error
    layers, place = [], 0
    while (found := _next_tag(content, place)) is not None:
        tag, start = found
        try:
            parameters, place = _read_tensor(content, start, skip=_INTEGERS_BEFORE[tag])
        except (IndexError, ValueError) as error:
            raise CheckpointError(f"{path} is damaged at byte {start}: {error}") from error
        layers.append(DlibLayer(kind=tag.decode().split("_")[0], parameters=parameters))
    return tuple(layers)


def _next_tag(content: bytes, place: int) -> tuple[bytes, int] | None:
    """The next layer's tag and where its integers begin.

    A tag is written with its length before it, which no float is likely to imitate: tensors are
    stepped over as a whole anyway.
    """
    hits = []
    for tag in _INTEGERS_BEFORE:
        at = content.find(bytes([1, len(tag)]) + tag, place)
        if at >= 0:
            hits.append((at, tag))
    if not hits:
        return None
    at, tag = min(hits)
    return tag, at + 2 + len(tag)


def _read_tensor(content: bytes, place: int, *, skip: int) -> tuple[Float[Tensor, " n"], int]:
    for _ in range(skip):
        _, place = _read_integer(content, place)
    version, place = _read_integer(content, place)
    if version != _TENSOR_VERSION:
        raise ValueError(f"a tensor of version {version}, expected {_TENSOR_VERSION}")
    count = 1
    for _ in range(_SIZES):
        size, place = _read_integer(content, place)
        count *= size
    end = place + 4 * count
    if count == 0 or end > len(content):
        raise ValueError(f"a tensor of {count} numbers does not fit the file")
    values = np.frombuffer(content[place:end], dtype="<f4").astype(np.float32)
    return torch.from_numpy(values), end


def _read_integer(content: bytes, place: int) -> tuple[int, int]:
    length = content[place] & 0x7F  # the highest bit is the sign: sizes have none
    if not 1 <= length <= _LONGEST_INTEGER:
        raise ValueError(f"an integer of {length} bytes")
    end = place + 1 + length
    return int.from_bytes(content[place + 1 : end], "little"), end
