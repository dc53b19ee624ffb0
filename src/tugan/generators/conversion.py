"""A model to a folder in our form, with all that would else be computed at its first use."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from tugan.core.atomic_write import atomic_path
from tugan.generators.loading import build, read_model
from tugan.generators.model_card import CARD_NAME, model_card
from tugan.generators.model_config import STATISTICS_PREFIX as PREFIX
from tugan.generators.model_config import About, CanonicalModel
from tugan.generators.preview_fit import fit_preview_head
from tugan.generators.preview_store import SHIPPED_NAME as HEAD_NAME
from tugan.generators.preview_store import save_preview_head
from tugan.generators.protocol import DragHints, GeneratorInfo, PretrainedGenerator
from tugan.generators.repainting import SketchProgress, sketch_repainting
from tugan.generators.repainting_store import SHIPPED_NAME as SKETCH_NAME
from tugan.generators.repainting_store import kept_repainting, save_repainting_of
from tugan.generators.sample_sheet import SHEET_NAME, write_sample_sheet
from tugan.generators.saving import fingerprint, save_pretrained
from tugan.generators.w_statistics import estimate_w_statistics

ConversionStage = Literal[
    "reading", "statistics of W", "writing", "repainting", "preview head", "pictures"
]

CONVERTED_NAMES = (
    *("config.json", "model.safetensors", CARD_NAME),
    *(SKETCH_NAME, HEAD_NAME, SHEET_NAME),
)
"""All that a conversion writes."""


@dataclass(frozen=True, kw_only=True)
class Relabel:
    """What a conversion says of a model other than its file does; None: as the file."""

    name: str | None = None
    domain: str | None = None
    licence: str | None = None
    source: str | None = None
    notes: str | None = None
    learning_rate: float | None = None
    rows: int | None = None
    """No more than the model has are taken."""


@dataclass(frozen=True, kw_only=True)
class Converted:
    """The last of a conversion."""

    info: GeneratorInfo


def convert(
    source: Path,
    folder: Path,
    *,
    relabel: Relabel | None = None,
    half: bool = False,
    previews: bool = True,
) -> Iterator[ConversionStage | SketchProgress | Converted]:
    """Read a checkpoint and write ``folder``, telling each stage before it begins.

    Written are the tensors (``half`` in float16), the statistics of W, the model card and, with
    ``previews``, what takes longer: what moves repaint (``hold`` of drags; how far that is comes
    after its stage), a preview head, both of the block that drags take, and a few pictures. Raises
    :class:`CheckpointError` and :class:`OutputError`. ``config.json``, without which a folder is no
    model, comes after the tensors.
    """
    yield "reading"
    model = relabelled(read_model(source), relabel or Relabel())
    yield "statistics of W"
    generator = build(_with_statistics(model))
    yield "writing"
    save_pretrained(generator, folder, dtype=torch.float16 if half else torch.float32)
    if previews:
        yield "repainting"
        yield from _keep_repainting(folder, generator)
        yield "preview head"
        _keep_preview_head(folder, generator)
        yield "pictures"
        write_sample_sheet(generator, folder / SHEET_NAME)
        with atomic_path(folder / CARD_NAME) as path:
            path.write_text(model_card(generator.info, sheet=SHEET_NAME), encoding="utf-8")
    yield Converted(info=generator.info)


def relabelled(model: CanonicalModel, relabel: Relabel) -> CanonicalModel:
    """The same tensors with another name, licence, hints and so on."""
    config = model.config
    given = {key: getattr(relabel, key) for key in About.model_fields}
    about = config.about.model_copy(update={k: v for k, v in given.items() if v is not None})
    hints = _hints(config.hints, relabel)
    return replace(model, config=config.model_copy(update={"about": about, "hints": hints}))


def _hints(hints: DragHints, relabel: Relabel) -> DragHints:
    if relabel.learning_rate is not None:
        hints = replace(hints, learning_rate=relabel.learning_rate)
    return hints if relabel.rows is None else replace(hints, rows=relabel.rows)


def _with_statistics(model: CanonicalModel) -> CanonicalModel:
    """Of a conditional generator over all classes alike, as drags would estimate them."""
    generator = build(model)
    rows = min(model.config.hints.rows, generator.info.num_ws)
    hints = replace(model.config.hints, rows=rows)
    model = replace(model, config=model.config.model_copy(update={"hints": hints}))
    if generator.info.w_statistics is not None:
        return model
    found = estimate_w_statistics(generator, any_label=True)
    extra = {PREFIX + "mean": found.mean, PREFIX + "covariance_factor": found.covariance_factor}
    return replace(model, tensors=model.tensors | extra)


def _keep_repainting(folder: Path, generator: PretrainedGenerator) -> Iterator[SketchProgress]:
    """One that was computed before is taken; beside the model it is found wherever that goes."""
    sketch = kept_repainting(generator)
    if sketch is None:
        for found in sketch_repainting(generator):
            if isinstance(found, SketchProgress):
                yield found
            else:
                sketch = found
    assert sketch is not None
    save_repainting_of(generator, sketch, folder / SKETCH_NAME)


def _keep_preview_head(folder: Path, generator: PretrainedGenerator) -> None:
    info = generator.info
    block = info.nearest_block(info.hints.feature_px)
    head = fit_preview_head(generator, until_px=block.until_px)
    save_preview_head(head, folder / HEAD_NAME, whose=fingerprint(generator))
