"""numpy's dtypes, scalars and arrays as pickles hold them, rebuilt by hand from plain numbers."""

from typing import final

import numpy as np
import torch

from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.inert_objects import Arguments, Marker, as_span, printable
from tugan.generators.formats.tensor_data import (
    ElementType,
    Storage,
    TensorData,
    packed_tensor,
    permuted,
    shape_of,
)

NDARRAY = Marker("numpy.ndarray")

ELEMENTS = {
    code: ElementType(f"numpy {code}", dtype)
    for code, dtype in {
        "f2": torch.float16,
        "f4": torch.float32,
        "f8": torch.float64,
        "i1": torch.int8,
        "i2": torch.int16,
        "i4": torch.int32,
        "i8": torch.int64,
        "u1": torch.uint8,
        "u2": torch.uint16,
        "u4": torch.uint32,
        "u8": torch.uint64,
        "b1": torch.bool,
    }.items()
}


@final
class NumpyDtype:
    """A plain numeric dtype; its byte order follows as state."""

    __slots__ = ("big_endian", "code")

    def __init__(self, code: str) -> None:
        self.code = code
        self.big_endian = False

    @property
    def element(self) -> ElementType:
        """What one number is."""
        return ELEMENTS[self.code]

    def set_state(self, state: object) -> None:
        """Take the byte order from numpy's (version, order, ...); the rest must say: no fields."""
        if not isinstance(state, tuple) or not 5 <= len(state) <= 9:
            raise CheckpointError("expected the state of a numpy dtype")
        if state[1] not in ("<", ">", "|", "=") or any(part is not None for part in state[2:5]):
            raise CheckpointError("expected a plain numpy dtype, without fields or sub-arrays")
        self.big_endian = state[1] == ">"


@final
class NumpyArray:
    """An array; shape and numbers follow as state."""

    __slots__ = ("data",)

    def __init__(self) -> None:
        self.data: TensorData | None = None

    def set_state(self, state: object, budget: Budget) -> None:
        """Take numpy's (version, shape, dtype, column-major, bytes)."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise CheckpointError("expected the state of a numpy array")
        _, shape, dtype, fortran, raw = state
        self.data = _array(raw, dtype, shape, bool(fortran is True or fortran == 1), budget)


def numpy_dtype(arguments: Arguments, _budget: Budget) -> NumpyDtype:
    """A dtype from its code; UnsafeCheckpointError for objects, which are pickles of their own."""
    code = arguments[0] if arguments else None
    if type(code) is not str or len(arguments) > 3 or code not in ELEMENTS:
        shown = printable(code) if type(code) is str else type(code).__name__
        raise UnsafeCheckpointError(
            f"expected a plain numeric numpy dtype such as f4, found {shown}; "
            "arrays of other things are not read"
        )
    return NumpyDtype(code)


def empty_array(arguments: Arguments, _budget: Budget) -> NumpyArray:
    """The empty array that numpy's _reconstruct starts from."""
    if len(arguments) != 3 or arguments[0] is not NDARRAY:
        raise UnsafeCheckpointError("expected numpy's _reconstruct to make a numpy.ndarray")
    return NumpyArray()


def array_from_buffer(arguments: Arguments, budget: Budget) -> NumpyArray:
    """An array as numpy's _frombuffer is given it: (bytes, dtype, shape, order[, axes])."""
    if not 4 <= len(arguments) <= 5:
        raise CheckpointError("expected bytes, dtype, shape, order and axes of a numpy array")
    raw, dtype, shape, order = arguments[:4]
    made = NumpyArray()
    made.data = _array(raw, dtype, shape, order == "F", budget)
    if order == "K" and len(arguments) == 5 and arguments[4] is not None:
        made.data = permuted(made.data, arguments[4])
    return made


def scalar(arguments: Arguments, budget: Budget) -> int | float | bool:
    """A numpy scalar as a Python number."""
    if len(arguments) != 2 or not isinstance(arguments[0], NumpyDtype):
        raise CheckpointError("expected dtype and bytes of a numpy scalar")
    dtype = arguments[0]
    span = as_span(arguments[1], budget)
    if span.length != dtype.element.size:
        raise CheckpointError(
            f"a numpy scalar of {dtype.element.size} bytes is stored in {span.length}"
        )
    if dtype.code == "b1":
        return span.read() != b"\0"
    order = ">" if dtype.big_endian else "<"
    value: int | float = np.frombuffer(span.read(), dtype=order + dtype.code)[0].item()
    return value


def _array(raw: object, dtype: object, shape: object, fortran: bool, budget: Budget) -> TensorData:
    if not isinstance(dtype, NumpyDtype):
        raise CheckpointError("expected a numpy array to have a dtype")
    span = as_span(raw, budget)
    count, rest = divmod(span.length, dtype.element.size)
    if rest:
        raise CheckpointError(f"a numpy array of {dtype.code} is stored in {span.length} bytes")
    storage = Storage(dtype.element, count, span, big_endian=dtype.big_endian)
    return packed_tensor(storage, shape_of(shape), fortran=fortran)
