"""Files that would run something are refused by name, wherever in a file the attempt hides."""

import copyreg
import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats.checkpoint import RawCheckpoint

Read = Callable[[bytes], RawCheckpoint]
Save = Callable[..., bytes]

PROTO = b"\x80\x04"
MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
VERSION = pickle.dumps(1001, protocol=2)
SYSTEM = pickle.dumps({"little_endian": True, "protocol_version": 1001}, protocol=2)


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def stack_global(module: str, name: str) -> bytes:
    return text(module) + text(name) + b"\x93"


def global_line(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def call(target: bytes, *arguments: bytes) -> bytes:
    return target + b"(" + b"".join(arguments) + b"tR"


def whole(body: bytes) -> bytes:
    return PROTO + body + b"."


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A file that every payload would make; the test fails if it is there in the end."""
    path = tmp_path / "canary"
    yield path
    assert not path.exists(), "something in the file was executed"
    assert "TUGAN_CANARY" not in os.environ


def touch(canary: Path) -> bytes:
    return call(stack_global("os", "system"), text(f"touch {canary}"))


def test_the_canary_is_one(tmp_path: Path) -> None:
    """The payloads work: Python's own reader falls for them."""
    path = tmp_path / "canary"
    pickle.loads(whole(touch(path)))
    assert path.exists()


NAMES = [
    ("os", "system"),
    ("posix", "system"),
    ("nt", "system"),
    ("subprocess", "Popen"),
    ("subprocess", "check_output"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "__import__"),
    ("builtins", "getattr"),
    ("builtins", "open"),
    ("builtins", "bytearray"),
    ("__builtin__", "eval"),
    ("__builtin__", "execfile"),
    ("runpy", "run_path"),
    ("importlib", "import_module"),
    ("torch", "load"),
    ("torch.hub", "load"),
    ("torch.serialization", "load"),
    ("torch._dynamo.guards", "GuardBuilder.get"),
    ("numpy", "load"),
    ("numpy.testing._private.utils", "runstring"),
    ("functools", "partial"),
    ("operator", "attrgetter"),
    ("operator", "methodcaller"),
    ("pickle", "loads"),
    ("_pickle", "loads"),
    ("marshal", "loads"),
    ("types", "FunctionType"),
    ("copyreg", "_reconstructor"),
    ("copy_reg", "_reconstructor"),
    ("copyreg", "add_extension"),
    ("ctypes", "CDLL"),
    ("webbrowser", "open"),
    ("torch.storage", "os.system"),
    ("torch", "storage.os.system"),
    ("collections", "OrderedDict.__init__.__globals__"),
    ("collections", "OrderedDict.fromkeys"),
    ("torch._utils", "_rebuild_tensor_v2.__globals__"),
    ("torch_utils.persistence", "_reconstruct_persistent_obj.__globals__"),
    ("torch_utils.persistence", "_src_to_module"),
    ("dnnlib.util", "open_url"),
    ("tugan.generators.formats.detect", "read_checkpoint"),
    ("torch.storage", "_load_from_bytes.__globals__"),
    ("", ""),
]


@pytest.mark.parametrize("spell", [stack_global, global_line])
@pytest.mark.parametrize(("module", "name"), NAMES)
def test_names_beyond_the_list_are_refused(
    read_bytes: Read,
    canary: Path,
    module: str,
    name: str,
    spell: Callable[[str, str], bytes],
) -> None:
    data = whole(call(spell(module, name), text(f"touch {canary}")))
    with pytest.raises(UnsafeCheckpointError) as caught:
        read_bytes(data)
    assert f"asks for {module}.{name}," in str(caught.value)


def zipped(pickled: bytes, saved: Save) -> bytes:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved({"t": torch.ones(2)}))) as old,
        zipfile.ZipFile(target, "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, pickled if name.endswith("data.pkl") else old.read(name))
    return target.getvalue()


def nested(stream: bytes) -> bytes:
    length = struct.pack("<I", len(stream))
    return call(stack_global("torch.storage", "_load_from_bytes"), b"B" + length + stream)


PLACES: dict[str, Callable[[bytes, Save], bytes]] = {
    "zip": zipped,
    "legacy-1-magic": lambda payload, _: payload + VERSION + SYSTEM,
    "legacy-2-version": lambda payload, _: MAGIC + payload,
    "legacy-3-system": lambda payload, _: MAGIC + VERSION + payload,
    "legacy-4-objects": lambda payload, _: MAGIC + VERSION + SYSTEM + payload,
    "legacy-5-keys": lambda payload, _: MAGIC + VERSION + SYSTEM + whole(b"}") + payload,
    "nested-1-magic": lambda payload, _: whole(nested(payload)),
    "nested-2-version": lambda payload, _: whole(nested(MAGIC + payload)),
    "nested-3-system": lambda payload, _: whole(nested(MAGIC + VERSION + payload)),
    "nested-4-objects": lambda payload, _: whole(nested(MAGIC + VERSION + SYSTEM + payload)),
    "nested-5-keys": lambda payload, _: whole(
        nested(MAGIC + VERSION + SYSTEM + whole(b"}") + payload)
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_payload_is_refused_wherever_it_hides(
    read_bytes: Read, canary: Path, saved: Save, place: str
) -> None:
    data = PLACES[place](whole(touch(canary)), saved)
    with pytest.raises(UnsafeCheckpointError, match=r"asks for os\.system,"):
        read_bytes(data)


def test_streams_do_not_nest_twice(read_bytes: Read, canary: Path) -> None:
    inner = whole(nested(MAGIC + VERSION + SYSTEM + whole(touch(canary))))
    outer = whole(nested(MAGIC + VERSION + SYSTEM + inner))
    with pytest.raises(UnsafeCheckpointError, match=r"torch\.storage\._load_from_bytes"):
        read_bytes(outer)


def test_a_nested_zip_is_not_opened(read_bytes: Read, canary: Path, saved: Save) -> None:
    with pytest.raises(CheckpointError):
        read_bytes(whole(nested(zipped(whole(touch(canary)), saved))))


DICT = stack_global("collections", "OrderedDict")
NAMESPACE = call(stack_global("argparse", "Namespace"))
PERSISTENT = stack_global("torch_utils.persistence", "_reconstruct_persistent_obj")
MODULE = call(
    PERSISTENT,
    b"}(" + text("class_name") + text("G") + text("state") + b"}" + b"u",
)
DUNDER_CLASS = b"}" + text("__class__") + b"]s"
DUNDER_SETSTATE = b"}" + text("__setstate__") + b"]s"
DTYPE = call(stack_global("numpy", "dtype"), text("f4"), b"\x89", b"\x88")
OBJECT_DTYPE = call(stack_global("numpy", "dtype"), text("O8"), b"\x89", b"\x88")
ARRAY = call(
    stack_global("numpy.core.multiarray", "_reconstruct"),
    stack_global("numpy", "ndarray"),
    b"K\x00\x85",
    b"C\x01b",
)

TRICKS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "INST": (lambda c: b"(" + text(f"touch {c}") + b"ios\nsystem\n", r"os\.system"),
    "text-protocol": (lambda c: f"(S'touch {c}'\nios\nsystem\n".encode(), "text protocol 0"),
    "INST-allowed-name": (lambda _: b"(icollections\nOrderedDict\n", "old-style"),
    "OBJ": (lambda c: b"(" + global_line("os", "system") + text(f"touch {c}") + b"o", r"os\.sys"),
    "OBJ-allowed-name": (lambda _: b"(" + DICT + b"o", "old-style"),
    "NEWOBJ": (
        lambda c: stack_global("subprocess", "Popen") + text(f"touch {c}") + b"\x85\x81",
        r"subprocess\.Popen",
    ),
    "NEWOBJ-of-data": (lambda _: b"}" + b")\x81", "call a dict"),
    "NEWOBJ_EX": (
        lambda c: stack_global("subprocess", "Popen") + text(f"touch {c}") + b"\x85}\x92",
        r"subprocess\.Popen",
    ),
    "NEWOBJ_EX-allowed-name": (lambda _: DICT + b")}\x92", "named arguments"),
    "REDUCE-of-text": (lambda _: text("eval") + b")R", "call a str"),
    "REDUCE-of-module": (lambda _: MODULE + b")R", "call a PersistentObject"),
    "REDUCE-of-dtype": (lambda _: stack_global("torch", "FloatStorage") + b")R", "call a Element"),
    "REDUCE-of-ndarray": (lambda _: stack_global("numpy", "ndarray") + b")R", "call a Marker"),
    "BUILD-of-constructor": (lambda _: DICT + DUNDER_SETSTATE + b"b", "state of a Constructor"),
    "BUILD-of-module": (lambda _: MODULE + DUNDER_CLASS + b"b", "state of a PersistentObject"),
    "BUILD-of-list": (lambda _: b"]" + DUNDER_CLASS + b"b", "state of a list"),
    "BUILD-of-dict": (lambda _: DICT + b")R" + DUNDER_CLASS + b"b", "attribute __class__"),
    "BUILD-of-namespace": (lambda _: NAMESPACE + DUNDER_CLASS + b"b", "attribute __class__"),
    "BUILD-of-namespace-slots": (lambda _: NAMESPACE + b"N" + DUNDER_CLASS + b"\x86b", "state"),
    "BUILD-setstate": (lambda _: NAMESPACE + DUNDER_SETSTATE + b"b", "attribute __setstate__"),
    "BUILD-dtype": (lambda _: DTYPE + DUNDER_CLASS + b"b", "state of a numpy dtype"),
    "BUILD-array": (lambda _: ARRAY + DUNDER_CLASS + b"b", "state of a numpy array"),
    "computed-name": (lambda _: b"]" + text("system") + b"\x93", "not text"),
    "name-of-bytes": (lambda _: b"C\x02osC\x06system\x93", "not text"),
    "EXT1": (lambda _: b"\x82\xf0" + b")R", "extension registry"),
    "EXT2": (lambda _: b"\x83\xf0\x00" + b")R", "extension registry"),
    "EXT4": (lambda _: b"\x84\xf0\x00\x00\x00" + b")R", "extension registry"),
    "PERSID": (lambda _: b"P0\n", "text protocol 0"),
    "BINPERSID": (lambda _: text("storage") + b"Q", "outside itself"),
    "NEXT_BUFFER": (lambda _: b"\x97", "outside itself"),
    "READONLY_BUFFER": (lambda _: b"]\x98", "outside itself"),
    "object-dtype": (lambda c: OBJECT_DTYPE + touch(c), "plain numeric numpy dtype"),
    "object-array": (
        lambda c: ARRAY + b"(K\x01K\x01\x85" + OBJECT_DTYPE + b"\x89]" + touch(c) + b"atb",
        "plain numeric numpy dtype",
    ),
    "structured-dtype": (
        lambda _: (
            DTYPE
            + b"(K\x03"
            + text("<")
            + b"N"
            + text("a")
            + b"\x85}J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        ),
        "without fields",
    ),
    "array-of-another-class": (
        lambda _: call(stack_global("numpy.core.multiarray", "_reconstruct"), DICT, b")", b"N"),
        "numpy.ndarray",
    ),
    "another-encoding": (
        lambda _: call(stack_global("_codecs", "encode"), text("x"), text("zlib_codec")),
        "latin1 text only",
    ),
    "bytes-of-a-number": (
        lambda _: call(stack_global("builtins", "bytes"), b"J\xff\xff\xff\x7f"),
        "empty bytes only",
    ),
    "terminal-escape": (lambda _: stack_global("os\x1b[2J", "x"), r"'os\\x1b"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_are_refused(read_bytes: Read, canary: Path, trick: str) -> None:
    copyreg.add_extension("os", "system", 0xF0)
    try:
        make, message = TRICKS[trick]
        with pytest.raises(CheckpointError, match=message):
            read_bytes(whole(make(canary)))
    finally:
        copyreg.remove_extension("os", "system", 0xF0)


def test_program_text_is_dropped(
    read_bytes: Read, nvidia: Callable[..., object], canary: Path
) -> None:
    program = f"open({str(canary)!r}, 'w').close(); class G: pass"
    data = pickle.dumps({"G_ema": nvidia("G", {"z_dim": 3}, program)})
    raw = read_bytes(data)
    assert str(canary).encode() in data
    assert raw.attributes == {"class_name": "G", "z_dim": 3}


def test_pickles_that_numpy_writes_of_objects_are_refused(
    read_bytes: Read, nvidia: Callable[..., object]
) -> None:
    array = np.array([{"a": 1}], dtype=object)
    with pytest.raises(UnsafeCheckpointError, match="plain numeric numpy dtype"):
        read_bytes(pickle.dumps({"G_ema": nvidia("G", {"a": array})}))


def test_a_whole_torch_module_is_refused_by_name(read_bytes: Read, saved: Save) -> None:
    with pytest.raises(UnsafeCheckpointError, match=r"torch\.nn\.modules\.linear\.Linear"):
        read_bytes(saved(torch.nn.Linear(2, 2)))


@pytest.mark.parametrize(
    "identity",
    [
        ("module", "a", "b", "c", "d"),
        ("storage", "FloatStorage", "0", "cpu", 2),
        ("storage",),
        "0",
        [],
    ],
)
def test_only_storages_lie_beside_a_pickle(read_bytes: Read, saved: Save, identity: object) -> None:
    body = pickle.dumps(identity, protocol=2).removesuffix(b".") + b"Q."
    with pytest.raises(UnsafeCheckpointError, match="no storage"):
        read_bytes(zipped(body, saved))
