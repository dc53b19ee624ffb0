"""One safetensors file as tensors that own their memory.

Read by hand: the library maps the file, so that its pages and our copies would be held at once,
and a file that is cut short meanwhile would end the process. Layout: eight bytes of length, a JSON
header of that length with type, shape and place of every tensor, and the numbers.
https://github.com/huggingface/safetensors#format
"""

import io
import json
import struct

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.inert_objects import printable
from tugan.generators.formats.spans import Span
from tugan.generators.formats.tensor_data import (
    ElementType,
    Storage,
    TensorData,
    packed_tensor,
    shape_of,
    whole_number,
)

METADATA = "__metadata__"
MAX_HEADER_BYTES = 8 << 20
"""A StyleGAN2 needs about 20 KB."""
MAX_TENSORS = 100_000

_ELEMENTS = {
    name: ElementType(name, dtype)
    for name, dtype in {
        "F64": torch.float64,
        "F32": torch.float32,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "I64": torch.int64,
        "I32": torch.int32,
        "I16": torch.int16,
        "I8": torch.int8,
        "U8": torch.uint8,
        "BOOL": torch.bool,
    }.items()
}


def read_safetensors(file: io.BufferedIOBase, size: int) -> tuple[dict[str, Tensor], str | None]:
    """The tensors of an open file of this size, and the entry ``config`` of its metadata.

    CheckpointError if it is cut short, or its header does not describe every byte once.
    """
    span, budget = Span(file, 0, size), Budget(size)
    length = struct.unpack("<Q", span.sub(0, 8).read())[0]
    if length > MAX_HEADER_BYTES:
        raise CheckpointError(
            f"expected a safetensors header of at most {MAX_HEADER_BYTES} bytes, found {length}"
        )
    header = _header(span.sub(8, length).read())
    metadata = header.pop(METADATA, {})
    numbers = span.sub(8 + length, size - 8 - length)
    if len(header) > MAX_TENSORS:
        raise CheckpointError(f"expected at most {MAX_TENSORS} tensors, found {len(header)}")
    found = {name: _described(name, entry, numbers) for name, entry in header.items()}
    _check_cover(found, numbers.length)
    tensors = {name: data.read(budget) for name, (_, data) in found.items()}
    config = metadata.get("config") if isinstance(metadata, dict) else None
    return tensors, config if isinstance(config, str) else None


def _header(data: bytes) -> dict[str, object]:
    try:
        # as text: given bytes, json guesses at encodings and imports their codecs
        header: object = json.loads(data.decode(), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"expected the safetensors file to begin with a JSON header ({error}); it is damaged"
        ) from error
    if not isinstance(header, dict):
        raise CheckpointError("expected the safetensors header to be a JSON object")
    return header


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands in it twice")
    return made


def _described(name: str, entry: object, numbers: Span) -> tuple[tuple[int, int], TensorData]:
    try:
        match entry:
            case {"dtype": str(kind), "shape": shape, "data_offsets": [begin, end]} if (
                kind in _ELEMENTS
            ):
                start, stop = whole_number(begin, "its start"), whole_number(end, "its end")
                element = _ELEMENTS[kind]
                count, rest = divmod(stop - start, element.size)
                if count < 0 or rest:
                    raise CheckpointError(f"it lies from byte {start} to {stop}")
                part = numbers.sub(start, stop - start)
                return (start, stop), packed_tensor(Storage(element, count, part), shape_of(shape))
    except CheckpointError as error:
        raise CheckpointError(f"the safetensors file's {printable(name)}: {error}") from error
    raise CheckpointError(
        f"expected {printable(name)} in the safetensors header to have a number type, a shape and "
        "two offsets; the file is damaged or holds a type that is not read"
    )


def _check_cover(found: dict[str, tuple[tuple[int, int], TensorData]], length: int) -> None:
    """Every byte belongs to one tensor: so nothing is read twice, and nothing is hidden."""
    at = 0
    for start, stop in sorted(place for place, _ in found.values()):
        if start != at:
            raise CheckpointError(
                f"the safetensors file's tensors leave a gap or overlap at byte {at}; it is damaged"
            )
        at = stop
    if at != length:
        raise CheckpointError(
            f"expected the safetensors file's numbers to be {at} bytes, found {length}; it is "
            "damaged or its download was cut short: fetch it again"
        )
