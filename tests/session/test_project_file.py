import json
import struct
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tugan.core.errors import OutputError
from tugan.core.outcome import Outcome
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

Damage = Callable[[bytes], bytes]


def a_header() -> ProjectHeader:
    return ProjectHeader(
        model=ModelReference(name_or_path="faces-1024", fingerprint="0123456789abcdef"),
        settings=replace(DragSettings.original(), rows=3, learning_rate=0.0123),
        noise="none",
        outcome=Outcome.out_of_steps(steps=3, farthest_px=12.5),
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
        mask=torch.rand(6, 9),
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


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 100, 0.5, 0.9, -1])
def test_a_truncated_project_is_refused(saved: Path, kept: float) -> None:
    whole = saved.read_bytes()
    end = int(len(whole) * kept) if isinstance(kept, float) else kept
    saved.write_bytes(whole[:end])
    with pytest.raises(ProjectFileError, match=r"a\.tugan is not a tugan project"):
        load_project(saved)


@pytest.mark.parametrize(
    "content",
    [b"garbage", b"\x80\x04K\x01.", b"PK\x03\x04" + bytes(100), b"\xff" * 64, b"{}", bytes(64)],
)
def test_garbage_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tugan"
    path.write_bytes(content)
    with pytest.raises(ProjectFileError, match=r"a\.tugan is not a tugan project"):
        load_project(path)


def test_every_single_damaged_byte_of_the_header_is_survived(saved: Path) -> None:
    whole = saved.read_bytes()
    (length,) = struct.unpack("<Q", whole[:8])
    refused = 0
    for place in range(0, 8 + length, 7):
        saved.write_bytes(whole[:place] + b"\x00" + whole[place + 1 :])
        try:
            load_project(saved)
        except ProjectFileError:
            refused += 1
    assert refused > length / 10


def test_tensors_without_a_header_are_no_project(tmp_path: Path) -> None:
    save_file({"ws": torch.zeros(1, 4, 8)}, tmp_path / "a.tugan")
    with pytest.raises(ProjectFileError, match="holds tensors but no tugan project"):
        load_project(tmp_path / "a.tugan")


def tensors_of(project: Project) -> dict[str, Tensor]:
    names = (field.name for field in fields(Project) if field.name != "header")
    return {name: getattr(project, name) for name in names}


def write(path: Path, header: str, tensors: dict[str, Tensor]) -> None:
    save_file(tensors, path, metadata={"tugan_project": header})


def with_changes(**changes: object) -> str:
    return json.dumps(json.loads(a_header().model_dump_json()) | changes)


@pytest.mark.parametrize(
    ("header", "place"),
    [
        (with_changes(format_version=3), "format_version"),
        (with_changes(format_version="one"), "format_version"),
        (with_changes(model="faces-1024"), "model"),
        (with_changes(model={"name_or_path": "a"}), "model.fingerprint"),
        (with_changes(solver="magic"), "solver"),
        (with_changes(noise="loud"), "noise"),
        (with_changes(settings={"rows": "many"}), "settings.rows"),
        (with_changes(settings={"rows": 0}), "settings"),
        (with_changes(settings={"learning_rate": -1}), "settings"),
        (with_changes(settings={"learning_rate": float("nan")}), "settings"),
        (with_changes(settings={"latent": "z"}), "settings.latent"),
        (with_changes(settings=[]), "settings"),
        (with_changes(outcome="fine"), "outcome"),
        (with_changes(outcome={"ending": "lost", "sentence": "Gone."}), "outcome.ending"),
        (with_changes(surprise=1), "surprise"),
        ("{}", "model"),
        ("[]", ""),
        ("not JSON", ""),
    ],
)
def test_a_wrong_header_is_refused_at_its_place(
    tmp_path: Path, project: Project, header: str, place: str
) -> None:
    path = tmp_path / "a.tugan"
    write(path, header, tensors_of(project))
    with pytest.raises(ProjectFileError, match=rf"a\.tugan is damaged.*{place}.*: "):
        load_project(path)


@pytest.mark.parametrize(
    "name", ["ws", "handles_xy", "targets_xy", "result_ws", "result_handles_xy"]
)
def test_a_missing_tensor_is_named(tmp_path: Path, project: Project, name: str) -> None:
    tensors = tensors_of(project)
    del tensors[name]
    write(tmp_path / "a.tugan", a_header().model_dump_json(), tensors)
    with pytest.raises(ProjectFileError, match=rf"damaged: it lacks {name}"):
        load_project(tmp_path / "a.tugan")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ws", torch.zeros(4, 8)),
        ("result_ws", torch.zeros(8)),
        ("handles_xy", torch.zeros(2, 3)),
        ("handles_xy", torch.zeros(5, 2)),
        ("targets_xy", torch.zeros(4)),
        ("result_handles_xy", torch.zeros(2, 1)),
        ("mask", torch.zeros(1, 6, 9)),
    ],
)
def test_a_tensor_of_the_wrong_shape_is_refused(
    tmp_path: Path, project: Project, name: str, value: Tensor
) -> None:
    write(tmp_path / "a.tugan", a_header().model_dump_json(), tensors_of(project) | {name: value})
    with pytest.raises(ProjectFileError, match=name):
        load_project(tmp_path / "a.tugan")


def test_other_number_types_are_read_as_float32(tmp_path: Path, project: Project) -> None:
    tensors = tensors_of(project) | {"handles_xy": torch.tensor([[1, 2], [3, 4]])}
    tensors["ws"] = project.ws.double()
    write(tmp_path / "a.tugan", a_header().model_dump_json(), tensors)
    loaded = load_project(tmp_path / "a.tugan")
    assert loaded.handles_xy.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert torch.equal(loaded.ws, project.ws)


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


def test_settings_of_another_solver_are_refused(tmp_path: Path, project: Project) -> None:
    header = project.header.model_copy(update={"solver": "newton"})
    save_project(tmp_path / "n.tugan", replace(project, header=header))
    with pytest.raises(ProjectFileError, match="not of the solver newton"):
        load_project(tmp_path / "n.tugan")
