"""Whatever is wrong with a file, the answer is a CheckpointError."""

import contextlib
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from tugan.core.errors import CheckpointError
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.detect import read_checkpoint

Read = Callable[[bytes], RawCheckpoint]
Save = Callable[..., bytes]

FUZZ = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
    database=None,
)
STARTS = [b"", b"\x80\x02", b"\x80\x04", b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."]


@pytest.mark.parametrize("name", ["nvidia-stylegan2-128.pkl", "rosinality-stylegan2-128.pt"])
def test_truncated_files(oracle_dir: Path, tmp_path: Path, name: str) -> None:
    data = (oracle_dir / name).read_bytes()
    path = tmp_path / "cut"
    cuts = [0, 1, 2, 3, 10, 11, 100, 1000, 5000, 5890, len(data) - 1, len(data) - 22]
    cuts += [len(data) * i // 20 for i in range(1, 20)]
    for cut in cuts:
        path.write_bytes(data[:cut])
        with pytest.raises(CheckpointError, match=r"cut: "):
            read_checkpoint(path)


@pytest.mark.parametrize("legacy", [False, True])
def test_every_truncation_of_a_small_torch_file(
    read_bytes: Read, saved: Save, legacy: bool
) -> None:
    data = saved({"t": torch.ones(3)}, legacy=legacy)
    for cut in range(0, len(data), 7):
        with pytest.raises(CheckpointError):
            read_bytes(data[:cut])


def test_every_truncation_of_a_small_nvidia_pickle(
    read_bytes: Read, small_nvidia_pickle: bytes
) -> None:
    assert read_bytes(small_nvidia_pickle).attributes["b4.conv_clamp"] == 256
    for cut in range(0, len(small_nvidia_pickle), 4):
        with pytest.raises(CheckpointError):
            read_bytes(small_nvidia_pickle[:cut])


def _read_or_refuse(read_bytes: Read, data: bytes) -> None:
    with contextlib.suppress(CheckpointError):
        raw = read_bytes(data)
        assert all(isinstance(tensor, torch.Tensor) for tensor in raw.tensors.values())


@FUZZ
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300))
@example(start=b"\x80\x04", rest=b".")
@example(start=b"\x80\x04", rest=b"X\x03\0\0\0\xed\xa0\x80.")
def test_random_bytes(read_bytes: Read, start: bytes, rest: bytes) -> None:
    _read_or_refuse(read_bytes, start + rest)


@FUZZ
@given(
    body=st.lists(
        st.sampled_from(
            [bytes([code]) for code in b"(.012NKMJX\x8cBC)]}aesultdRbQ\x81\x85\x86\x87"]
            + [b"\x88", b"\x8f", b"\x90", b"\x91", b"\x93", b"\x94", b"h\x00", b"h\x01", b"K\x01"]
            + [b"\x8c\x05torch", b"\x8c\x04Size", b"\x8c\x05numpy", b"\x8c\x05dtype", b"\x8c\x02f4"]
            + [b"ccollections\nOrderedDict\n", b"ctorch._utils\n_rebuild_tensor_v2\n"]
            + [b"cnumpy.core.multiarray\nscalar\n", b"cnumpy.core.multiarray\n_reconstruct\n"]
            + [b"cnumpy\ndtype\n", b"cnumpy\nndarray\n", b"cargparse\nNamespace\n"]
            + [b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n", b"c_codecs\nencode\n"]
        ),
        max_size=60,
    )
)
def test_random_instructions(read_bytes: Read, body: list[bytes]) -> None:
    _read_or_refuse(read_bytes, b"\x80\x04" + b"".join(body) + b".")


def _mutated(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    changed = bytearray(data)
    for position, value in changes:
        changed[position % len(changed)] = value
    return bytes(changed)


CHANGES = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=4)


@FUZZ
@given(changes=CHANGES)
def test_mutations_of_a_pickle(
    read_bytes: Read, small_nvidia_pickle: bytes, changes: list[tuple[int, int]]
) -> None:
    _read_or_refuse(read_bytes, _mutated(small_nvidia_pickle, changes))


@FUZZ
@given(changes=CHANGES, legacy=st.booleans())
def test_mutations_of_a_torch_file(
    read_bytes: Read, saved: Save, changes: list[tuple[int, int]], legacy: bool
) -> None:
    tree = {"t": torch.ones(2, 3).t(), "n": 3}
    _read_or_refuse(read_bytes, _mutated(saved(tree, legacy=legacy), changes))


@FUZZ
@given(changes=CHANGES)
def test_mutations_of_safetensors(read_bytes: Read, changes: list[tuple[int, int]]) -> None:
    data = save({"t": torch.ones(2, 3)}, metadata={"config": '{"a": 1}'})
    _read_or_refuse(read_bytes, _mutated(data, changes))


def _zip(entries: list[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target.getvalue()


EMPTY_DICT = b"\x80\x02}."


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("readme.txt", b"x")], "this one holds readme.txt"),
        ([("a/data.pkl", EMPTY_DICT), ("b/data.pkl", EMPTY_DICT)], "with one data.pkl"),
        ([("a/data.pkl", EMPTY_DICT), ("a/constants.pkl", b"")], "TorchScript"),
    ],
)
def test_other_zips(read_bytes: Read, entries: list[tuple[str, bytes]], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_bytes(_zip(entries))


def test_a_zip_that_names_an_entry_twice(read_bytes: Read) -> None:
    data = _zip([("a/data.pkl", EMPTY_DICT), ("b/data.pkl", EMPTY_DICT)])
    with pytest.raises(CheckpointError, match="twice"):
        read_bytes(data.replace(b"b/data.pkl", b"a/data.pkl"))


def test_an_encrypted_zip(read_bytes: Read) -> None:
    data = bytearray(_zip([("a/data.pkl", EMPTY_DICT)]))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(CheckpointError, match="encrypted"):
        read_bytes(bytes(data))


def test_a_zip_whose_directory_lies(read_bytes: Read) -> None:
    data = bytearray(_zip([("a/data.pkl", EMPTY_DICT)]))
    data[data.index(b"PK\x01\x02") + 42] = 7
    with pytest.raises(CheckpointError):
        read_bytes(bytes(data))


def test_a_pickle_without_its_generator(read_bytes: Read, nvidia: Callable[..., object]) -> None:
    with pytest.raises(CheckpointError, match="under G_ema; this one has G, D"):
        read_bytes(pickle.dumps({"G": None, "D": None}))
    with pytest.raises(CheckpointError, match="expected G_ema to be a generator, found NoneType"):
        read_bytes(pickle.dumps({"G_ema": None}))
    with pytest.raises(CheckpointError, match="found list"):
        read_bytes(pickle.dumps([1]))
    with pytest.raises(CheckpointError, match="list its parts by name"):
        read_bytes(pickle.dumps({"G_ema": nvidia("G", {"_modules": [1]})}))
