"""A photograph brought in, dragged and pasted back with the names of the package's front."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

import tugan
from tugan.core.images import RgbArray
from tugan.generators.protocol import PretrainedGenerator


def test_the_whole_way_with_public_names(
    photo: RgbArray, stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    Image.fromarray(photo).save(tmp_path / "me.png")
    content = (tmp_path / "me.png").read_bytes()
    begun = tugan.begin_photo(
        tugan.PhotoSource.of(content, name="me.png"),
        tugan.manual_crop((143.5, 123.5), side_px=128),
        stylegan2_128,
        inversion=tugan.InversionSettings(steps=2),
        tuning=tugan.TuningSettings(steps=2),
    )
    *_, last = tugan.invert_photo(begun, stylegan2_128)
    tugan.save_photo_edit(tmp_path / "me.tugan", last.edit)
    edit = tugan.load_photo_edit(tmp_path / "me.tugan")

    own = tugan.generator_of(edit, stylegan2_128)
    problem = tugan.DragProblem(
        generator=own,
        ws=edit.ws,
        handles_xy=torch.tensor([[50.0, 50.0]]),
        targets_xy=torch.tensor([[60.0, 70.0]]),
    )
    for step in tugan.drag(problem):
        if step.index == 3:
            break
    tugan.write_photo(tmp_path / "out.png", tugan.edited_photo(edit, own, step.ws))

    changed = (tugan.read_photo(tmp_path / "out.png").pixels != photo).any(axis=2)
    assert changed[64:184, 84:204].any()
    changed[60:188, 80:208] = False
    assert not changed.any()


def test_a_photographs_square_is_where_its_face_is() -> None:
    """``find_faces`` takes any finder; the largest face comes first."""

    class Finder:
        def find_all(self, picture: RgbArray) -> tuple[tugan.Face, ...]:
            return face(20.0, (50, 60)), face(60.0, (200, 150))

    found = tugan.find_faces(np.zeros((300, 400, 3), dtype=np.uint8), Finder())
    assert [one.alignment.side_px > 100 for one in found] == [True, False]
    assert abs(found[0].alignment.centre_xy[0] - 200) < 5


def face(size_px: float, middle_xy: tuple[float, float]) -> tugan.Face:
    """Eyes apart by this much, and a mouth as far below."""
    landmarks = np.zeros((68, 2)) + middle_xy
    landmarks[36:42] += (-size_px / 2, -size_px / 2)
    landmarks[42:48] += (size_px / 2, -size_px / 2)
    landmarks[48] += (-size_px / 3, size_px / 2)
    landmarks[54] += (size_px / 3, size_px / 2)
    return tugan.Face(landmarks_xy=landmarks, embedding=np.zeros(128))
