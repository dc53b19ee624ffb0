"""Where preview heads are kept: beside a shipped model, else in the user's cache folder."""

from contextlib import suppress
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tugan.core.atomic_write import atomic_path
from tugan.core.cache_folder import cache_folder
from tugan.core.errors import CheckpointError, OutputError
from tugan.core.grad_mode import in_ordinary_mode
from tugan.core.tensor_file import save_tensors
from tugan.generators.kept_files import places
from tugan.generators.preview import PreviewHead
from tugan.generators.preview_fit import fit_preview_head
from tugan.generators.protocol import (
    FeatureBlock,
    Generator,
    PretrainedGenerator,
)
from tugan.generators.saving import fingerprint

SHIPPED_NAME = "preview.safetensors"
FORMAT_VERSION = 1
_METADATA_KEY = "preview"


class HeadNote(BaseModel):
    """What a file of a preview head says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = FORMAT_VERSION
    fingerprint: str
    """Of the model that it was fitted on."""
    until_px: int
    size_hw: tuple[int, int]


@in_ordinary_mode
def preview_head_of(generator: Generator, *, until_px: int | None = None) -> PreviewHead:
    """The generator's preview head, on its device.

    ``until_px`` is by default the block of the generator's hints. The head comes with the model or
    from the user's cache folder; else it is fitted, which takes the time of about a hundred
    pictures, and kept there. A damaged file is as good as none, and so is a folder that cannot be
    written to.
    """
    block = _block_of(generator, until_px)
    if not isinstance(generator, PretrainedGenerator):  # nothing that files could be told apart by
        return fit_preview_head(generator, until_px=block.until_px).to(generator.device)
    kept = kept_preview_head(generator, until_px=until_px)
    if kept is not None:
        return kept
    whose = fingerprint(generator)
    head = fit_preview_head(generator, until_px=block.until_px)
    with suppress(OutputError):  # then it is fitted again next time
        save_preview_head(head, cache_path(generator, until_px=until_px), whose=whose)
    return head.to(generator.device)


def cache_path(generator: PretrainedGenerator, *, until_px: int | None = None) -> Path:
    """Where :func:`preview_head_of` keeps it; :class:`OutputError` without a home for caches."""
    return cache_folder() / _cached_name(fingerprint(generator), _block_of(generator, until_px))


def kept_preview_head(generator: Generator, *, until_px: int | None = None) -> PreviewHead | None:
    """:func:`preview_head_of` where that is quick: None where a head would have to be fitted."""
    if not isinstance(generator, PretrainedGenerator):
        return None
    block = _block_of(generator, until_px)
    whose = fingerprint(generator)
    for path in places(
        generator.info, shipped_name=SHIPPED_NAME, cached_name=_cached_name(whose, block)
    ):
        try:
            return load_preview_head(path, whose=whose, block=block).to(generator.device)
        except CheckpointError:
            continue
    return None


def save_preview_head(head: PreviewHead, path: Path, *, whose: str) -> None:
    """Write a head with the fingerprint of its model; :class:`OutputError` if it cannot be."""
    note = HeadNote(fingerprint=whose, until_px=head.until_px, size_hw=head.size_hw)
    tensors = {name: tensor.cpu().contiguous() for name, tensor in _tensors(head).items()}
    with atomic_path(path) as temporary:
        save_tensors(tensors, temporary, metadata={_METADATA_KEY: note.model_dump_json()})


def load_preview_head(path: Path, *, whose: str, block: FeatureBlock) -> PreviewHead:
    """Inverse of :func:`save_preview_head`, on the CPU.

    :class:`CheckpointError` if there is no such file, it is damaged, or it belongs to another model
    or block.
    """
    try:
        with safe_open(path, framework="pt") as file:
            note = HeadNote.model_validate_json((file.metadata() or {}).get(_METADATA_KEY, ""))
            # cloned: the library's tensors are windows onto the file, which may be overwritten
            tensors = {key: file.get_tensor(key).float().clone() for key in file.keys()}  # noqa: SIM118
        head = PreviewHead(until_px=note.until_px, size_hw=note.size_hw, **tensors)
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path} cannot be read as a preview head: {error}") from error
    if (note.version, note.fingerprint, note.until_px) != (FORMAT_VERSION, whose, block.until_px):
        raise CheckpointError(f"{path} is the preview head of another model or block")
    if not _fits(head, block):
        raise CheckpointError(f"{path} is not finite, or not of a {block.until_px} px block")
    return head


def _block_of(generator: Generator, until_px: int | None) -> FeatureBlock:
    info = generator.info
    return info.nearest_block(info.hints.feature_px) if until_px is None else info.block(until_px)


def _fits(head: PreviewHead, block: FeatureBlock) -> bool:
    height, width = block.size_hw
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in _tensors(head).values())
    wanted_hw = (height * head.factor, width * head.factor)
    return finite and head.reduce.shape[1] == block.channels and head.size_hw == wanted_hw


def _tensors(head: PreviewHead) -> dict[str, Tensor]:
    return {
        "reduce": head.reduce,
        "offset": head.offset,
        "weight": head.weight,
        "bias": head.bias,
        "second_moments": head.second_moments,
    }


def _cached_name(whose: str, block: FeatureBlock) -> str:
    return f"preview/{whose}-{block.until_px}.safetensors"
