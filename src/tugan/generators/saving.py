"""A generator to a folder: ``config.json``, ``model.safetensors``, ``README.md``.

The layout is that of Hugging Face, whose hub takes such a folder as it is.
"""

import hashlib
from pathlib import Path

import torch

from tugan.core.atomic_write import atomic_path, check_writable
from tugan.core.tensor_file import save_tensors
from tugan.generators.assembly import collect_tensors
from tugan.generators.catalogue.checksums import SUMS_NAME
from tugan.generators.catalogue.origin import ORIGIN_NAME
from tugan.generators.model_card import CARD_NAME, model_card
from tugan.generators.model_config import About, ModelConfig, architecture_json
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.sample_sheet import SHEET_NAME

_OF_OLD_WEIGHTS = (SUMS_NAME, ORIGIN_NAME, SHEET_NAME)
"""What a folder may say of the weights that were there before."""


def save_pretrained(
    generator: PretrainedGenerator, folder: str | Path, *, dtype: torch.dtype = torch.float32
) -> None:
    """Write the generator so that :func:`tugan.load_generator` opens it.

    ``dtype=torch.float16`` halves the file. :class:`OutputError` if the folder cannot be written
    to. A folder without ``config.json`` is not a model: that goes first and comes last, so that
    new weights never stand beside an old configuration.
    """
    folder = Path(folder)
    tensors = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in collect_tensors(generator).items()
    }
    config_path = folder / "config.json"
    check_writable(config_path)
    config_path.unlink(missing_ok=True)
    for name in _OF_OLD_WEIGHTS:
        (folder / name).unlink(missing_ok=True)
    with atomic_path(folder / "model.safetensors") as path:
        save_tensors(tensors, path, metadata={"format": "pt"})
    with atomic_path(folder / CARD_NAME) as path:
        path.write_text(model_card(generator.info), encoding="utf-8")
    with atomic_path(config_path) as path:
        path.write_text(model_config_of(generator).model_dump_json(indent=2) + "\n", "utf-8")


def model_config_of(generator: PretrainedGenerator) -> ModelConfig:
    """The ``config.json`` of a generator."""
    info = generator.info
    about = About(
        name=info.name,
        domain=info.domain,
        licence=info.licence,
        source=info.source,
        notes=info.notes,
    )
    return ModelConfig(
        family=info.family,
        about=about,
        hints=info.hints,
        architecture=architecture_json(generator.config),
    )


def fingerprint(generator: PretrainedGenerator) -> str:
    """Short hash that tells two models apart: of the first values of every tensor.

    Values are rounded to float16, so that a model stored in half precision is still itself.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(generator.state_dict().items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten()[:64].half().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
