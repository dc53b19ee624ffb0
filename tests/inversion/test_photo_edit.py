import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from tugan.core.images import RgbArray
from tugan.generators.preview import PreviewHead
from tugan.generators.protocol import PretrainedGenerator, synthesize
from tugan.inversion.align import manual_crop
from tugan.inversion.delta import DeltaError
from tugan.inversion.photo_edit import PhotoEdit, PhotoEditError, PhotoSource, edit_of, parts_of
from tugan.inversion.photo_edit_file import load_photo_edit, save_photo_edit
from tugan.inversion.portrait import (
    PhotoStep,
    begin_photo,
    edited_photo,
    generator_of,
    invert_photo,
    more_tuning,
    paste_edit,
)
from tugan.inversion.settings import InversionSettings, TuningSettings

PLACE = manual_crop((143.5, 123.5), side_px=128)
INVERSION = InversionSettings(steps=4, learning_rate=0.1)
TUNING = TuningSettings(steps=3)


@pytest.fixture
def file(photo: RgbArray, tmp_path: Path) -> Path:
    path = tmp_path / "me.png"
    Image.fromarray(photo).save(path)
    return path


@pytest.fixture
def begun(file: Path, stylegan2_128: PretrainedGenerator) -> PhotoEdit:
    source = PhotoSource.of(file.read_bytes(), name=str(file))
    return begin_photo(source, PLACE, stylegan2_128, inversion=INVERSION, tuning=TUNING)


def run(edit: PhotoEdit, generator: PretrainedGenerator, head: PreviewHead) -> list[PhotoStep]:
    return list(invert_photo(edit, generator, head=head))


def test_all_stages_in_a_row(
    begun: PhotoEdit, stylegan2_128: PretrainedGenerator, head: PreviewHead
) -> None:
    steps = run(begun, stylegan2_128, head)
    assert [step.stage for step in steps] == ["invert"] * 5 + ["tune"] * 4 + ["done"]
    done = steps[-1].edit
    assert done.stage == "done"
    assert done.delta is not None
    assert done.quality is not None
    assert done.quality.identity_distance is None  # nobody looked for a face
    assert done.inversion_state is None
    assert done.tuning_state is None


def test_tuning_can_be_left_out(
    begun: PhotoEdit, stylegan2_128: PretrainedGenerator, head: PreviewHead
) -> None:
    steps = run(replace(begun, tuning=None), stylegan2_128, head)
    assert [step.stage for step in steps] == ["invert"] * 5 + ["done"]
    assert steps[-1].edit.delta is None
    assert generator_of(steps[-1].edit, stylegan2_128) is stylegan2_128


def test_a_finished_photograph_can_be_tuned_further(
    begun: PhotoEdit, stylegan2_128: PretrainedGenerator, head: PreviewHead
) -> None:
    done = run(begun, stylegan2_128, head)[-1]
    steps = run(more_tuning(done.edit, steps=2), stylegan2_128, head)
    assert [step.stage for step in steps] == ["tune"] * 3 + ["done"]
    assert steps[0].psnr_db == pytest.approx(done.psnr_db, abs=0.05)
    untuned = run(replace(begun, tuning=None), stylegan2_128, head)[-1].edit
    assert run(more_tuning(untuned, steps=1), stylegan2_128, head)[-1].edit.delta is not None


@pytest.mark.parametrize("stopped_at", [2, 7])
def test_cancelled_half_way_it_opens_and_goes_on_as_if_it_had_not_stopped(
    begun: PhotoEdit,
    stylegan2_128: PretrainedGenerator,
    head: PreviewHead,
    tmp_path: Path,
    stopped_at: int,
) -> None:
    steps = run(begun, stylegan2_128, head)
    save_photo_edit(tmp_path / "half.tugan", steps[stopped_at].edit)
    opened = load_photo_edit(tmp_path / "half.tugan")
    assert opened.stage == ("invert" if stopped_at == 2 else "tune")
    whole, resumed = steps[-1].edit, run(opened, stylegan2_128, head)[-1].edit
    assert torch.equal(whole.ws, resumed.ws)
    assert whole.delta is not None
    assert resumed.delta is not None
    for name, change in whole.delta.changes.items():
        assert torch.equal(resumed.delta.changes[name], change)
    assert resumed.quality == whole.quality


def test_a_finished_edit_survives_the_file(
    begun: PhotoEdit, stylegan2_128: PretrainedGenerator, head: PreviewHead, tmp_path: Path
) -> None:
    edit = replace(run(begun, stylegan2_128, head)[-1].edit, mask=torch.rand(128, 128))
    save_photo_edit(tmp_path / "me.tugan", edit)
    back = load_photo_edit(tmp_path / "me.tugan")
    assert back.source == edit.source
    assert back.alignment == edit.alignment
    assert back.quality == edit.quality
    assert back.inversion == INVERSION
    assert back.mask is not None
    assert edit.mask is not None
    assert torch.equal(back.mask, edit.mask)
    one, other = (synthesize(generator_of(e, stylegan2_128), e.ws) for e in (edit, back))
    assert torch.equal(one, other)


