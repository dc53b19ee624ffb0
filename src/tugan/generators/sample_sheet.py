"""A strip of a model's pictures, to see what it draws before it is loaded."""

from pathlib import Path

import torch
from PIL import Image
from torch.nn import functional as F

from tugan.core.atomic_write import atomic_path
from tugan.core.errors import CheckpointError
from tugan.core.images import to_rgb_array
from tugan.generators.protocol import Generator, sample_z, synthesize

SHEET_NAME = "samples.jpg"
SEEDS = (0, 1, 2, 3)
HEIGHT_PX = 256
PSI = 0.7


def write_sample_sheet(generator: Generator, path: Path) -> None:
    """Pictures of four seeds in a row, at most 256 px high; of class 0 where there are classes.

    :class:`CheckpointError` if they are not finite, :class:`OutputError` if they cannot be written.
    """
    pictures = [_picture(generator, seed) for seed in SEEDS]
    width, height = pictures[0].size
    sheet = Image.new("RGB", (width * len(pictures), height))
    for index, picture in enumerate(pictures):
        sheet.paste(picture, (index * width, 0))
    with atomic_path(path) as temporary:
        sheet.save(temporary, quality=90)


def _picture(generator: Generator, seed: int) -> Image.Image:
    info = generator.info
    label = None
    if info.label_dim:
        label = F.one_hot(torch.tensor([0]), info.label_dim).float().to(generator.device)
    z = sample_z(seed, z_dim=info.z_dim).to(generator.device)
    with torch.no_grad():
        image = synthesize(generator, generator.map(z, psi=PSI, label=label))
    if not bool(image.isfinite().all()):
        raise CheckpointError(f"{info.name} draws NaN: its weights are damaged")
    picture = Image.fromarray(to_rgb_array(image))
    scale = min(1.0, HEIGHT_PX / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)
