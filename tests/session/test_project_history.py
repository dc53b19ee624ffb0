"""Histories in files: round trips, and what every kind of damage is answered with."""

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save

from core.ways import way_of
from session.conftest import Person
from session.documents import a_document, same_history
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.checkpoint import Nearest
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.saved_state import SavedAdam, SavedNewton
from tugan.session.document import (
    AskedPoint,
    Document,
    DragRecord,
    PointPair,
    SavedRun,
    Start,
    Trail,
    TrailStep,
)
from tugan.session.history import History
from tugan.session.packed_mask import PackedMask
from tugan.session.project_file import (
    ProjectFileError,
    history_bytes,
    load_project,
    read_history,
    write_history,
)
from tugan.session.project_records import FORMAT_VERSION

places = st.tuples(*[st.floats(0, 1e5, width=32)] * 2)
Draw = Callable[..., Any]
"""Of values: ``data.draw``."""
distances = st.floats(0, width=64) | st.just(float("inf"))


def tensors(draw: Draw, *shape: int) -> torch.Tensor:
    seed = draw(st.integers(0, 3))
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def masks(draw: Draw) -> PackedMask:
    seed = draw(st.integers(0, 2))
    return PackedMask(np.random.default_rng(seed).integers(0, 256, (6, 9), dtype=np.uint8))


def points(draw: Draw) -> tuple[PointPair, ...]:
    ids = draw(st.lists(st.integers(0, 99), unique=True, max_size=4))
    return tuple(
        PointPair(
            id=one,
            start_xy=draw(places),
            handle_xy=draw(places),
            goal_xy=draw(st.none() | places),
            lost=draw(st.booleans()),
        )
        for one in ids
    )


def records(draw: Draw) -> DragRecord:
    asked = [
        AskedPoint(id=draw(st.integers(-1, 9)), handle_xy=draw(places), goal_xy=draw(places))
        for _ in range(draw(st.integers(0, 3)))
    ]
    return DragRecord(
        start_ws=tensors(draw, 1, 4, 8),
        points=tuple(asked),
        packed_mask=masks(draw) if draw(st.booleans()) else None,
        solver="adam",
        settings=DragSettings.original(),
    )


def runs(draw: Draw) -> SavedRun:
    nearest = Nearest(
        index=2,
        ws=tensors(draw, 1, 4, 8),
        handles_xy=tensors(draw, 2, 2),
        lost=torch.tensor([draw(st.booleans()), False]),
    )
    state: SavedAdam | SavedNewton
    if draw(st.booleans()):
        state = SavedAdam(
            steps=3,
            move=tensors(draw, 4, 8),
            mean=tensors(draw, 4, 8),
            square=tensors(draw, 4, 8),
            count=3,
            handles_xy=tensors(draw, 2, 2),
            least_left_px=draw(distances),
            least_left_step=1,
        )
    else:
        masked = draw(st.booleans())
        state = SavedNewton(
            steps=3,
            move=tensors(draw, 4, 8),
            level=0,
            expected_xy=tensors(draw, 2, 2),
            seen_xy=tensors(draw, 2, 2),
            damping=draw(st.floats(1e-300, 1e300)),
            jacobian=tensors(draw, 4, 32) if draw(st.booleans()) else None,
            last_change=tensors(draw, 32) if draw(st.booleans()) else None,
            held_directions=tensors(draw, 3, 32) if masked else None,
            held_products=tensors(draw, 3, 32) if masked else None,
            age=1,
            left_px=draw(distances),
            waited=0,
            least_left_px=draw(distances),
            least_left_step=1,
        )
    return SavedRun(state=state, nearest=nearest if draw(st.booleans()) else None)


def trails(draw: Draw) -> Trail:
    steps = tuple(
        TrailStep(
            step=index,
            rows=tensors(draw, 2, 8),
            handles_xy=tensors(draw, 1, 2),
            goals_xy=tensors(draw, 1, 2),
        )
        for index in range(draw(st.integers(0, 3)))
    )
    return Trail(start_ws=tensors(draw, 1, 4, 8), steps=steps)