def test_the_photograph_with_an_edit_is_the_photograph_elsewhere(
    begun: PhotoEdit, stylegan2_128: PretrainedGenerator, head: PreviewHead, photo: RgbArray
) -> None:
    edit = run(begun, stylegan2_128, head)[-1].edit
    own = generator_of(edit, stylegan2_128)
    before, after = synthesize(own, edit.ws), synthesize(own, edit.ws + 0.5)
    result = paste_edit(edit, before, after)
    assert result.shape == photo.shape
    changed = (result != photo).any(axis=2)
    assert changed.any()
    assert not changed[:58].any()
    assert not changed[:, 210:].any()
    assert (paste_edit(edit, before, before) == photo).all()
    assert (edited_photo(edit, own, edit.ws + 0.5).pixels == result).all()


def test_a_photograph_that_is_gone_or_another(
    file: Path, stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    source = PhotoSource.of(file.read_bytes(), name=str(file), keep=False)
    edit = begin_photo(source, PLACE, stylegan2_128)
    save_photo_edit(tmp_path / "me.tugan", edit)
    assert source.read().size_hw == (260, 300)
    opened = load_photo_edit(tmp_path / "me.tugan")
    beside = tmp_path / file.name
    beside.write_bytes(file.read_bytes())
    assert opened.source.read().size_hw == (260, 300)
    Image.new("RGB", (300, 260)).save(beside)
    with pytest.raises(PhotoEditError, match="its content changed"):
        opened.source.read()
    beside.unlink()
    with pytest.raises(PhotoEditError, match=r"there is no photograph .* beside the project"):
        opened.source.read()


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.png", "c:\\secret.png", "..", ""])
def test_a_name_from_a_file_leads_nowhere_but_beside_that_file(
    file: Path, stylegan2_128: PretrainedGenerator, tmp_path: Path, name: str
) -> None:
    place = tmp_path / "inner"
    place.mkdir()
    (tmp_path / "secret.png").write_bytes(file.read_bytes())
    source = PhotoSource(name=name, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    save_photo_edit(place / "me.tugan", begin_photo(source, PLACE, stylegan2_128))
    opened = load_photo_edit(place / "me.tugan").source
    assert opened.place is None or opened.place.parent == place
    with pytest.raises(PhotoEditError, match="there is no photograph"):
        opened.read()


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and links")
@pytest.mark.parametrize(("kind", "words"), [("link", "is a link"), ("pipe", "is a pipe")])
def test_beside_it_only_a_plain_file_is_read(
    file: Path, stylegan2_128: PretrainedGenerator, tmp_path: Path, kind: str, words: str
) -> None:
    place = tmp_path / "inner"
    place.mkdir()
    source = PhotoSource.of(file.read_bytes(), name="me.png", keep=False)
    save_photo_edit(place / "me.tugan", begin_photo(source, PLACE, stylegan2_128))
    if kind == "link":
        (place / "me.png").symlink_to(file)
    else:
        os.mkfifo(place / "me.png")
    with pytest.raises(PhotoEditError, match=words):
        load_photo_edit(place / "me.tugan").source.read()


def test_a_photograph_that_was_kept_needs_no_file(
    begun: PhotoEdit, file: Path, tmp_path: Path
) -> None:
    save_photo_edit(tmp_path / "me.tugan", begun)
    file.unlink()
    assert load_photo_edit(tmp_path / "me.tugan").source.read().size_hw == (260, 300)


def test_another_generator_is_refused_with_both_names(
    begun: PhotoEdit, faces: PretrainedGenerator
) -> None:
    with pytest.raises(DeltaError, match=r"nvidia-stylegan2-128.*faces-1024"):
        next(invert_photo(begun, faces))
    with pytest.raises(DeltaError, match=r"nvidia-stylegan2-128.*faces-1024"):
        generator_of(begun, faces)


def test_files_that_are_no_edit(tmp_path: Path, begun: PhotoEdit) -> None:
    with pytest.raises(PhotoEditError, match="there is no file"):
        load_photo_edit(tmp_path / "none.tugan")
    (tmp_path / "text.tugan").write_text("hello")
    with pytest.raises(PhotoEditError, match="is not an inverted photograph"):
        load_photo_edit(tmp_path / "text.tugan")
    save_photo_edit(tmp_path / "me.tugan", begun)
    whole = (tmp_path / "me.tugan").read_bytes()
    (tmp_path / "cut.tugan").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PhotoEditError, match="is not an inverted photograph"):
        load_photo_edit(tmp_path / "cut.tugan")


def test_parts_that_do_not_fit(begun: PhotoEdit) -> None:
    parts = parts_of(begun)
    with pytest.raises(PhotoEditError, match="ws is missing"):
        edit_of(replace(parts, tensors={}))
    with pytest.raises(PhotoEditError, match="not finite"):
        edit_of(replace(parts, tensors={"ws": parts.tensors["ws"] * float("nan")}))
    with pytest.raises(PhotoEditError, match="stage is wrong"):
        edit_of(replace(parts, header_json=parts.header_json.replace('"invert"', '"nap"')))
    with pytest.raises(PhotoEditError, match="header is wrong"):
        edit_of(replace(parts, header_json="{"))


def test_a_state_with_parts_missing(
    begun: PhotoEdit, stylegan2_128: PretrainedGenerator, head: PreviewHead
) -> None:
    parts = parts_of(next(invert_photo(begun, stylegan2_128, head=head)).edit)
    tensors = {name: one for name, one in parts.tensors.items() if "first" not in name}
    with pytest.raises(PhotoEditError, match="incomplete"):
        edit_of(replace(parts, tensors=tensors))
