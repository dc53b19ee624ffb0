"""Tensors of a project by what they hold: equal ones are stored once."""

import hashlib
from typing import final

import torch
from safetensors.torch import save
from torch import Tensor

from tugan.core.tensor_file import TensorFileError, load_tensors
from tugan.session.project_errors import ProjectFileError


@final
class TensorPool:
    """Float32 tensors by short keys."""

    def __init__(self) -> None:
        """Empty."""
        self._tensors: dict[str, Tensor] = {}

    @classmethod
    def of_bytes(cls, content: bytes, *, name: str) -> "TensorPool":
        """Inverse of :meth:`to_bytes`; :class:`ProjectFileError` for anything but finite floats."""
        pool = cls()
        try:
            tensors = load_tensors(content)
        except TensorFileError as error:
            raise ProjectFileError(f"{name} has latents that cannot be read: {error}") from error
        for key, tensor in tensors.items():
            if tensor.dtype != torch.float32 or not bool(torch.isfinite(tensor).all()):
                raise ProjectFileError(f"{name} is damaged: {key} is not of finite float32 numbers")
            pool._tensors[key] = tensor
        return pool

    def add(self, tensor: Tensor) -> str:
        """The key of this tensor."""
        plain = tensor.detach().to("cpu", torch.float32).contiguous()
        shape = "x".join(map(str, plain.shape))
        digest = hashlib.sha256(plain.numpy().tobytes()).hexdigest()[:24]
        key = f"{shape}-{digest}"
        if key not in self._tensors:
            # a tensor of its own: safetensors refuses those that share memory
            self._tensors[key] = plain.clone()
        return key

    def get(self, key: str) -> Tensor:
        """``KeyError`` if there is none."""
        return self._tensors[key]

    def to_bytes(self) -> bytes:
        """As safetensors."""
        return save(self._tensors)
