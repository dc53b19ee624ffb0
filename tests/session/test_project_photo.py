"""Projects with a photograph in them, whole and damaged."""

import hashlib
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from render.carriers import CARRIERS, traces, traces_in
from tugan.core.errors import TuganError
from tugan.dragging.settings import DragSettings
from tugan.inversion.align import manual_crop
from tugan.inversion.delta import GeneratorDelta
from tugan.inversion.photo_edit import PhotoEdit, PhotoEditError, PhotoSource
from tugan.inversion.photo_edit_file import save_photo_edit
from tugan.session.project_archive import MANIFEST, PHOTO_EDIT, PHOTO_ORIGINAL, PHOTO_TENSORS
from tugan.session.project_file import (
    ModelReference,
    Project,
    ProjectFileError,
    ProjectHeader,
    load_project,
    read_history,
    save_project,
    write_history,
)
from tugan.session.project_photo import is_photo_alone

Members = dict[str, bytes]


@pytest.fixture
def edit() -> PhotoEdit:
    """Small, tuned."""
    torch.manual_seed(0)
    change = torch.randn(3, 2).half()
    return PhotoEdit(
        source=PhotoSource.of(CARRIERS["jpeg exif"](), name="/home/me/me.jpg"),
        alignment=manual_crop((50, 60), side_px=40, angle_deg=10),
        model_name="faces-1024",
        fingerprint="0123456789abcdef",
        ws=torch.randn(1, 4, 8),
        delta=GeneratorDelta(
            model_name="faces-1024", fingerprint="0123456789abcdef", changes={"a.b": change}
        ),
    )


@pytest.fixture
def saved(tmp_path: Path, edit: PhotoEdit) -> Path:
    """A project of it."""
    model = ModelReference(name_or_path="faces-1024", fingerprint="0123456789abcdef")
    project = Project(
        header=ProjectHeader(model=model, settings=DragSettings.original()),
        ws=edit.ws,
        handles_xy=torch.tensor([[1.0, 2.0]]),
        targets_xy=torch.tensor([[3.0, 4.0]]),
        result_ws=edit.ws + 1,
        result_handles_xy=torch.tensor([[2.0, 3.0]]),
        photo=edit,
    )
    save_project(tmp_path / "a.tugan", project)
    return tmp_path / "a.tugan"


def rewritten(path: Path, change: Callable[[Members], None], *, packed: str = "") -> None:
    """The same archive with other members."""
    with zipfile.ZipFile(path) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as written:
        for name, content in members.items():
            kind = zipfile.ZIP_DEFLATED if name == packed else zipfile.ZIP_STORED
            written.writestr(name, content, compress_type=kind)


def test_the_photograph_comes_back(saved: Path, edit: PhotoEdit) -> None:
    found = load_project(saved).photo
    assert found is not None
    assert found.source == edit.source
    assert found.alignment == edit.alignment
    assert found.ws.equal(edit.ws)
    assert found.delta is not None
    assert edit.delta is not None
    assert found.delta.changes["a.b"].equal(edit.delta.changes["a.b"])
    assert (found.stage, found.fingerprint) == (edit.stage, edit.fingerprint)


def test_a_photograph_kept_by_name_alone_comes_back(saved: Path) -> None:
    rewritten(saved, lambda members: drop(members, PHOTO_ORIGINAL))
    found = load_project(saved).photo
    assert found is not None
    assert found.source.content is None


def test_no_place_and_no_folder_is_in_it(saved: Path) -> None:
    assert traces(CARRIERS["jpeg exif"]())
    assert traces_in(saved) == []
    assert b"/home/me" not in saved.read_bytes()
    found = load_project(saved).photo
    assert found is not None
    assert found.source.name == "me.jpg"
    assert found.source.sha256 == hashlib.sha256(CARRIERS["jpeg exif"]()).hexdigest()


def test_an_older_project_opens_with_its_place_and_is_saved_without(
    saved: Path, tmp_path: Path
) -> None:
    given = CARRIERS["jpeg exif lying"]()

    def older(members: dict[str, bytes]) -> None:
        header = json.loads(members[PHOTO_EDIT])
        del header["photo_kept_sha256"]
        header |= {"photo_sha256": hashlib.sha256(given).hexdigest(), "format_version": 1}
        members[PHOTO_EDIT] = json.dumps(header | {"photo_name": "/home/me/me.jpg"}).encode()
        members[PHOTO_ORIGINAL] = given

    rewritten(saved, older)
    assert traces_in(saved)
    project = load_project(saved)
    assert project.photo is not None
    before = project.photo.source.read()
    save_project(tmp_path / "b.tugan", project)
    write_history(tmp_path / "c.tugan", read_history(saved))
    for path in (tmp_path / "b.tugan", tmp_path / "c.tugan"):
        assert traces_in(path) == []
        again = load_project(path).photo
        assert again is not None
        assert again.source.name == "me.jpg"
        assert again.source.sha256 == hashlib.sha256(given).hexdigest()
        assert np.array_equal(again.source.read().pixels, before.pixels)


