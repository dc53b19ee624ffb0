"""Models that are loaded once and shared by sessions."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import final

import torch

from tugan.core.errors import TuganError
from tugan.dragging.methods import SOLVERS, Settings, SolverName
from tugan.generators.catalog import catalog
from tugan.generators.devices import resolve_device
from tugan.generators.loading import load_generator
from tugan.generators.preview import PreviewHead
from tugan.generators.preview_store import kept_preview_head, preview_head_of
from tugan.generators.protocol import Generator, GeneratorInfo, PretrainedGenerator
from tugan.generators.repainting_store import kept_repainting, prepare_repainting
from tugan.generators.saving import fingerprint
from tugan.inversion.monochrome import Tone
from tugan.inversion.portrait import generator_of
from tugan.session.document_photo import DocumentPhoto
from tugan.session.errors import SessionError
from tugan.session.model_reference import ModelReference

QUICK_HEAD_PX = 256
"""A preview head is fitted while loading for models up to this size: that takes a second or two."""
QUICK_SKETCH_S = 10.0
"""What moves of such a model repaint is computed while loading if it will take no longer: the
networks of some take minutes."""

Loader = Callable[[torch.device], Generator]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedModel:
    """A generator and what goes with it."""

    name: str
    generator: Generator = field(repr=False)
    head: PreviewHead | None = field(repr=False)
    """None where previews are finished pictures made small."""
    fingerprint: str
    tone: Tone | None = field(default=None, repr=False)
    """Of the photograph that it draws, if that has only one: what its pictures are shown in."""
    sketched: bool = False
    """What its moves repaint was known when it was loaded."""

    @property
    def info(self) -> GeneratorInfo:
        """What the generator is."""
        return self.generator.info

    @property
    def hold_ready(self) -> bool:
        """Is there what the setting ``hold`` needs to know of the model?"""
        return self.sketched or self.info.repainting is not None

    def tuned_to(self, photo: DocumentPhoto) -> "LoadedModel":
        """The model that draws this photograph; ``DeltaError`` if it is not of this model.

        Previews are the untuned model's, which drags bend toward what they show.
        """
        if not isinstance(self.generator, PretrainedGenerator):
            raise no_photographs(self.name)
        return replace(self, generator=generator_of(photo.edit, self.generator), tone=photo.tone)

    @property
    def reference(self) -> ModelReference:
        """For documents."""
        return ModelReference(name_or_path=self.name, fingerprint=self.fingerprint)

    @property
    def presets(self) -> dict[SolverName, Settings]:
        """What suits this model, for each solver."""
        return {name: solver.presets["auto"](self.info) for name, solver in SOLVERS.items()}


@final
class ModelStore:
    """Loads by name, and keeps the models last used.

    Names are those of the catalogue and those that were allowed: a file from somewhere else cannot
    make it open any path.
    """

    def __init__(
        self,
        device: str = "auto",
        *,
        keep: int = 2,
        loaders: Mapping[str, Loader] | None = None,
        quick_sketch_s: float = QUICK_SKETCH_S,
    ) -> None:
        """``loaders`` makes models of further names. :class:`DeviceError` for unknown devices."""
        self.device = resolve_device(device)
        self._keep = keep
        self._quick_sketch_s = quick_sketch_s
        self._loaders = dict(loaders or {})
        self._loaded: OrderedDict[str, LoadedModel] = OrderedDict()
        self._lock = threading.RLock()

    def names(self) -> tuple[str, ...]:
        """All that can be asked for."""
        with self._lock:
            return (*(entry.name for entry in catalog()), *self._loaders)

    def allow(self, model: str) -> None:
        """Let a folder or checkpoint file be asked for, under its path."""
        with self._lock:
            if model not in self.names():
                self._loaders[model] = lambda device: load_generator(model, device=device)

    def check_known(self, name: str) -> None:
        """:class:`SessionError` ``unknown-model`` lists the names there are."""
        if name not in self.names():
            raise SessionError(
                "unknown-model",
                f"There is no model {name!r} here.",
                f"Choose one of {', '.join(self.names())}; another one must be given to tugan"
                " studio with --model.",
            )

    def get(self, name: str) -> LoadedModel:
        """The model, loaded if it is not yet; :class:`SessionError` if it cannot be."""
        self.check_known(name)
        with self._lock:
            found = self._loaded.get(name)
            if found is None:
                found = self._load(name)
                self._loaded[name] = found
            self._loaded.move_to_end(name)
            while len(self._loaded) > self._keep:
                self._loaded.popitem(last=False)
            return found

    def of(self, reference: ModelReference) -> LoadedModel:
        """The model that a document belongs to; :class:`SessionError` if it is another one now."""
        found = self.get(reference.name_or_path)
        if found.fingerprint != reference.fingerprint:
            raise SessionError(
                "other-model",
                f"This work was made with another version of the model {found.name}"
                f" (fingerprint {reference.fingerprint}, here it is {found.fingerprint}).",
                "Its latents mean nothing to this one: open it where the original model is.",
            )
        return found

    def _load(self, name: str) -> LoadedModel:
        try:
            loader = self._loaders.get(name)
            generator = (
                load_generator(name, device=self.device)
                if loader is None
                else (loader(self.device))
            )
            return LoadedModel(
                name=name,
                generator=generator,
                head=_head_of(generator),
                fingerprint=_fingerprint_of(generator),
                sketched=_is_sketched(generator, patience_s=self._quick_sketch_s),
            )
        except SessionError:
            raise
        except TuganError as error:
            raise SessionError(
                "bad-model",
                f"The model {name} cannot be loaded: {error}.",
                "Choose another model; tugan doctor checks the default one.",
            ) from error


def no_photographs(name: str) -> SessionError:
    """Of a model that photographs cannot be brought into."""
    return SessionError(
        "no-photographs",
        f"The model {name} cannot take photographs: that needs a square model with weights.",
        "Choose another model.",
    )


def _head_of(generator: Generator) -> PreviewHead | None:
    if max(generator.info.size_hw) <= QUICK_HEAD_PX:
        return preview_head_of(generator)
    return kept_preview_head(generator)


def _is_sketched(generator: Generator, *, patience_s: float) -> bool:
    """Is it known what its moves repaint? Small models that are quick about it are asked now."""
    if kept_repainting(generator) is not None:
        return True
    is_small = max(generator.info.size_hw) <= QUICK_HEAD_PX
    if not (is_small and isinstance(generator, PretrainedGenerator)):
        return False
    first_done_s = 0.0  # the first picture waits for the statistics of W
    for progress in prepare_repainting(generator):
        if progress.done == 1:
            first_done_s = time.monotonic()
            continue
        a_picture_s = (time.monotonic() - first_done_s) / (progress.done - 1)
        if a_picture_s * progress.pictures > patience_s:
            return False
    return kept_repainting(generator) is not None


def _fingerprint_of(generator: Generator) -> str:
    if isinstance(generator, PretrainedGenerator):
        return fingerprint(generator)
    height, width = generator.info.size_hw
    return f"{generator.info.name}-{width}x{height}"