def documents(draw: Draw) -> Document:
    return replace(
        a_document(),
        start=Start(
            seed=draw(st.none() | st.integers(0, 2**32 - 1)),
            psi=draw(st.floats(-2, 2)),
            label=draw(st.none() | st.integers(0, 9)),
            noise=draw(st.sampled_from(["const", "random", "none"])),
        ),
        origin_ws=tensors(draw, 1, 4, 8),
        ws=tensors(draw, 1, 4, 8),
        points=points(draw),
        packed_mask=masks(draw) if draw(st.booleans()) else None,
        record=records(draw) if draw(st.booleans()) else None,
        run=runs(draw) if draw(st.booleans()) else None,
        trail=trails(draw) if draw(st.booleans()) else None,
        outcome=outcomes(draw) if draw(st.booleans()) else None,
        steps=draw(st.integers(0, 1000)),
    )


def outcomes(draw: Draw) -> Outcome:
    if draw(st.booleans()):
        # as versions before 7 wrote it
        return Outcome(ending=Ending.STEP_LIMIT, sentence="Stopped.")
    px = st.floats(0, 1000)
    way = way_of((draw(px), draw(px)), (draw(px), draw(px)), lost=draw(st.sampled_from([(), (1,)])))
    return Outcome.of(draw(st.sampled_from(Ending)), steps=3, way=way)


def histories(draw: Draw) -> History:
    history = History.begun(documents(draw), text="Start")
    for _ in range(draw(st.integers(0, 5))):
        if draw(st.booleans()) and history.can_undo:
            history = history.undone()
        text = draw(st.text(max_size=20))
        history = history.added(documents(draw), text=text, has_picture=draw(st.booleans()))
    return history


# drawn in the test and not by strategies: the checks of shapes use chance, which those must not
@given(data=st.data())
@settings(max_examples=50)
def test_a_history_comes_back_to_the_bit(data: st.DataObject) -> None:
    history = histories(data.draw)
    assert same_history(read_history(history_bytes(history)), history)


def test_the_same_history_gives_the_same_bytes() -> None:
    history = History.begun(a_document(1), text="Start")
    assert history_bytes(history) == history_bytes(history)


def test_equal_tensors_are_stored_once() -> None:
    large = a_document(1, rows=4000)
    history = History.begun(large, text="0")
    for number in range(20):
        history = history.added(replace(large, steps=number, ws=large.ws.clone()), text="more")
    assert len(history_bytes(history)) < 4000 * 8 * 4 + 20_000


def test_a_session_is_saved_and_opened_and_goes_on(person: Person, tmp_path: Path) -> None:
    person.point((24, 28), (36, 34))
    person.session.set_method("adam", latent="w+", rows=4, feature_px=32, max_steps=5)
    person.drag()
    person.session.set_mask(np.full((64, 64), 200, np.uint8))
    person.session.undo()
    before, picture = person.document, person.session.picture()
    person.session.save_project(tmp_path / "a.tugan")
    person.session.set_start(99)
    person.settle()
    person.session.open_project(tmp_path / "a.tugan")
    person.settle()
    assert person.document is not before
    assert np.array_equal(person.session.picture(), picture)
    assert person.session.snapshot().can_redo
    person.session.redo()
    assert person.document.mask is not None
    assert person.document.mask.max() == 200
    person.session.undo()
    person.drag()
    assert person.document.steps == 10
    names = zipfile.ZipFile(tmp_path / "a.tugan").namelist()
    assert names == ["manifest.json", "latents.safetensors", "mask-0.png", "thumbnail.png"]
    person.session.open_project(person.session.project_bytes())
    person.settle()
    assert person.document.steps == 10


def test_the_command_line_repeats_what_the_studio_did_last(person: Person) -> None:
    from tugan.dragging.methods import make_solver
    from tugan.dragging.problem import DragProblem
    from tugan.dragging.solve import drag
    from tugan.generators.toy import ToyGenerator
    from tugan.session.project_drag import project_of_history

    person.point((24, 28), (36, 34))
    person.drag()
    project = project_of_history(read_history(person.session.project_bytes()))
    problem = DragProblem(
        generator=ToyGenerator(),
        ws=project.ws,
        handles_xy=project.handles_xy,
        targets_xy=project.targets_xy,
    )
    *_, last = drag(problem, solver=make_solver(project.header.settings))
    assert torch.equal(last.ws, person.document.ws)
    assert torch.equal(last.ws, project.result_ws)
    person.session.undo()
    planned = project_of_history(read_history(person.session.project_bytes()))
    assert planned.header.outcome is None
    assert planned.targets_xy.tolist() == [[36, 34]]


