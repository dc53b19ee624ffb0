"""The studio shows a black-and-white photograph's face in black and white."""

import io
from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from tugan.core.images import RgbArray
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.generators.preview_store import preview_head_of
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.saving import fingerprint
from tugan.inversion.align import manual_crop
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.inversion.portrait import begin_photo
from tugan.session.document_photo import DocumentPhoto
from tugan.session.drag_job import preview_of
from tugan.session.model_store import LoadedModel
from tugan.session.pictures import draw


def off_grey(pixels: RgbArray) -> int:
    return int((pixels.max(axis=2).astype(int) - pixels.min(axis=2)).max())


def edit_of(generator: PretrainedGenerator, picture: Image.Image) -> PhotoEdit:
    content = io.BytesIO()
    picture.save(content, "PNG")
    source = PhotoSource.of(content.getvalue(), name="photo.png")
    return begin_photo(source, manual_crop((128, 128), side_px=200), generator)


def test_pictures_and_previews_of_it_are_grey(stylegan2_128: PretrainedGenerator) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    colours = Image.fromarray(noise).resize((256, 256), Image.Resampling.BICUBIC)
    head = preview_head_of(stylegan2_128)
    base = LoadedModel(
        name="small", generator=stylegan2_128, head=head, fingerprint=fingerprint(stylegan2_128)
    )
    photo = DocumentPhoto(edit=edit_of(stylegan2_128, colours.convert("L").convert("RGB")))
    model = base.tuned_to(photo)
    ws = photo.edit.ws
    assert off_grey(draw(base, ws, noise="const", noise_seed=0)) > 8
    assert off_grey(draw(model, ws, noise="const", noise_seed=0)) == 0
    problem = DragProblem(
        generator=stylegan2_128,
        ws=ws,
        handles_xy=torch.tensor([[60.0, 60.0]]),
        targets_xy=torch.tensor([[70.0, 60.0]]),
    )
    step = next(drag(problem))
    for one in (head, None):
        assert off_grey(preview_of(step, one)) > 8
        assert off_grey(preview_of(step, one, tone=model.tone)) == 0
    coloured = base.tuned_to(DocumentPhoto(edit=edit_of(stylegan2_128, colours)))
    assert coloured.tone is None
    gone = replace(photo.edit, source=replace(photo.edit.source, content=None))
    assert DocumentPhoto(edit=gone).tone is None
