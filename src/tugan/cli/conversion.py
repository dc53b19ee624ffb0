"""A checkpoint to our own folder. Imports torch: for use in commands."""

from dataclasses import replace
from pathlib import Path

import torch

from tugan.core.atomic_write import check_writable
from tugan.core.errors import OutputError
from tugan.generators.catalog import find_model
from tugan.generators.loading import build, read_model
from tugan.generators.model_config import STATISTICS_PREFIX, CanonicalModel
from tugan.generators.protocol import GeneratorInfo
from tugan.generators.saving import save_pretrained
from tugan.generators.w_statistics import estimate_w_statistics

UNFINISHED = {"model.safetensors", "README.md"}
"""What an interrupted conversion leaves behind."""


def convert_model(source: str, folder: Path, *, name: str | None, half: bool) -> GeneratorInfo:
    """Read, estimate the statistics of W, write; returns what was written.

    :class:`OutputError` if the folder already has something in it.
    """
    leftover = folder.is_dir() and not (folder / "config.json").exists()
    names = {path.name for path in folder.iterdir()} if leftover else set()
    if folder.exists() and not (leftover and names <= UNFINISHED):
        raise OutputError(f"{folder} already exists and is not an empty folder: name a new one")
    check_writable(folder / "config.json")
    model = read_model(find_model(source))
    if name is not None:
        about = model.config.about.model_copy(update={"name": name})
        model = replace(model, config=model.config.model_copy(update={"about": about}))
    generator = build(_with_statistics(model))
    save_pretrained(generator, folder, dtype=torch.float16 if half else torch.float32)
    return generator.info


def _with_statistics(model: CanonicalModel) -> CanonicalModel:
    generator = build(model)
    # W of a conditional generator depends on the label
    if generator.info.w_statistics is not None or generator.info.label_dim:
        return model
    statistics = estimate_w_statistics(generator)
    extra = {
        STATISTICS_PREFIX + "mean": statistics.mean,
        STATISTICS_PREFIX + "covariance_factor": statistics.covariance_factor,
    }
    return replace(model, tensors=model.tensors | extra)
