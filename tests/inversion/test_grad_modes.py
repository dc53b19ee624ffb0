"""Photographs come into the generator in any mode of torch."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from tugan.core.images import RgbArray
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.generators.loading import load_generator
from tugan.generators.preview import PreviewHead
from tugan.generators.protocol import PretrainedGenerator, synthesize
from tugan.inversion.align import crop, manual_crop
from tugan.inversion.invert import invert
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.inversion.photo_edit_file import load_photo_edit, save_photo_edit
from tugan.inversion.portrait import (
    PhotoStep,
    begin_photo,
    edited_photo,
    generator_of,
    invert_photo,
    more_tuning,
)
from tugan.inversion.settings import InversionSettings, TuningSettings
from tugan.inversion.target import prepare_target

Mode = Callable[[], AbstractContextManager[Any]]
MODES = pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
PLACE = manual_crop((144, 124), side_px=128)


def begun(generator: PretrainedGenerator, photo: RgbArray) -> PhotoEdit:
    content = io.BytesIO()
    Image.fromarray(photo).save(content, "PNG")
    return begin_photo(
        PhotoSource.of(content.getvalue(), name="photo.png"),
        PLACE,
        generator,
        inversion=InversionSettings(steps=2),
        tuning=TuningSettings(steps=2),
    )


@MODES
def test_a_photograph_is_inverted_tuned_and_dragged(
    oracle_dir: Path, photo: RgbArray, head: PreviewHead, mode: Mode, tmp_path: Path
) -> None:
    with mode():
        generator = load_generator(oracle_dir / "nvidia-stylegan2-128.pkl", device="cpu")
        steps: list[PhotoStep] = []
        for step in invert_photo(begun(generator, photo), generator, head=head):
            assert not torch.is_grad_enabled()
            steps.append(step)
        last = steps[-1]
        assert last.stage == "done"
        save_photo_edit(tmp_path / "a.tugan", last.edit)
        edit = load_photo_edit(tmp_path / "a.tugan")
        own = generator_of(edit, generator)
    *_, further = invert_photo(more_tuning(edit, steps=1), generator, head=head)
    assert further.stage == "done"
    problem = DragProblem(
        generator=own,
        ws=edit.ws,
        handles_xy=torch.tensor([[50.0, 50.0]]),
        targets_xy=torch.tensor([[54.0, 50.0]]),
    )
    dragging = drag(problem)
    next(dragging)
    moved = next(dragging)
    with mode():
        assert edited_photo(edit, own, moved.ws).pixels.shape == photo.shape


def test_a_target_of_inference_mode_is_of_use_outside_of_it(
    oracle_dir: Path, photo: RgbArray, head: PreviewHead
) -> None:
    generator = load_generator(oracle_dir / "nvidia-stylegan2-128.pkl", device="cpu")
    with torch.inference_mode():
        target = prepare_target(crop(photo, PLACE, 128) + 0)
        assert synthesize(generator, generator.map(torch.zeros(1, 512))).isfinite().all()
    *_, last = invert(target, generator, InversionSettings(steps=2), head=head)
    assert last.last
