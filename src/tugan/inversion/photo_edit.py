"""A photograph that is being edited: everything that has to outlive the process, as values.

:func:`parts_of` takes it apart into a JSON text, tensors and the photograph's bytes, for a project
file to keep as it likes; :func:`edit_of` is the inverse.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from tugan.core.errors import MissingExtraError
from tugan.core.grad_mode import ordinary
from tugan.core.json_size import check_json_size
from tugan.generators.protocol import Ws
from tugan.inversion.adam_state import AdamState
from tugan.inversion.align import Alignment
from tugan.inversion.delta import GeneratorDelta
from tugan.inversion.invert import InversionState
from tugan.inversion.photo_source import PhotoEditError as PhotoEditError
from tugan.inversion.photo_source import PhotoSource as PhotoSource
from tugan.inversion.photo_source import own_name
from tugan.inversion.quality import Quality
from tugan.inversion.settings import InversionSettings, TuningSettings
from tugan.inversion.tuning import TuningState
from tugan.render.picture_reader import register_reader

FORMAT_VERSION = 2
"""Since 2 the photograph is kept without its metadata, which has a digest of its own."""
_MAX_HEADER_PARTS = 1000
Stage = Literal["invert", "tune", "done"]


@dataclass(frozen=True, kw_only=True)
class PhotoEdit:
    """A photograph, where its face is, and what stands for it in the generator."""

    source: PhotoSource
    alignment: Alignment
    model_name: str
    fingerprint: str
    """Of the generator's own weights."""
    ws: Ws = field(repr=False)
    """The pivot: drags start here."""
    delta: GeneratorDelta | None = field(default=None, repr=False)
    """What tuning changed; None if it was not tuned."""
    mask: Float[Tensor, "s s"] | None = field(default=None, repr=False)
    """What of the crop may be pasted, chosen by hand, from 0 to 1; within it the edit decides."""
    quality: Quality | None = None
    inversion: InversionSettings = field(default_factory=InversionSettings)
    tuning: TuningSettings | None = field(default_factory=TuningSettings)
    """None if it is not to be tuned."""
    stage: Stage = "done"
    """What it stopped in the middle of, if anything."""
    inversion_state: InversionState | None = field(default=None, repr=False)
    tuning_state: TuningState | None = field(default=None, repr=False)
    """To go on from; of the stage it stopped in."""

    def __post_init__(self) -> None:
        """What was made in inference mode becomes ordinary."""
        object.__setattr__(self, "ws", ordinary(self.ws))
        if self.mask is not None:
            object.__setattr__(self, "mask", ordinary(self.mask))


@dataclass(frozen=True, kw_only=True)
class PhotoEditParts:
    """A photograph's edit as a file keeps it."""

    header_json: str
    tensors: dict[str, Tensor] = field(repr=False)
    """Contiguous, on the CPU."""
    photo: bytes | None = field(repr=False)
    """A file of the photograph's picture; in version 1 its own file, unchanged."""


