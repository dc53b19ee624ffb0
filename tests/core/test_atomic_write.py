import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tugan.core.atomic_write import atomic_path, check_writable, left_behind
from tugan.core.errors import OutputError


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_half(path: Path, failure: BaseException) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        raise failure


def test_the_file_is_there_after_the_block_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["a.txt"]


def test_an_old_file_is_replaced_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failure_inside_leaves_the_old_file_and_no_temporary_one(
    tmp_path: Path, failure: type[BaseException]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(failure):
        write_half(path, failure())
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


def test_a_full_disk_is_an_output_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(OutputError, match=r"cannot write .*a\.txt: No space left"):
        write_half(path, OSError(28, "No space left on device"))
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["a.png", "a.b.webm", "plain", "two words.gif"])
def test_the_temporary_path_keeps_the_suffix_and_the_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with atomic_path(path) as temporary:
        assert temporary.suffix == path.suffix
        assert temporary.parent == path.parent
    assert names_in(tmp_path) == [name]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_permissions_follow_the_umask(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "a.txt"
    with umask(mask), atomic_path(path) as temporary:
        temporary.write_text("x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "a.txt"
    with atomic_path(path) as temporary:
        temporary.write_text("x")
    assert path.read_text() == "x"


def test_a_folder_is_no_place_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is a folder; give a file name"):
        check_writable(tmp_path)


def test_below_a_file_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file/a.txt", tmp_path / "file/deeper/a.txt"):
        with pytest.raises(OutputError, match="is a file, not a folder"):
            check_writable(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_cannot_be_written_to(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        check_writable(closed / "a.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may overwrite anything")
def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.touch(mode=0o400)
    with pytest.raises(OutputError, match="cannot overwrite"):
        check_writable(path)


def test_checking_leaves_no_file(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.txt")
    assert names_in(tmp_path) == []


def test_a_name_may_be_as_long_as_the_disk_takes(tmp_path: Path) -> None:
    with atomic_path(tmp_path / f"{'a' * 245}.png") as temporary:
        temporary.touch()
    with pytest.raises(OutputError), atomic_path(tmp_path / f"{'a' * 300}.png"):
        pass


def test_a_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.tugan"
    os.mkfifo(pipe)
    with pytest.raises(OutputError):
        check_writable(pipe)


def test_a_private_file_is_the_users_alone_and_the_umask_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    seen: list[int] = []
    before = os.umask

    def spy(mask: int) -> int:
        seen.append(mask)
        return before(mask)

    with umask(0), pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "umask", spy)
        with atomic_path(path, private=True) as temporary:
            assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
            temporary.write_text("mine")
        with atomic_path(tmp_path / "b.txt", synced=True) as temporary:
            temporary.write_text("ours")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "b.txt").stat().st_mode) == 0o666
    assert seen == []


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    with atomic_path(path) as temporary:
        temporary.write_text("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_a_killed_write_left_is_found_and_nothing_else(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a[1].tugan") as mine, atomic_path(tmp_path / "ab.tugan") as other:
        mine.write_text("half")
        other.write_text("half")
        assert left_behind(tmp_path, "a[1]") == [mine]
        assert left_behind(tmp_path, "ab") == [other]
        assert left_behind(tmp_path, "a") == []
    assert left_behind(tmp_path, "ab") == []


def test_a_name_of_255_bytes_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 125 + "a.png")
    assert len(path.name.encode()) == 255
    with atomic_path(path) as temporary:
        temporary.write_text("new")
    assert names_in(tmp_path) == [path.name]
