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


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone.pkl")
    with pytest.raises(CheckpointError, match=r"No such file.*it is a symbolic link to gone\.pkl"):
        read_checkpoint(tmp_path / "link")


def test_links_that_lead_in_a_circle_are_named(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(CheckpointError, match=r"symbolic links.*it is a symbolic link to b"):
        read_checkpoint(tmp_path / "a")


def test_a_link_to_a_file_is_read(tmp_path: Path, small_nvidia_pickle: bytes) -> None:
    (tmp_path / "real").write_bytes(small_nvidia_pickle)
    (tmp_path / "link").symlink_to("real")
    assert read_checkpoint(tmp_path / "link").format == "nvidia-pickle"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="Linux has a file like this")
def test_a_file_that_cannot_be_read_is_named() -> None:
    """A regular file whose first byte nobody may read, whoever asks."""
    with pytest.raises(CheckpointError, match=r"/mem: expected a file or folder that can be read"):
        read_checkpoint(Path("/proc/self/mem"))


def test_a_file_without_permission_is_named(tmp_path: Path, small_nvidia_pickle: bytes) -> None:
    path = tmp_path / "closed"
    path.write_bytes(small_nvidia_pickle)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(CheckpointError, match="can be read: Permission denied"):
        read_checkpoint(path)