# ---- damage ----------------------------------------------------------------------------------


def a_project() -> bytes:
    mask = PackedMask(np.zeros((6, 9), np.uint8))
    document = replace(
        a_document(1),
        packed_mask=mask,
        points=(PointPair(id=1, start_xy=(1, 2), handle_xy=(1, 2), goal_xy=(3, 4)),),
    )
    history = History.begun(document, text="Start").added(a_document(2), text="Seed 2")
    return history_bytes(history)


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: list[tuple[str, bytes]], *, method: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def changed(**members: bytes | None) -> bytes:
    """A project with members replaced, or left out; ``_`` in a name is a dot."""
    kept: dict[str, bytes | None] = dict(members_of(a_project()))
    kept |= {name.replace("__", "-").replace("_", "."): one for name, one in members.items()}
    return zipped([(name, one) for name, one in kept.items() if one is not None])


def with_manifest(edit: Callable[[dict[str, Any]], object]) -> bytes:
    manifest = json.loads(members_of(a_project())["manifest.json"])
    edit(manifest)
    return changed(manifest_json=json.dumps(manifest).encode())


def first_document(manifest: dict[str, Any]) -> dict[str, Any]:
    found = manifest["entries"][0]["document"]
    assert isinstance(found, dict)
    return found


def png_of(size: tuple[int, int], mode: str = "L") -> bytes:
    target = io.BytesIO()
    Image.new(mode, size).save(target, "PNG")
    return target.getvalue()


def png_declaring(width: int, height: int) -> bytes:
    """A small file that says that it is huge."""
    whole = bytearray(png_of((4, 4)))
    whole[16:24] = struct.pack(">II", width, height)
    import zlib

    whole[29:33] = struct.pack(">I", zlib.crc32(bytes(whole[12:29])))
    return bytes(whole)


def tensors_changed(edit: Callable[[dict[str, torch.Tensor]], object]) -> bytes:
    from safetensors.torch import load

    found = load(members_of(a_project())["latents.safetensors"])
    edit(found)
    return changed(latents_safetensors=save(found))


def every(value: torch.Tensor) -> Callable[[dict[str, torch.Tensor]], object]:
    return lambda found: found.update({key: value.clone() for key in found})


