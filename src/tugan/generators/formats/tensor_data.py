"""Tensors as a file describes them: checked against the bytes that are there, read later."""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.spans import Span

MAX_DIMS = 8
MAX_NUMBERS = 1 << 48
"""So that shapes with a zero beside huge dimensions overflow nowhere."""


@final
@dataclass(frozen=True, slots=True)
class ElementType:
    """What one number of a storage is."""

    name: str
    dtype: torch.dtype

    @property
    def size(self) -> int:
        """Bytes per number."""
        return self.dtype.itemsize


@final
class Storage:
    """A row of numbers that tensors look into.

    ``span`` may be filled in later: the oldest torch files describe storages before their bytes.
    """

    __slots__ = ("big_endian", "count", "element", "span")

    def __init__(
        self, element: ElementType, count: int, span: Span | None, *, big_endian: bool = False
    ) -> None:
        self.element = element
        self.count = count
        self.big_endian = big_endian
        self.span = span if span is None else span.sub(0, count * element.size)

    def read(self, first: int, count: int) -> Tensor:
        """Numbers ``first`` to ``first + count`` in memory of their own, shape [count]."""
        if self.span is None:
            raise CheckpointError("a tensor's numbers are missing; the file is damaged")
        size = self.element.size
        raw = _room_for(count * size)
        if count:
            self.span.sub(first * size, count * size).read_into(raw.numpy().data)
        if self.big_endian:
            raw = raw.view(-1, size).flip(1).reshape(-1)
        # A bool that is neither 0 nor 1 is undefined behaviour in torch's kernels.
        return raw.ne(0) if self.element.dtype == torch.bool else raw.view(self.element.dtype)


def _room_for(count: int) -> Tensor:
    try:
        return torch.empty(count, dtype=torch.uint8)
    except RuntimeError as error:  # which is what torch raises where others say MemoryError
        raise MemoryError(str(error)) from error


@final
@dataclass(frozen=True, slots=True)
class TensorData:
    """A strided look into a storage; :func:`tensor_data` checks that it stays inside."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, budget: Budget) -> Tensor:
        """The tensor, contiguous, in memory of its own."""
        extent = _extent(self.shape, self.strides)
        count = math.prod(self.shape)
        budget.spend_bytes(extent * self.storage.element.size)
        flat = self.storage.read(self.offset, extent)
        if extent == count and self.strides == _contiguous(self.shape):
            return flat.view(self.shape)
        budget.spend_bytes(count * self.storage.element.size)
        return flat.as_strided(self.shape, self.strides).clone(
            memory_format=torch.contiguous_format
        )


def tensor_data(storage: object, offset: object, shape: object, strides: object) -> TensorData:
    """A checked look into a storage; CheckpointError for any that would reach outside it."""
    if not isinstance(storage, Storage):
        raise CheckpointError(
            f"expected a tensor to have a storage but found {type(storage).__name__}"
        )
    start = whole_number(offset, "a tensor's offset")
    size, steps = shape_of(shape), _whole_numbers(strides)
    if len(size) != len(steps):
        raise CheckpointError(f"a tensor has {len(size)} dimensions but {len(steps)} strides")
    if math.prod(size) > storage.count or start + _extent(size, steps) > storage.count:
        raise CheckpointError(
            f"a tensor of shape {list(size)} does not fit in its storage of {storage.count} numbers"
        )
    return TensorData(storage, start, size, _plain_strides(size, steps))


def packed_tensor(storage: Storage, shape: object, *, fortran: bool = False) -> TensorData:
    """A look at a whole storage in row-major order, or column-major for ``fortran``."""
    size = shape_of(shape)
    if math.prod(size) != storage.count:
        raise CheckpointError(f"an array of shape {list(size)} has {storage.count} numbers")
    strides = _contiguous(size[::-1])[::-1] if fortran else _contiguous(size)
    return TensorData(storage, 0, size, strides)


def permuted(data: TensorData, axes: object) -> TensorData:
    """The same look with its dimensions in another order."""
    order = _whole_numbers(axes)
    if sorted(order) != list(range(len(data.shape))):
        raise CheckpointError(
            f"expected an order of {len(data.shape)} dimensions, found {list(order)}"
        )
    return TensorData(
        data.storage,
        data.offset,
        tuple(data.shape[axis] for axis in order),
        tuple(data.strides[axis] for axis in order),
    )


def shape_of(value: object) -> tuple[int, ...]:
    """A tuple or list of at most eight whole numbers, as a shape that fits any memory."""
    shape = _whole_numbers(value)
    if math.prod(max(n, 1) for n in shape) > MAX_NUMBERS:
        raise CheckpointError(f"expected a shape of at most {MAX_NUMBERS} numbers")
    return shape


def _whole_numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple | list) or len(value) > MAX_DIMS:
        raise CheckpointError(f"expected a shape of at most {MAX_DIMS} dimensions")
    return tuple(whole_number(item, "a dimension") for item in value)


def whole_number(value: object, what: str) -> int:
    """An int from 0 to 2**63 - 1, and no bool."""
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise CheckpointError(f"expected {what} to be a whole number from 0 to 2**63 - 1")
    return value


def _plain_strides(shape: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...]:
    """A stride along which nothing lies is arbitrary: make it what it usually is."""
    usual = _contiguous(shape)
    if 0 in shape:
        return usual
    return tuple(
        step if n > 1 else plain for n, step, plain in zip(shape, strides, usual, strict=True)
    )


def _extent(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    if 0 in shape:
        return 0
    return 1 + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))
