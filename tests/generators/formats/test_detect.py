"""Formats are told apart by content, and what is none of them is called by its name."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from tugan.core.errors import CheckpointError
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.detect import read_checkpoint

Read = Callable[[bytes], RawCheckpoint]
Save = Callable[..., bytes]


@pytest.mark.parametrize("name", ["a.pkl", "a.pt", "a.safetensors", "a.png", "a"])
def test_names_do_not_matter(
    tmp_path: Path, saved: Save, small_nvidia_pickle: bytes, name: str
) -> None:
    contents = {
        "nvidia-pickle": [small_nvidia_pickle],
        "torch": [saved({"t": torch.ones(1)}), saved({"t": torch.ones(1)}, legacy=True)],
        "safetensors": [save({"t": torch.ones(1)})],
    }
    for format_name, files in contents.items():
        for data in files:
            (tmp_path / name).write_bytes(data)
            assert read_checkpoint(tmp_path / name).format == format_name


TAR = b"a" * 257 + b"ustar" + b"\0" * 250


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "file is empty: its download probably failed"),
        (b"<!DOCTYPE html><html>", "looks like a web page: the download probably failed"),
        (b"\n  <html lang='en'>", "looks like a web page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Error>", "looks like a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "git-lfs pointer"),
        (b"\x1f\x8b\x08\0\0\0", "gzip archive: unpack it"),
        (TAR, "tar archive: unpack it"),
        (b"\x89PNG\r\n\x1a\n", "PNG picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG picture"),
        (b"hello world, this is text", "first bytes are b'hello world, thi'"),
        (b"\0" * 100, "first bytes are"),
        (b"cos\nsystem\n(X\x01\0\0\0atR.", "first bytes are"),
        (b"PK\x05\x06" + b"\0" * 18, "first bytes are"),
        (b"\x80\xff", "expected a pickle of protocol 2 to 5, found 255"),
    ],
)
def test_other_files_are_called_by_their_name(read_bytes: Read, data: bytes, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        read_bytes(data)
    assert "expected" in str(caught.value)


def test_a_folder_without_the_files_lists_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="it holds nothing"):
        read_checkpoint(tmp_path)
    (tmp_path / "notes.txt").touch()
    (tmp_path / "config.json").touch()
    with pytest.raises(
        CheckpointError, match=r"but model\.safetensors is missing; it holds config\.json, notes"
    ):
        read_checkpoint(tmp_path)


def test_a_path_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere: expected a file .*No such file"):
        read_checkpoint(tmp_path / "nowhere")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CheckpointError, match="neither a file nor a folder"):
        read_checkpoint(tmp_path / "pipe")
