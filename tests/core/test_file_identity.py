import os
from pathlib import Path

import pytest

from tugan.core.errors import OutputError
from tugan.core.file_identity import check_apart, is_same_file


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "mask.png"
    path.parent.mkdir()
    path.write_bytes(b"mask")
    return path


def by_name(mask: Path) -> Path:
    return mask


def by_detour(mask: Path) -> Path:
    return mask.parent / ".." / mask.parent.name / mask.name


def by_relative_name(mask: Path) -> Path:
    return Path(os.path.relpath(mask))


def by_symbolic_link(mask: Path) -> Path:
    link = mask.parent / "link.png"
    link.symlink_to(mask)
    return link


def by_hard_link(mask: Path) -> Path:
    link = mask.parent / "hard.png"
    link.hardlink_to(mask)
    return link


def by_linked_folder(mask: Path) -> Path:
    link = mask.parent.parent / "linked"
    link.symlink_to(mask.parent)
    return link / mask.name


@pytest.mark.parametrize(
    "named",
    [by_name, by_detour, by_relative_name, by_symbolic_link, by_hard_link, by_linked_folder],
)
def test_a_result_is_not_written_over_what_is_read(mask: Path, named: object) -> None:
    assert callable(named)
    with pytest.raises(OutputError, match="is what --mask reads, and would be written over"):
        check_apart({"--out": named(mask)}, {"--mask": mask})


def test_two_results_that_are_not_there_yet_have_a_file_each(tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(tmp_path)
    one, same = tmp_path / "a.png", tmp_path / "linked" / "a.png"
    with pytest.raises(OutputError, match="two results would go to the same file"):
        check_apart({"--out": one, "--video": None, "--save-project": same})
    check_apart({"--out": one, "--save-project": tmp_path / "b.png"})


def test_other_files_are_other_files(mask: Path, tmp_path: Path) -> None:
    other = mask.parent / "other.png"
    assert not is_same_file(other, mask)
    other.write_bytes(b"mask")
    assert not is_same_file(other, mask)
    assert not is_same_file(tmp_path / "new" / "mask.png", mask)
    assert not is_same_file(Path("a" * 300), mask)
