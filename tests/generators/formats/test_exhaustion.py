"""Small files that ask for much are refused quickly, and in little memory."""

import io
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from tugan.core.errors import CheckpointError
from tugan.generators.formats import budget, flatten
from tugan.generators.formats.checkpoint import RawCheckpoint

Read = Callable[[bytes], RawCheckpoint]
Save = Callable[..., bytes]

MEGABYTE = 1 << 20
HUGE = 1 << 40


@pytest.fixture
def bounded() -> Iterator[None]:
    """Fails a test that takes more than 60 MB; pytest's limit ends one that a bomb has caught."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 * MEGABYTE


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def name(module: str, attribute: str) -> bytes:
    return text(module) + text(attribute) + b"\x93"


def whole(body: bytes) -> bytes:
    return b"\x80\x04" + body + b"."


def number(value: int) -> bytes:
    return pickle.dumps(value, protocol=2)[2:-1]


def module(state: bytes) -> bytes:
    """A generator with one entry of state, so that the tree is walked."""
    meta = b"}(" + text("class_name") + text("G") + text("state") + b"}" + text("x") + state + b"su"
    return whole(name("torch_utils.persistence", "_reconstruct_persistent_obj") + meta + b"\x85R")


NUMPY_ARRAY = (
    name("numpy.core.multiarray", "_reconstruct")
    + name("numpy", "ndarray")
    + b"K\x00\x85C\x01b\x87R"
)
FLOAT4 = name("numpy", "dtype") + text("f4") + b"\x89\x88\x87R"


def array_of(shape: bytes) -> bytes:
    return module(NUMPY_ARRAY + b"(K\x01" + shape + FLOAT4 + b"\x89C\x04\0\0\0\0tb")


EIGHT_BYTES = struct.pack("<Q", HUGE)
DEEP_TUPLE = b")" + b"\x85" * 50_000
BOMBS = {
    "memo": b"Nr\xff\xff\xff\x7f" + b"r\xff\xff\xff\xff",
    "BINBYTES": b"B\xff\xff\xff\xff",
    "BINBYTES8": b"\x8e" + EIGHT_BYTES,
    "BYTEARRAY8": b"\x96" + EIGHT_BYTES,
    "BINUNICODE": b"X\xff\xff\xff\xff",
    "BINUNICODE8": b"\x8d" + EIGHT_BYTES,
    "BINSTRING-negative": b"T\xff\xff\xff\xff",
    "FRAME": b"\x95" + EIGHT_BYTES,
    "LONG4": b"\x8b\xff\xff\xff\x7f",
    "LONG4-of-a-megabyte": b"\x8b\x00\x00\x10\x00" + b"\1" * MEGABYTE,
    "endless-line": b"c" + b"a" * 100_000,
    "tuple-as-key": b"}" + DEEP_TUPLE + b"Ns",
    "tuple-as-member": b"\x8f(" + DEEP_TUPLE + b"\x90",
    "tuple-in-frozenset": b"(" + DEEP_TUPLE + b"\x91",
    "doubling-tuple-as-key": b"})" + b"2\x86" * 100 + b"Ns",
    "colliding-keys": b"}" + number((1 << 61) * 8 - 8) + b"Ns",
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.usefixtures("bounded")
def test_bombs(read_bytes: Read, bomb: str) -> None:
    with pytest.raises(CheckpointError):
        read_bytes(whole(BOMBS[bomb]))


TREES = {
    "cycle": (b"}\x94" + text("me") + b"h\x00s", "contains itself"),
    "deep-lists": (b"]" + b"]" * 50_000 + b"a" * 50_000, "deep"),
    "deep-tuples": (DEEP_TUPLE, "deep"),
    "doubling-tuples": (b")" + b"2\x86" * 60, "at most 10000 entries"),
    "long-names": (
        b"}" + text("k" * 400) + b"}" + text("k" * 400) + b"}" + text("k" * 400) + b"Nsss",
        "names of at most",
    ),
    "one-name-twice": (
        b"}(" + text("a.b") + b"N" + text("a") + b"}" + text("b") + b"Nsu",
        "two things under the name x.a.b",
    ),
}


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.usefixtures("bounded")
def test_trees_that_cannot_be_walked(
    read_bytes: Read, monkeypatch: pytest.MonkeyPatch, tree: str
) -> None:
    monkeypatch.setattr(flatten, "MAX_NODES", 10_000)
    body, message = TREES[tree]
    with pytest.raises(CheckpointError, match=message):
        read_bytes(module(body))


@pytest.mark.usefixtures("bounded")
def test_deeply_nested_constructors(read_bytes: Read) -> None:
    """Freeing what a file nested must not exhaust the stack either."""
    count = 10_000
    make = name("argparse", "Namespace") + b"\x94" + b"0"
    nested = (b"h\x00)R" + b"}" + text("a")) * count + b"N" + b"sb" * count
    with pytest.raises(CheckpointError, match="deep"):
        read_bytes(module(make + nested))


STEPS_BOMBS = {
    "empty sets": b"\x8f" * 150_000,
    "nested streams": (
        name("torch.storage", "_load_from_bytes")
        + b"\x940B\x10\x27\x00\x00"
        + b"N" * 10_000
        + b"\x940"
        + b"h\x00h\x01\x85R" * 20
    ),
    "copied sets": (
        name("builtins", "set")
        + b"\x940("
        + b"".join(number(i) for i in range(2000))
        + b"l\x940"
        + b"h\x00h\x01\x85R" * 1000
    ),
}


@pytest.mark.parametrize("bomb", STEPS_BOMBS)
@pytest.mark.usefixtures("bounded")
def test_repeated_work_is_counted(
    read_bytes: Read, monkeypatch: pytest.MonkeyPatch, bomb: str
) -> None:
    monkeypatch.setattr(budget, "MAX_STEPS", 100_000)
    with pytest.raises(CheckpointError):
        read_bytes(whole(STEPS_BOMBS[bomb]))


@pytest.mark.usefixtures("bounded")
def test_repeated_bytes_are_counted(read_bytes: Read) -> None:
    make = name("_codecs", "encode") + b"\x940" + text("x" * MEGABYTE) + b"\x940"
    repeated = (b"h\x00h\x01" + text("latin1") + b"\x86R") * 5000
    with pytest.raises(CheckpointError, match="exhaust the memory"):
        read_bytes(whole(make + repeated))


def test_the_full_budget_of_steps_comes_to_its_end(read_bytes: Read) -> None:
    with pytest.raises(CheckpointError, match="exhaust the machine"):
        read_bytes(whole(b"N0" * (budget.MAX_STEPS // 2 + 10)))


@pytest.mark.parametrize(
    "shape",
    [
        number(HUGE) + b"\x85",
        number(1 << 62) + b"K\x04\x86",
        number(-1) + b"\x85",
        b"K\x00" + number(1 << 62) + b"\x86",
        b"(" + b"K\x01" * 9 + b"t",
        b"\x88\x85",
        b"G" + struct.pack(">d", 1.0) + b"\x85",
        b"N",
    ],
)
@pytest.mark.usefixtures("bounded")
def test_numpy_shapes(read_bytes: Read, shape: bytes) -> None:
    with pytest.raises(CheckpointError):
        read_bytes(array_of(shape))


def zip_with(identity: bytes, tensor: bytes, saved: Save) -> bytes:
    """A torch.save zip of two numbers whose pickle looks at them in its own way."""
    storage = b"(" + text("storage") + name("torch", "FloatStorage") + identity + b"tQ"
    hooks = b"\x89" + name("collections", "OrderedDict") + b")R"
    body = name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage + tensor + hooks + b"tR"
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved({"t": torch.ones(2)}))) as old,
        zipfile.ZipFile(target, "w") as new,
    ):
        for entry in old.namelist():
            new.writestr(entry, whole(body) if entry.endswith("data.pkl") else old.read(entry))
    return target.getvalue()


CPU = text("0") + text("cpu")
PLAIN = b"K\x00" + b"K\x02\x85" + b"K\x01\x85"


def test_a_plain_look_is_read(read_bytes: Read, saved: Save) -> None:
    raw = read_bytes(zip_with(CPU + b"K\x02", PLAIN, saved))
    assert raw.tensors["tensor"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("identity", "tensor"),
    [
        (CPU + number(HUGE), PLAIN),
        (CPU + number(-1), PLAIN),
        (CPU + b"K\x03", PLAIN),
        (CPU + b"\x88", PLAIN),
        (text("../1") + text("cpu") + b"K\x02", PLAIN),
        (CPU + b"K\x02", b"K\x01" + b"K\x02\x85" + b"K\x01\x85"),
        (CPU + b"K\x02", b"K\x00" + number(HUGE) + b"\x85" + b"K\x00\x85"),
        (CPU + b"K\x02", b"K\x00" + b"K\x02\x85" + b"K\x02\x85"),
        (CPU + b"K\x02", b"K\x00" + b"K\x02\x85" + number(-1) + b"\x85"),
        (CPU + b"K\x02", number(-1) + b"K\x02\x85" + b"K\x01\x85"),
        (CPU + b"K\x02", b"K\x00" + b"K\x02\x85" + b"K\x01K\x01\x86"),
        (CPU + b"K\x02", b"K\x00" + b"K\x00" + number(1 << 62) + b"\x86" + b"K\x01K\x01\x86"),
        (CPU + b"K\x02", b"K\x00" + b"(" + b"K\x01" * 9 + b"t(" + b"K\x01" * 9 + b"t"),
    ],
    ids=[
        "huge-storage",
        "negative-storage",
        "storage-too-small",
        "bool-as-size",
        "unknown-key",
        "offset-beyond",
        "stride-zero-expansion",
        "stride-beyond",
        "negative-stride",
        "negative-offset",
        "strides-of-other-length",
        "zero-beside-huge",
        "nine-dimensions",
    ],
)
@pytest.mark.usefixtures("bounded")
def test_looks_beyond_a_storage(
    read_bytes: Read, saved: Save, identity: bytes, tensor: bytes
) -> None:
    with pytest.raises(CheckpointError):
        read_bytes(zip_with(identity, tensor, saved))


@pytest.mark.usefixtures("bounded")
def test_many_looks_at_one_large_storage(read_bytes: Read, saved: Save) -> None:
    base = torch.zeros(MEGABYTE)
    data = saved({f"t{i}": base[i:] for i in range(1000)})
    assert len(data) < 5 * MEGABYTE
    with pytest.raises(CheckpointError, match="exhaust the memory"):
        read_bytes(data)


@pytest.mark.usefixtures("bounded")
def test_legacy_storage_sizes(read_bytes: Read, saved: Save) -> None:
    data = saved(torch.ones(3), legacy=True)
    at = data.rindex(struct.pack("<q", 3) + b"\0\0\x80\x3f")
    for count in (HUGE, -1, 2, 4):
        with pytest.raises(CheckpointError):
            read_bytes(data[:at] + struct.pack("<q", count) + data[at + 8 :])


@pytest.mark.usefixtures("bounded")
def test_zip_sizes(read_bytes: Read, saved: Save) -> None:
    data = saved(torch.ones(300))
    sizes, larger = struct.pack("<II", 1200, 1200), struct.pack("<II", 1 << 30, 1 << 30)
    assert data.count(sizes) >= 1
    with pytest.raises(CheckpointError):
        read_bytes(data.replace(sizes, larger))


@pytest.mark.usefixtures("bounded")
def test_a_huge_table_of_contents(read_bytes: Read) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for i in range(40):
            entry = zipfile.ZipInfo(f"{i}")
            entry.comment = b"x" * 60_000
            archive.writestr(entry, b"")
    with pytest.raises(CheckpointError, match="table of contents"):
        read_bytes(target.getvalue())


def test_compressed_zips_are_not_unfolded(read_bytes: Read) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"\0" * MEGABYTE)
    with pytest.raises(CheckpointError, match="compressed"):
        read_bytes(target.getvalue())


def test_memory_for_a_large_file(read_bytes: Read, nvidia: Callable[..., object]) -> None:
    """Outside the tensors themselves, which tracemalloc does not see, next to nothing is held."""
    state = {"_buffers": {str(i): torch.full((MEGABYTE,), float(i)) for i in range(8)}}
    data = pickle.dumps({"D": nvidia("D", state), "G_ema": nvidia("G", state)}, protocol=4)
    assert len(data) > 32 * MEGABYTE
    tracemalloc.start()
    raw = read_bytes(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEGABYTE
    assert raw.tensors["7"][-1] == 7
    assert np.shares_memory(raw.tensors["7"].numpy(), raw.tensors["6"].numpy()) is False
