"""Our reader of safetensors files, against the library that writes them."""

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save, save_file
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.safetensors_file import read_safetensors

DTYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64),
    *(torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
)


def read(path: Path) -> tuple[dict[str, Tensor], str | None]:
    with path.open("rb") as file:
        return read_safetensors(file, os.fstat(file.fileno()).st_size)


def test_it_reads_what_the_library_reads(tmp_path: Path) -> None:
    path = tmp_path / "file"
    written = {str(dtype): torch.tensor([[0, 1, 3], [5, 7, 100]]).to(dtype) for dtype in DTYPES}
    written |= {"scalar": torch.tensor(2.5), "empty": torch.zeros(0, 4), "ä.ö": torch.ones(1)}
    save_file(written, path)
    ours, config = read(path)
    theirs = load_file(path)
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.dtype
        assert torch.equal(ours[name], tensor)
    assert config is None


def test_of_the_metadata_the_config_is_kept(tmp_path: Path) -> None:
    save_file({"t": torch.ones(1)}, tmp_path / "file", metadata={"config": "{}", "format": "pt"})
    assert read(tmp_path / "file")[1] == "{}"


def test_a_file_without_tensors_is_empty(tmp_path: Path) -> None:
    save_file({}, tmp_path / "file")
    assert read(tmp_path / "file") == ({}, None)


def test_a_type_that_is_not_read_is_named_with_its_tensor(tmp_path: Path) -> None:
    save_file({"small": torch.ones(4).to(torch.float8_e5m2)}, tmp_path / "file")
    with pytest.raises(CheckpointError, match="expected small in the safetensors header"):
        read(tmp_path / "file")


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    save_file({"t": torch.ones(100_000)}, tmp_path / "file")
    size = (tmp_path / "file").stat().st_size
    with (tmp_path / "file").open("r+b") as file:
        file.truncate(size // 2)
    with (
        (tmp_path / "file").open("rb") as file,
        pytest.raises(CheckpointError, match="the file changed while it was read"),
    ):
        read_safetensors(file, size)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-32-le"])
def test_a_header_is_utf8_and_no_other_codec_is_looked_for(encoding: str, tmp_path: Path) -> None:
    data = save({"t": torch.ones(2)})
    length = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + length].decode().encode(encoding)
    path = tmp_path / "file"
    path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + length :])
    with pytest.raises(CheckpointError, match="begin with a JSON header"):
        read(path)
