"""Where sketches of repainting are kept: beside a shipped model, else in the cache folder."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError, safe_open

from tugan.core.atomic_write import atomic_path
from tugan.core.cache_folder import cache_folder
from tugan.core.errors import CheckpointError, OutputError
from tugan.core.grad_mode import each_in_ordinary_mode, in_ordinary_mode
from tugan.core.tensor_file import save_tensors
from tugan.generators.kept_files import places
from tugan.generators.protocol import (
    FeatureRange,
    Generator,
    GeneratorInfo,
    PretrainedGenerator,
    RepaintingSketch,
)
from tugan.generators.repainting import SketchProgress, sketch_repainting
from tugan.generators.saving import fingerprint
from tugan.generators.staged_network import StagedNetwork

SHIPPED_NAME = "repainting.safetensors"
FORMAT_VERSION = 1
_METADATA_KEY = "repainting"
_TENSORS = ("rows", "feature_mean", "feature_deviation", "feature_farthest")
_FITTING = (1.0, 3e4)
"""What the largest number of a sketch may be, for half precision to hold it and smaller ones."""


class SketchNote(BaseModel):
    """What a file of a sketch says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = FORMAT_VERSION
    fingerprint: str
    """Of the model that it was computed of."""
    until_px: int
    """The block whose features it is about."""


@in_ordinary_mode
def kept_repainting(generator: Generator) -> RepaintingSketch | None:
    """The generator's sketch if it is there: with the model, beside it or in the cache folder.

    None where it has not been computed (:func:`prepare_repainting` does that); a damaged file, or
    one of other weights, is as good as none.
    """
    if generator.info.repainting is not None or not isinstance(generator, PretrainedGenerator):
        return generator.info.repainting
    whose, until_px = fingerprint(generator), _until_px(generator.info)
    for path in places(
        generator.info, shipped_name=SHIPPED_NAME, cached_name=_cached_name(whose, until_px)
    ):
        try:
            found = load_repainting(path, whose=whose, until_px=until_px)
        except CheckpointError:
            continue
        if isinstance(generator, StagedNetwork):
            generator.know_repainting(found)
        return found
    return None


@each_in_ordinary_mode
def prepare_repainting(generator: Generator) -> Iterator[SketchProgress]:
    """Compute the generator's sketch where it has none, telling how far it is, and keep it.

    Afterwards :func:`kept_repainting` gives it. Where the cache folder cannot be written it is
    known as long as the generator lives, if that is of a family of ours. Raises
    :class:`CheckpointError` for damaged models.
    """
    if kept_repainting(generator) is not None:
        return
    for found in sketch_repainting(generator):
        if isinstance(found, SketchProgress):
            yield found
            continue
        halved = _halved(found)  # as it is read: the first drag is like the next
        if isinstance(generator, StagedNetwork):
            generator.know_repainting(halved)
        if isinstance(generator, PretrainedGenerator):
            with suppress(OutputError):
                save_repainting_of(generator, halved, cache_path(generator))


def cache_path(generator: PretrainedGenerator) -> Path:
    """Where :func:`prepare_repainting` keeps it; :class:`OutputError` without a home for caches."""
    return cache_folder() / _cached_name(fingerprint(generator), _until_px(generator.info))


def save_repainting_of(
    generator: PretrainedGenerator, sketch: RepaintingSketch, path: Path
) -> None:
    """:func:`save_repainting` of the block that the generator's drags take."""
    whose, until_px = fingerprint(generator), _until_px(generator.info)
    save_repainting(sketch, path, whose=whose, until_px=until_px)


def save_repainting(sketch: RepaintingSketch, path: Path, *, whose: str, until_px: int) -> None:
    """Write a sketch, in half precision, with the fingerprint of its model.

    Rows too large or too small for that are written times a factor, which means the same.
    :class:`OutputError` if it cannot be written.
    """
    note = SketchNote(fingerprint=whose, until_px=until_px)
    features = sketch.features
    tensors = {
        "rows": _halved(sketch).rows.contiguous(),
        "feature_mean": features.mean.cpu().contiguous(),
        "feature_deviation": features.deviation.cpu().contiguous(),
        "feature_farthest": torch.tensor([features.farthest]),
    }
    with atomic_path(path) as temporary:
        save_tensors(tensors, temporary, metadata={_METADATA_KEY: note.model_dump_json()})


def load_repainting(path: Path, *, whose: str, until_px: int) -> RepaintingSketch:
    """Inverse of :func:`save_repainting`, on the CPU.

    :class:`CheckpointError` if there is no such file, it is damaged, or it belongs to other weights
    or another block.
    """
    try:
        with safe_open(path, framework="pt") as file:
            note = SketchNote.model_validate_json((file.metadata() or {}).get(_METADATA_KEY, ""))
            # cloned: the library's tensors are windows onto the file, which may be overwritten
            tensors = {key: file.get_tensor(key).clone() for key in _TENSORS}
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is no sketch of repainting: {error}") from error
    if (note.version, note.fingerprint, note.until_px) != (FORMAT_VERSION, whose, until_px):
        raise CheckpointError(f"{path} is the sketch of another model or block")
    rows, mean, deviation, farthest = (tensors[key] for key in _TENSORS)
    shapes = rows.ndim == 3 and mean.ndim == 1 and mean.shape == deviation.shape
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())
    if not (shapes and finite and rows.numel() and farthest.numel() == 1 and (deviation > 0).all()):
        raise CheckpointError(f"{path} is not finite, or its parts do not fit: compute it anew")
    features = FeatureRange(mean=mean, deviation=deviation, farthest=float(farthest))
    return RepaintingSketch(rows=rows, features=features)


def _halved(sketch: RepaintingSketch) -> RepaintingSketch:
    rows = sketch.rows.cpu()
    largest = float(rows.abs().max())
    if not _FITTING[0] <= largest <= _FITTING[1] and largest > 0:
        rows = rows.float() * (_FITTING[1] / largest)
    return replace(sketch, rows=rows.half(), prepared={})


def _until_px(info: GeneratorInfo) -> int:
    return info.nearest_block(info.hints.feature_px).until_px


def _cached_name(whose: str, until_px: int) -> str:
    return f"repainting/{whose}-{until_px}.safetensors"
