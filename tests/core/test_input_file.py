import os
from pathlib import Path

import pytest

from tugan.core.errors import InvalidDragError, TuganError
from tugan.core.input_file import check_input, read_input


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello")
    assert read_input(tmp_path / "a", what="file", most_bytes=5) == b"hello"
    check_input(tmp_path / "a", what="file", most_bytes=5)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert read_input(tmp_path / "b", what="file", most_bytes=5) == b"hello"


def test_the_error_is_the_callers_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidDragError, match=r"^there is no mask file .*none$"):
        read_input(tmp_path / "none", what="mask file", most_bytes=5, error=InvalidDragError)
    with pytest.raises(TuganError, match="is a folder: give a file"):
        read_input(tmp_path, what="file", most_bytes=5)
    (tmp_path / "a").write_bytes(b"hello!")
    with pytest.raises(TuganError, match="has 6 bytes; at most 5 bytes are read"):
        read_input(tmp_path / "a", what="file", most_bytes=5)
    with pytest.raises(TuganError, match="is no name of a file"):
        read_input(Path("a\0b"), what="file", most_bytes=5)


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and devices")
def test_nothing_else_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (Path("/dev/zero"), "a device")):
        with pytest.raises(TuganError, match=kind):
            read_input(path, what="file", most_bytes=5)
    (tmp_path / "a").write_bytes(b"hello")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(TuganError, match="is a link"):
        read_input(tmp_path / "b", what="file", most_bytes=5, links=False)


@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="needs files without a size")
def test_a_file_that_says_it_is_empty_is_read_no_further_than_allowed() -> None:
    assert read_input(Path("/proc/self/maps"), what="file", most_bytes=1 << 30)
    with pytest.raises(TuganError, match="goes on beyond 10 bytes"):
        read_input(Path("/proc/self/maps"), what="file", most_bytes=10)