class _Header(BaseModel):
    """What of an edit is no tensor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = Field(default=FORMAT_VERSION, ge=1, le=FORMAT_VERSION)
    photo_name: str = Field(max_length=4096)
    photo_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    photo_kept_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    alignment: Alignment
    model_name: str = Field(max_length=4096)
    fingerprint: str = Field(max_length=64)
    tuned: bool
    quality: Quality | None
    inversion: InversionSettings
    tuning: TuningSettings | None
    stage: Stage
    inversion_progress: "_Progress | None"
    tuning_progress: "_Progress | None"


class _Progress(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(ge=0)
    seconds: float = Field(ge=0)


def parts_of(edit: PhotoEdit) -> PhotoEditParts:
    """For a file; no place of the photograph is in them."""
    source = edit.source.for_files
    tensors: dict[str, Tensor] = {"ws": edit.ws}
    if edit.mask is not None:
        tensors["mask"] = edit.mask
    if edit.delta is not None:
        tensors |= _named("delta", edit.delta.changes)
    inverting, tuning = edit.inversion_state, edit.tuning_state
    if inverting is not None:
        tensors |= _adam_tensors("invert", inverting.adam)
        if inverting.anchor_ws is not None:
            tensors["invert/anchor"] = inverting.anchor_ws
    if tuning is not None:
        tensors |= _adam_tensors("tune", tuning.adam)
    header = _Header(
        photo_name=source.name,
        photo_sha256=source.sha256,
        photo_kept_sha256=source.kept_sha256,
        alignment=edit.alignment,
        model_name=edit.model_name,
        fingerprint=edit.fingerprint,
        tuned=edit.delta is not None,
        quality=edit.quality,
        inversion=edit.inversion,
        tuning=edit.tuning,
        stage=edit.stage,
        inversion_progress=None
        if inverting is None
        else _Progress(steps=inverting.adam.steps, seconds=inverting.seconds),
        tuning_progress=None
        if tuning is None
        else _Progress(steps=tuning.adam.steps, seconds=tuning.seconds),
    )
    plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    return PhotoEditParts(header_json=header.model_dump_json(), tensors=plain, photo=source.content)


def edit_of(parts: PhotoEditParts) -> PhotoEdit:
    """Inverse of :func:`parts_of`; :class:`PhotoEditError` says what is wrong."""
    try:
        check_json_size(parts.header_json.encode(), most_parts=_MAX_HEADER_PARTS)
        header = _Header.model_validate_json(parts.header_json)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "header"
        raise PhotoEditError(f"the photograph's {place} is wrong: {first['msg']}") from error
    except ValueError as error:
        raise PhotoEditError(f"the photograph's header is wrong: {error}") from error
    tensors = _checked(parts.tensors)
    inverting, tuning = header.inversion_progress, header.tuning_progress
    return PhotoEdit(
        source=_source(header, parts.photo),
        alignment=header.alignment,
        model_name=header.model_name,
        fingerprint=header.fingerprint,
        ws=tensors["ws"],
        delta=_delta(header, tensors) if header.tuned else None,
        mask=tensors.get("mask"),
        quality=header.quality,
        inversion=header.inversion,
        tuning=header.tuning,
        stage=header.stage,
        inversion_state=None
        if inverting is None
        else InversionState(
            adam=_adam_state("invert", tensors, inverting.steps),
            seconds=inverting.seconds,
            anchor_ws=tensors.get("invert/anchor"),
        ),
        tuning_state=None
        if tuning is None
        else TuningState(adam=_adam_state("tune", tensors, tuning.steps), seconds=tuning.seconds),
    )


def _source(header: _Header, content: bytes | None) -> PhotoSource:
    """:class:`PhotoEditError` if its picture cannot be read here, and so not be saved again."""
    if content is None:
        return PhotoSource(name=header.photo_name, sha256=header.photo_sha256)
    try:
        register_reader(content)
    except MissingExtraError as error:
        raise PhotoEditError(f"{header.photo_name} {error}") from error
    return PhotoSource(
        name=own_name(header.photo_name),
        sha256=header.photo_sha256,
        content=content,
        kept_sha256=header.photo_kept_sha256,
    )


def _checked(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    ws = tensors.get("ws")
    if ws is None or ws.ndim != 3 or len(ws) != 1:
        found = "missing" if ws is None else f"{tuple(ws.shape)}"
        raise PhotoEditError(f"the photograph's ws is {found}, expected (1, rows, width)")
    mask = tensors.get("mask")
    if mask is not None and (mask.ndim != 2 or mask.numel() == 0):
        raise PhotoEditError(f"the photograph's mask is {tuple(mask.shape)}, expected (side, side)")
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or not bool(torch.isfinite(tensor).all()):
            raise PhotoEditError(f"the photograph's {name} is not finite numbers")
    return tensors


def _delta(header: _Header, tensors: dict[str, Tensor]) -> GeneratorDelta:
    return GeneratorDelta(
        model_name=header.model_name,
        fingerprint=header.fingerprint,
        changes=_under("delta", tensors),
    )


def _adam_tensors(prefix: str, state: AdamState) -> dict[str, Tensor]:
    return (
        _named(f"{prefix}/value", state.values)
        | _named(f"{prefix}/first", state.first)
        | _named(f"{prefix}/second", state.second)
    )


def _adam_state(prefix: str, tensors: dict[str, Tensor], steps: int) -> AdamState:
    values, first, second = (
        _under(f"{prefix}/{kind}", tensors) for kind in ("value", "first", "second")
    )
    shapes = [{name: one.shape for name, one in some.items()} for some in (values, first, second)]
    if not values or shapes[0] != shapes[1] or shapes[0] != shapes[2]:
        raise PhotoEditError(f"the state of the stage {prefix!r} is incomplete: invert it anew")
    return AdamState(values=values, first=first, second=second, steps=steps)


def _named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {name[len(start) :]: one for name, one in tensors.items() if name.startswith(start)}
