"""Reads numpy's own files, ``.npy`` and ``.npz``; never arrays of objects, which are pickles."""

import io
import math
import zipfile

import numpy as np
import torch
from torch import Tensor

from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats.inert_objects import printable
from tugan.generators.formats.stored_zip import ZIP_ERRORS, GuardedFile

MAGIC = b"\x93NUMPY"
MAX_BYTES = 128 << 20
"""Of one array; a thousand latents of the largest models are half of that."""
MAX_ARRAYS = 100
MAX_DIMS = 8
_HEADER_BYTES = 4096


def is_npz(file: io.BufferedIOBase) -> bool:
    """Whether an open zip holds numpy arrays and nothing else; the file is left at its start."""
    try:
        with zipfile.ZipFile(GuardedFile(file)) as archive:
            names = archive.namelist()
    except (CheckpointError, *ZIP_ERRORS):
        names = []
    file.seek(0)
    return bool(names) and all(name.endswith(".npy") for name in names)


def read_npz(file: io.BufferedIOBase) -> dict[str, Tensor]:
    """The arrays of an open ``.npz`` by their names; CheckpointError if it is damaged."""
    made: dict[str, Tensor] = {}
    try:
        with zipfile.ZipFile(GuardedFile(file)) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_ARRAYS:
                raise CheckpointError(f"expected at most {MAX_ARRAYS} arrays, found {len(infos)}")
            for info in infos:
                if info.file_size > MAX_BYTES:
                    raise CheckpointError(_too_large(info.filename, info.file_size))
                with archive.open(info) as entry:
                    data = entry.read(MAX_BYTES + 1)
                made[info.filename.removesuffix(".npy")] = read_npy(data, info.filename)
    except CheckpointError:
        raise
    except (*ZIP_ERRORS, RuntimeError, EOFError) as error:
        raise CheckpointError(
            f"the .npz cannot be read ({printable(str(error))}); it is damaged or its copy was cut"
            " short"
        ) from error
    return made


def read_npy(data: bytes, name: str) -> Tensor:
    """The array in the bytes of a ``.npy``, in float32.

    UnsafeCheckpointError for an array of objects, CheckpointError for what is no plain numbers.
    """
    shown, opened = printable(name), io.BytesIO(data)
    if len(data) > MAX_BYTES:
        raise CheckpointError(_too_large(name, len(data)))
    try:
        version = np.lib.format.read_magic(opened)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(opened, max_header_size=_HEADER_BYTES)
    except (ValueError, TypeError, SyntaxError, RecursionError, EOFError) as error:
        raise CheckpointError(
            f"{shown} is no array that numpy wrote, or is damaged: {printable(str(error))}"
        ) from error
    if dtype.hasobject:
        raise UnsafeCheckpointError(
            f"{shown} is an array of objects, which is a pickle and is not opened: save the"
            " numbers alone, as np.save(name, np.asarray(w, dtype=np.float32))"
        )
    if dtype.kind not in "fiu" or dtype.itemsize > 8:
        raise CheckpointError(f"{shown} is of {dtype}; expected numbers, such as float32")
    if len(shape) > MAX_DIMS or not all(0 <= side < 1 << 31 for side in shape):
        raise CheckpointError(f"{shown} has the shape {printable(str(shape))}: no array has")
    left, wanted = len(data) - opened.tell(), math.prod(shape) * dtype.itemsize
    if left != wanted:
        raise CheckpointError(
            f"{shown} of the shape {shape} should have {wanted} bytes of numbers and has {left}:"
            " it is damaged or its copy was cut short"
        )
    flat = np.frombuffer(data, dtype=dtype, offset=opened.tell())
    array = flat.reshape(shape, order="F" if fortran else "C").astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(array).reshape(shape))


def _too_large(name: str, size: int) -> str:
    return (
        f"{printable(name)} unfolds to {size >> 20} MiB; a latent's array has at most"
        f" {MAX_BYTES >> 20} MiB"
    )
