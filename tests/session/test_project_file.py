from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch

from core.ways import way_of
from tugan.core.errors import OutputError
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.session.project_file import (
    ModelReference,
    Project,
    ProjectFileError,
    ProjectHeader,
    check_model,
    load_project,
    save_project,
)


def a_header() -> ProjectHeader:
    return ProjectHeader(
        model=ModelReference(name_or_path="faces-1024", fingerprint="0123456789abcdef"),
        settings=replace(DragSettings.original(), rows=3, learning_rate=0.0123),
        noise="none",
        outcome=Outcome.of(Ending.STEP_LIMIT, steps=3, way=way_of((40, 12.5), (9, 1))),
    )


@pytest.fixture
def project() -> Project:
    """Small, with every part set and a mask that is not square."""
    torch.manual_seed(0)
    return Project(
        header=a_header(),
        ws=torch.randn(1, 4, 8),
        handles_xy=torch.tensor([[0.1, 0.2], [3.0, 4.0]]),
        targets_xy=torch.tensor([[5.0, 6.0], [7.0, 8.0]]),
        mask=(torch.rand(6, 9) * 255).round() / 255,
        result_ws=torch.randn(1, 4, 8),
        result_handles_xy=torch.tensor([[4.9, 6.1], [7.0, 8.5]]),
    )


@pytest.fixture
def saved(tmp_path: Path, project: Project) -> Path:
    path = tmp_path / "a.tugan"
    save_project(path, project)
    return path


def assert_same(one: Project, other: Project) -> None:
    assert one.header == other.header
    for field in fields(Project):
        if field.name == "header":
            continue
        first, second = getattr(one, field.name), getattr(other, field.name)
        if first is None or second is None:
            assert first is second
        else:
            assert first.dtype == second.dtype
            assert torch.equal(first, second), field.name


def test_a_project_comes_back_bit_for_bit(saved: Path, project: Project) -> None:
    assert_same(load_project(saved), project)


def test_a_project_without_a_mask_or_an_outcome_comes_back(
    tmp_path: Path, project: Project
) -> None:
    header = project.header.model_copy(update={"outcome": None})
    bare = replace(project, header=header, mask=None)
    save_project(tmp_path / "b.tugan", bare)
    assert_same(load_project(tmp_path / "b.tugan"), bare)


def test_a_drag_that_never_moved_can_be_saved(tmp_path: Path, project: Project) -> None:
    unmoved = replace(project, result_ws=project.ws, result_handles_xy=project.handles_xy)
    save_project(tmp_path / "b.tugan", unmoved)
    assert_same(load_project(tmp_path / "b.tugan"), unmoved)


def test_nobody_else_can_see_a_half_written_project(saved: Path) -> None:
    assert [path.name for path in saved.parent.iterdir()] == ["a.tugan"]


def test_a_project_has_no_place_below_a_file(saved: Path, project: Project) -> None:
    with pytest.raises(OutputError):
        save_project(saved / "b.tugan", project)


def test_saving_again_replaces_the_file(saved: Path, project: Project) -> None:
    moved = replace(project, handles_xy=project.handles_xy + 1)
    save_project(saved, moved)
    assert_same(load_project(saved), moved)


def test_a_missing_project_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ProjectFileError, match=r"there is no project file .*gone\.tugan"):
        load_project(tmp_path / "gone.tugan")


def test_a_folder_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectFileError):
        load_project(tmp_path)


def test_the_model_of_a_project_is_recognised(project: Project) -> None:
    check_model(project.header, fingerprint="0123456789abcdef")


def test_another_model_is_refused_and_both_are_named(project: Project) -> None:
    with pytest.raises(ProjectFileError) as caught:
        check_model(project.header, fingerprint="fedcba9876543210")
    for part in ("faces-1024", "0123456789abcdef", "fedcba9876543210", "--model"):
        assert part in str(caught.value)


def test_newtons_settings_come_back(tmp_path: Path, project: Project) -> None:
    settings = NewtonSettings(rows=3, blocks_px=(32, 64), coupling=0.4)
    header = project.header.model_copy(update={"solver": "newton", "settings": settings})
    save_project(tmp_path / "n.tugan", replace(project, header=header))
    loaded = load_project(tmp_path / "n.tugan").header
    assert loaded.solver == "newton"
    assert loaded.settings == settings
