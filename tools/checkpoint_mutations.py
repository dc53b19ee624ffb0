"""Ways to damage a checkpoint file, for tools/fuzz_checkpoints.py: bytes, instructions, headers."""

import io
import json
import pickletools
import random
import struct
import zipfile
from collections.abc import Callable, Sequence

Mutation = Callable[[bytes, random.Random], bytes]

CANARY = "fuzz-canary"
"""A file that every payload would make."""

_TOUCH = f"touch {CANARY}".encode()
_PAYLOADS = [
    b"cos\nsystem\n(X" + struct.pack("<I", len(_TOUCH)) + _TOUCH + b"tR",
    b"\x8c\x05posix\x8c\x06system\x93\x8c" + bytes([len(_TOUCH)]) + _TOUCH + b"\x85R",
    b"cbuiltins\neval\n(X\x04\x00\x00\x00quittR",
    b"(ios\nsystem\n",
    b"ctorch.nn.modules.linear\nLinear\n)\x81}b",
    b"ctorch.storage\n_load_from_bytes\n(B\x04\x00\x00\x00\x80\x02N.tR",
    b"cdnnlib.tflib.network\nNetwork\n)\x81}X\x09\x00\x00\x00variables]sb",
    b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n}\x85R",
    b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R",
    b"ccollections\nOrderedDict\n)R",
]
_INSTRUCTIONS = [bytes([code]) for code in range(256)] + [b"h\x00", b"h\x01", b"K\x00", b"N", b"0"]
_NUMBERS = (0, 1, 2, 127, 128, 255, 1 << 15, (1 << 16) - 1, 1 << 31, (1 << 32) - 1)
_ENTRIES: tuple[object, ...] = (
    None,
    -1,
    1 << 62,
    [],
    [0],
    [1 << 40],
    [-1, 4],
    "F16",
    {},
    [1] * 9,
    1.5,
)


def mutate(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """One to four random changes; some of them inside a zip's pickle or a safetensors header."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if rng.random() < 0.15:
            data = splice(data, rng.choice(others), rng)
        else:
            data = rng.choice(_ways(data))(data, rng)
    return data


def _ways(data: bytes) -> list[Mutation]:
    ways: list[Mutation] = [flip, replace_number, cut, repeat, delete, truncate, instruct]
    if data.startswith(b"PK"):
        ways += [in_zip] * 6
    elif data[8:9] == b"{":
        ways += [in_header] * 5
    elif data.startswith(b"\x80"):
        ways += [at_instruction] * 4
    return ways


def flip(data: bytes, rng: random.Random) -> bytes:
    """Some bytes become others."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        if changed:
            changed[_place(changed, rng)] = rng.randrange(256)
    return bytes(changed)


def replace_number(data: bytes, rng: random.Random) -> bytes:
    """Four or eight bytes become a number that is often a border."""
    at = _place(data, rng)
    number = rng.choice(_NUMBERS)
    form = rng.choice(("<I", "<Q", ">I", "<H"))
    packed = struct.pack(form, number % (1 << 8 * struct.calcsize(form)))
    return data[:at] + packed + data[at + len(packed) :]


def cut(data: bytes, rng: random.Random) -> bytes:
    """A part goes to another place."""
    begin, end = sorted((_place(data, rng), _place(data, rng)))
    part, rest = data[begin:end], data[:begin] + data[end:]
    at = _place(rest, rng)
    return rest[:at] + part + rest[at:]


def repeat(data: bytes, rng: random.Random) -> bytes:
    """A short part comes several times."""
    at = _place(data, rng)
    part = data[at : at + rng.choice((1, 4, 16, 64))]
    return data[:at] + part * rng.choice((2, 3, 50)) + data[at:]


def delete(data: bytes, rng: random.Random) -> bytes:
    """A short part is gone."""
    at = _place(data, rng)
    return data[:at] + data[at + rng.choice((1, 2, 4, 8, 100)) :]


def truncate(data: bytes, rng: random.Random) -> bytes:
    """The end is gone."""
    return data[: _place(data, rng)]


def splice(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """The beginning of one file and the end of another."""
    return data[: _place(data, rng)] + other[_place(other, rng) :]


def instruct(data: bytes, rng: random.Random) -> bytes:
    """An instruction of pickles, or a payload of several, at any place."""
    at = _place(data, rng)
    return data[:at] + rng.choice((rng.choice(_PAYLOADS), rng.choice(_INSTRUCTIONS))) + data[at:]


def at_instruction(data: bytes, rng: random.Random) -> bytes:
    """The same between two instructions of a pickle, or one of them left out or doubled."""
    places = []
    try:
        places = [at for _, _, at in pickletools.genops(data) if at is not None]
    except Exception:  # noqa: BLE001 - of a file damaged before: whatever the parser trips over
        return instruct(data, rng)
    index = rng.randrange(len(places))
    begin = places[index]
    end = places[index + 1] if index + 1 < len(places) else len(data)
    way = rng.randrange(4)
    if way == 0:
        return data[:begin] + data[end:]
    if way == 1:
        return data[:end] + data[begin:end] + data[end:]
    added = rng.choice(_PAYLOADS) if way == 2 else rng.choice(_INSTRUCTIONS)
    return data[:begin] + added + data[begin:]


def in_zip(data: bytes, rng: random.Random) -> bytes:
    """One entry of a zip is changed, renamed or left out, and the zip is whole again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception:  # noqa: BLE001 - of a file damaged before
        return flip(data, rng)
    target = io.BytesIO()
    pickles = [index for index, (name, _) in enumerate(entries) if name.endswith("data.pkl")]
    chosen = rng.choice(pickles) if pickles and rng.random() < 0.8 else rng.randrange(len(entries))
    with zipfile.ZipFile(target, "w", rng.choice((0, 0, 0, 8))) as archive:
        for index, (name, content) in enumerate(entries):
            if index == chosen:
                way = rng.choice((at_instruction, at_instruction, flip, replace_number, truncate))
                content = way(content, rng)
                if rng.random() < 0.05:
                    name = rng.choice(("../x", "a/data.pkl", name.upper(), "ä"))
            if index != chosen or rng.random() > 0.05:
                archive.writestr(name, content)
    return target.getvalue()


def in_header(data: bytes, rng: random.Random) -> bytes:
    """An entry of a safetensors header is changed, and the header's length is right again."""
    try:
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8 : 8 + length])
        entry = header[rng.choice(list(header))]
        key = rng.choice(list(entry))
    except Exception:  # noqa: BLE001 - of a file damaged before
        return flip(data, rng)
    entry[key] = rng.choice(_ENTRIES)
    changed = json.dumps(header).encode()
    return struct.pack("<Q", len(changed)) + changed + data[8 + length :]


def _place(data: Sequence[int], rng: random.Random) -> int:
    """Any place, and often one near the beginning or the end, where files describe themselves."""
    if not data:
        return 0
    near = min(len(data), 300)
    return rng.choice(
        (rng.randrange(len(data)), rng.randrange(near), len(data) - 1 - rng.randrange(near))
    )
