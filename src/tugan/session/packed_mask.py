"""Masks as the history keeps them: a brushed mask of a megapixel is a few kilobytes."""

import weakref
import zlib
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from torch import Tensor

MaskArray = npt.NDArray[np.uint8]
"""``(h, w)``: 255 where the picture may change, 0 where it stays."""

_LEVEL = 1
"""Of compression: strokes are as small at any, and it is called at every one."""


@final
class PackedMask:
    """An immutable mask, unpacked when somebody looks."""

    def __init__(self, pixels: MaskArray) -> None:
        """The array is copied unless it is read-only."""
        if pixels.flags.writeable:
            pixels = pixels.copy()
            pixels.flags.writeable = False
        height, width = pixels.shape
        self._size_hw = (height, width)
        self._packed = zlib.compress(np.ascontiguousarray(pixels).tobytes(), _LEVEL)
        self._kept = weakref.ref(pixels)

    @classmethod
    def of_tensor(cls, mask: Float[Tensor, "h w"]) -> "PackedMask":
        """Of values from 0 to 1, to 8 bits."""
        return cls((mask.detach().cpu().clamp(0, 1) * 255).round().to(torch.uint8).numpy())

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width."""
        return self._size_hw

    @property
    def nbytes(self) -> int:
        """In memory."""
        return len(self._packed)

    def pixels(self) -> MaskArray:
        """Read-only; the same array as long as somebody holds it."""
        kept = self._kept()
        if kept is None:
            kept = np.frombuffer(zlib.decompress(self._packed), np.uint8).reshape(self._size_hw)
            self._kept = weakref.ref(kept)
        return kept

    def tensor(self) -> Float[Tensor, "h w"]:
        """1 where the picture may change, 0 where it stays."""
        return torch.from_numpy(self.pixels().astype(np.float32) / 255)

    def __eq__(self, other: object) -> bool:
        """By content."""
        if not isinstance(other, PackedMask):
            return NotImplemented
        return (self._size_hw, self._packed) == (other._size_hw, other._packed)

    def __hash__(self) -> int:
        """Of the content."""
        return hash((self._size_hw, self._packed))