def lying_about_its_size() -> bytes:
    """The directory says that the manifest is of 3 GB."""
    whole = a_project()
    at = whole.index(b"PK\x01\x02")
    return whole[: at + 24] + struct.pack("<I", 3_000_000_000) + whole[at + 28 :]


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "garbage": (lambda: b"PK\x03\x04" + bytes(100), "not a tugan project"),
    "nothing": (lambda: b"", "not a tugan project"),
    "truncated": (lambda: a_project()[:-40], "not a tugan project"),
    "half": (lambda: a_project()[: len(a_project()) // 2], "not a tugan project"),
    "traversal": (lambda: changed(**{"../../evil": b"x"}), "which no project has"),
    "absolute": (lambda: changed(**{"/etc/passwd": b"x"}), "which no project has"),
    "backslashes": (lambda: changed(**{"..\\evil": b"x"}), "which no project has"),
    "a program": (lambda: changed(**{"run_py": b"x"}), "which no project has"),
    "too many": (
        lambda: zipped([(f"mask-{i}.png", b"") for i in range(2050)]),
        "at most 2048",
    ),
    "no manifest": (lambda: changed(manifest_json=None), "lacks manifest.json"),
    "no latents": (lambda: changed(latents_safetensors=None), "lacks latents.safetensors"),
    "no mask": (lambda: changed(mask__0_png=None), "lacks mask-0.png"),
    "a lie about size": (lying_about_its_size, "too large"),
    "a bomb": (
        lambda: zipped(
            [("manifest.json", bytes(33 << 20)), ("latents.safetensors", b"")],
            method=zipfile.ZIP_DEFLATED,
        ),
        "too large",
    ),
    "packed latents": (
        lambda: zipped(list(members_of(a_project()).items()), method=zipfile.ZIP_DEFLATED),
        "packed latents",
    ),
    "no JSON": (lambda: changed(manifest_json=b"{"), "damaged in its manifest"),
    "deep JSON": (lambda: changed(manifest_json=b"[" * 100_000), "damaged"),
    "another JSON": (lambda: changed(manifest_json=b"[]"), "damaged"),
    "from the future": (
        lambda: with_manifest(lambda m: m.update(format_version=FORMAT_VERSION + 1, more="?")),
        "made by a newer tugan .*update tugan",
    ),
    "of version 0": (lambda: with_manifest(lambda m: m.update(format_version=0)), "format_version"),
    "unknown fields": (lambda: with_manifest(lambda m: m.update(surprise=1)), "surprise"),
    "no entries": (lambda: with_manifest(lambda m: m.update(entries=[])), "entries"),
    "nowhere": (lambda: with_manifest(lambda m: m.update(current=9)), "no current entry 9"),
    "a circle": (
        lambda: with_manifest(lambda m: m["entries"][0].update(parent=1)),
        "no parent 1 before it",
    ),
    "twins": (lambda: with_manifest(lambda m: m["entries"][1].update(id=0)), "there twice"),
    "two beginnings": (
        lambda: with_manifest(lambda m: m["entries"][1].update(parent=None)),
        "second beginning",
    ),
    "branches of others": (lambda: with_manifest(lambda m: m.update(taken=[[1, 0]])), "branches"),
    "a point nowhere": (
        lambda: with_manifest(
            lambda m: first_document(m)["points"][0].update(handle=[float("nan"), 1])
        ),
        "handle",
    ),
    "equal ids": (
        lambda: with_manifest(
            lambda m: first_document(m)["points"].extend(first_document(m)["points"])
        ),
        "same id",
    ),
    "settings of another": (
        lambda: with_manifest(lambda m: first_document(m).update(solver="adam")),
        "not of the solver adam",
    ),
    "a lost tensor": (
        lambda: with_manifest(lambda m: first_document(m).update(ws="gone")),
        "lacks gone",
    ),
    "NaN": (lambda: tensors_changed(every(torch.full((1, 4, 8), float("nan")))), "finite"),
    "half precision": (lambda: tensors_changed(every(torch.zeros(1, 4, 8).half())), "float32"),
    "another shape": (lambda: tensors_changed(every(torch.zeros(4, 8))), "expected 3 dimensions"),
    "a batch": (lambda: tensors_changed(every(torch.zeros(2, 4, 8))), r"expected \(1, rows"),
    "broken latents": (lambda: changed(latents_safetensors=b"\xff" * 99), "cannot be read"),
    "no mask picture": (lambda: changed(mask__0_png=b"x"), r"mask-0\.png cannot be read"),
    "a colour mask": (lambda: changed(mask__0_png=png_of((9, 6), "RGB")), "8-bit grey"),
    "a huge mask": (lambda: changed(mask__0_png=png_declaring(60_000, 60_000)), "exceeds limit"),
    "a large mask": (lambda: changed(mask__0_png=png_declaring(5_000, 5_000)), "far too large"),
    "a GIF": (lambda: changed(mask__0_png=b"GIF89a" + bytes(40)), "cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_bad_files_are_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    make, sentence = BAD[name]
    path = tmp_path / "bad.tugan"
    path.write_bytes(make())
    for read in (load_project, read_history):
        with pytest.raises(ProjectFileError, match=sentence):
            read(path)
    assert [one.name for one in tmp_path.iterdir()] == ["bad.tugan"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused() -> None:
    members = list(members_of(a_project()).items())
    with pytest.raises(ProjectFileError, match=r"manifest\.json twice"):
        read_history(zipped([*members, members[0]]))


def test_an_encrypted_member_is_refused() -> None:
    whole = bytearray(a_project())
    at = whole.index(b"PK\x01\x02")
    whole[at + 8] |= 1
    with pytest.raises(ProjectFileError, match="encrypted"):
        read_history(bytes(whole))


def test_every_cut_and_many_flipped_bytes_are_survived() -> None:
    whole = a_project()
    original = read_history(whole)
    rng = random.Random(0)
    for end in range(0, len(whole), 97):
        with pytest.raises(ProjectFileError):
            read_history(whole[:end])
    for _ in range(300):
        place = rng.randrange(len(whole))
        other = bytes([whole[place] ^ (1 << rng.randrange(8))])
        flipped = whole[:place] + other + whole[place + 1 :]
        try:
            found = read_history(flipped)
        except ProjectFileError:
            continue
        assert same_history(found, original)  # of the parts that nobody looks at


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.tugan"
    with path.open("wb") as opened:
        opened.truncate(600 << 20)
    with pytest.raises(ProjectFileError, match="at most 512 MiB"):
        read_history(path)


@pytest.mark.parametrize("name", ["garbage", "a bomb", "from the future", "traversal"])
def test_a_session_survives_bad_files(person: Person, name: str) -> None:
    before = person.document
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (its code is looked at)
        person.session.open_project(BAD[name][0]())
    assert getattr(caught.value, "code", "") == "bad-project"
    assert person.document is before
    person.point((24, 28), (30, 30))
    person.drag()
    assert person.document.outcome is not None


def test_a_project_of_a_model_that_is_not_here(person: Person) -> None:
    with pytest.raises(ValueError, match="no model '/etc/passwd' here"):
        person.session.open_project(
            with_manifest(
                lambda m: [
                    one["document"]["model"].update(name_or_path="/etc/passwd")
                    for one in m["entries"]
                ]
            )
        )


def test_a_project_that_does_not_fit_its_model_changes_nothing(person: Person) -> None:
    from tugan.session.events import Reported

    before = person.document
    person.session.open_project(
        with_manifest(lambda m: first_document(m)["points"][0].update(handle=[500.0, 1.0]))
    )
    person.settle()
    assert person.document is before
    # the mask of that project is of 9 x 6 px as well: the first fault is told
    assert [one.code for one in person.of(Reported)] == ["outside"]


def test_a_project_of_another_version_of_the_model(person: Person) -> None:
    from tugan.session.events import Reported

    history = History.begun(
        replace(
            a_document(),
            model=a_document().model.model_copy(update={"fingerprint": "another"}),
        ),
        text="Start",
    )
    person.session.open_project(history_bytes(history))
    person.settle()
    assert [one.code for one in person.of(Reported)] == ["other-model"]


def test_writing_is_whole_or_not_at_all(tmp_path: Path) -> None:
    history = History.begun(a_document(), text="Start")
    write_history(tmp_path / "a.tugan", history)
    assert [one.name for one in tmp_path.iterdir()] == ["a.tugan"]


def test_version_4_knew_nothing_of_held_curvature() -> None:
    state = SavedNewton(
        steps=3,
        move=torch.ones(4, 8),
        level=0,
        expected_xy=torch.ones(2, 2),
        seen_xy=torch.ones(2, 2),
        damping=0.05,
        held_directions=torch.ones(1, 32),
        held_products=torch.ones(1, 32),
        age=1,
        left_px=3.0,
        waited=0,
        least_left_px=3.0,
        least_left_step=1,
    )
    document = replace(a_document(1), run=SavedRun(state=state, nearest=None))
    members = members_of(history_bytes(History.begun(document, text="Start")))
    manifest = json.loads(members["manifest.json"])
    assert manifest["format_version"] == FORMAT_VERSION
    manifest["format_version"] = 4
    stored = manifest["entries"][0]["document"]["run"]["state"]
    for name in ("held_directions", "held_products"):
        assert isinstance(stored.pop(name), str)
    members["manifest.json"] = json.dumps(manifest).encode()
    run = read_history(zipped(list(members.items()))).entries[0].document.run
    assert run is not None
    assert isinstance(run.state, SavedNewton)
    assert run.state.held_directions is None
    assert torch.equal(run.state.move, state.move)