def test_what_was_kept_and_changed_since_is_not_taken_for_it(saved: Path, tmp_path: Path) -> None:
    other = CARRIERS["png exif"]()
    rewritten(saved, lambda members: members.update({PHOTO_ORIGINAL: other}))
    project = load_project(saved)
    assert project.photo is not None
    with pytest.raises(PhotoEditError, match="its content changed"):
        project.photo.source.read()
    save_project(tmp_path / "b.tugan", project)
    assert traces_in(tmp_path / "b.tugan") == []
    again = load_project(tmp_path / "b.tugan").photo
    assert again is not None
    with pytest.raises(PhotoEditError, match="only its name is in the project"):
        again.source.read()


def test_a_photograph_that_this_machine_cannot_read_is_not_opened_to_be_lost(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"\0\0\0\x18ftypheic" + bytes(64)
    rewritten(saved, lambda members: members.update({PHOTO_ORIGINAL: content}))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ProjectFileError, match=r"tugan\[heic\]"):
        load_project(saved)


def test_its_history_has_the_photograph(saved: Path, edit: PhotoEdit) -> None:
    for source in (saved, saved.read_bytes()):
        documents = [entry.document for entry in read_history(source).entries]
        photos = {document.photo for document in documents}
        assert len(photos) == 1
        photo = photos.pop()
        assert photo is not None
        assert photo.edit.source == edit.source


def test_in_version_3_the_one_photograph_was_all_entries(saved: Path) -> None:
    def older(members: dict[str, bytes]) -> None:
        manifest = json.loads(members[MANIFEST])
        manifest["format_version"] = 3
        for entry in manifest["entries"]:
            del entry["document"]["photo"]
        members[MANIFEST] = json.dumps(manifest).encode()

    rewritten(saved, older)
    assert load_project(saved).photo is not None
    assert all(entry.document.photo is not None for entry in read_history(saved).entries)


def test_a_photograph_that_is_not_there_is_missed(saved: Path) -> None:
    def other(members: dict[str, bytes]) -> None:
        members[MANIFEST] = members[MANIFEST].replace(b'"photo":"photo"', b'"photo":"photo-7"')

    rewritten(saved, other)
    with pytest.raises(ProjectFileError, match="damaged: it lacks photo-7"):
        read_history(saved)


def test_what_was_inverted_only_is_told_from_projects(
    saved: Path, edit: PhotoEdit, tmp_path: Path
) -> None:
    save_photo_edit(tmp_path / "me.tugan", edit)
    (tmp_path / "text.tugan").write_text("hello")
    assert is_photo_alone(tmp_path / "me.tugan")
    assert not is_photo_alone(saved)
    assert not is_photo_alone(tmp_path / "text.tugan")
    assert not is_photo_alone(tmp_path / "none.tugan")


def drop(members: Members, name: str) -> None:
    del members[name]


def put(members: Members, name: str, content: bytes) -> None:
    members[name] = content


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (PHOTO_EDIT, None, "lacks photo/edit.json"),
        (PHOTO_TENSORS, None, "lacks photo/tensors.safetensors"),
        (PHOTO_EDIT, b"{}", "is wrong"),
        (PHOTO_EDIT, b"\xff\xfe", "cannot be read"),
        (PHOTO_EDIT, b" " * (1 << 20) + b"{}", "too large: photo/edit.json"),
        (PHOTO_TENSORS, b"hello", "cannot be read"),
        (PHOTO_TENSORS, save({"ws": torch.ones(1, 4, 8).long()}), "ws of its photograph is not"),
        (PHOTO_TENSORS, save({"ws": torch.full((1, 4, 8), torch.nan)}), "not finite"),
        (PHOTO_TENSORS, save({"no": torch.ones(1)}), "ws is missing"),
        ("photo/more", b"", "which no project has"),
        ("photo/../edit.json", b"", "which no project has"),
    ],
)
def test_damaged_ones_are_refused(saved: Path, name: str, content: bytes | None, said: str) -> None:
    if content is None:
        rewritten(saved, lambda members: drop(members, name))
    else:
        rewritten(saved, lambda members: put(members, name, content))
    with pytest.raises(TuganError, match=said):
        load_project(saved)


def test_tensors_must_be_plain(saved: Path) -> None:
    rewritten(saved, lambda _: None, packed=PHOTO_TENSORS)
    with pytest.raises(ProjectFileError, match="packed tensors"):
        load_project(saved)
