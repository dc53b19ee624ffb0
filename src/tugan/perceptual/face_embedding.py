"""dlib's face embedding as a differentiable network.

The same 29-layer residual network, with the same weights, as ``dlib.face_recognition_model_v1``
(King 2017, in the public domain), whose Python interface has no gradients. It takes the same
*chips*: upright squares of 150 px around a face, which a similarity transform of the 68 landmarks
places. Where the landmarks are is not differentiated.
"""

from itertools import pairwise
from pathlib import Path
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tugan.core.errors import CheckpointError
from tugan.perceptual.dlib_weights import DlibLayer, read_layers

CHIP_PX = 150
EMBEDDING_SIZE = 128

_STEM_WIDTH = 32
_BLOCK_WIDTHS = (32,) * 3 + (64,) * 4 + (128,) * 3 + (256,) * 4
_DOWN_BLOCKS = frozenset({3, 7, 10, 13})
"""Blocks that halve the map: the first of each width, and the last."""
_MEAN_RGB = (122.782, 117.001, 104.298)
_RANGE = 256.0


@final
class _ScaledConv(nn.Module):
    """Convolution with bias, then a scale and a shift a channel (batch normalisation, frozen)."""

    def __init__(
        self,
        conv: DlibLayer,
        affine: DlibLayer,
        *,
        fan_in: int,
        fan_out: int,
        kernel: int,
        stride: int,
    ) -> None:
        super().__init__()
        count = fan_out * fan_in * kernel * kernel
        if len(conv.parameters) != count + fan_out or len(affine.parameters) != 2 * fan_out:
            raise CheckpointError(
                f"a layer has {len(conv.parameters)} parameters, expected {count + fan_out}"
            )
        weight = conv.parameters[:count].reshape(fan_out, fan_in, kernel, kernel)
        scale, shift = affine.parameters.split(fan_out)
        # folded: the scale belongs to the weights as well
        self.weight = nn.Buffer(weight * scale[:, None, None, None])
        self.bias = nn.Buffer(conv.parameters[count:] * scale + shift)
        self.stride = stride
        self.padding = kernel // 2 if stride == 1 else 0

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o oh ow"]:
        return F.conv2d(x, self.weight, self.bias, stride=self.stride, padding=self.padding)


@final
class _Residual(nn.Module):
    """Two convolutions beside the input itself, or beside its average where the map is halved."""

    def __init__(
        self, layers: tuple[DlibLayer, ...], *, fan_in: int, fan_out: int, down: bool
    ) -> None:
        super().__init__()
        self.down = down
        self.first = _ScaledConv(
            layers[0], layers[1], fan_in=fan_in, fan_out=fan_out, kernel=3, stride=1 + down
        )
        self.second = _ScaledConv(
            layers[2], layers[3], fan_in=fan_out, fan_out=fan_out, kernel=3, stride=1
        )

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o oh ow"]:
        out = self.second(F.relu(self.first(x)))
        beside = F.avg_pool2d(x, 2) if self.down else x
        return F.relu(_padded_sum(out, beside))


@final
class FaceEmbedding(nn.Module):
    """Chips to embeddings; near for two pictures of a person."""

    def __init__(self, layers: tuple[DlibLayer, ...]) -> None:
        """:class:`CheckpointError` if these are not the layers of dlib's face network."""
        super().__init__()
        expected = ("con", "affine") * (1 + 2 * len(_BLOCK_WIDTHS)) + ("fc",)
        if tuple(layer.kind for layer in layers) != expected:
            raise CheckpointError(
                f"this is not dlib's face network: {len(layers)} layers, expected {len(expected)}"
            )
        self.stem = _ScaledConv(
            layers[0], layers[1], fan_in=3, fan_out=_STEM_WIDTH, kernel=7, stride=2
        )
        widths = pairwise((_STEM_WIDTH, *_BLOCK_WIDTHS))
        self.blocks = nn.ModuleList(
            _Residual(
                layers[2 + 4 * i : 6 + 4 * i], fan_in=into, fan_out=out, down=i in _DOWN_BLOCKS
            )
            for i, (into, out) in enumerate(widths)
        )
        self.projection = nn.Buffer(layers[-1].parameters.reshape(-1, EMBEDDING_SIZE))
        self.mean = nn.Buffer(torch.tensor(_MEAN_RGB)[:, None, None])
        self.eval()

    @classmethod
    def load(cls, path: Path) -> "FaceEmbedding":
        """Of dlib's file; :class:`CheckpointError` if it is another or damaged."""
        return cls(read_layers(path))

    def forward(self, chips: Float[Tensor, "b 3 150 150"]) -> Float[Tensor, "b 128"]:
        """Embeddings of chips in [-1, 1]."""
        x = ((chips + 1) * 127.5 - self.mean) / _RANGE
        x = F.max_pool2d(F.relu(self.stem(x)), 3, stride=2)
        for block in self.blocks:
            x = block(x)
        out: Tensor = x.mean(dim=(2, 3)) @ self.projection
        return out


def _padded_sum(
    one: Float[Tensor, "b c h w"], other: Float[Tensor, "b c2 h2 w2"]
) -> Float[Tensor, "b c3 h3 w3"]:
    """dlib's sum of unequal tensors: zeros where one of them ends, in channels and in space."""
    size = [max(a, b) for a, b in zip(one.shape, other.shape, strict=True)]
    return _grown(one, size) + _grown(other, size)


def _grown(x: Float[Tensor, "b c h w"], size: list[int]) -> Float[Tensor, "b c2 h2 w2"]:
    _, channels, height, width = (want - have for want, have in zip(size, x.shape, strict=True))
    return F.pad(x, (0, width, 0, height, 0, channels))
