"""A face that is pulled live: its picture, the landmark that is held, and how it is previewed."""

from dataclasses import dataclass, field

import numpy as np
import torch

from tugan.bench.bench_error import BenchError
from tugan.bench.equipment import Equipment
from tugan.bench.face_pairs import DrawnFace, draw_source
from tugan.bench.live_task import HELD, LiveTask
from tugan.bench.methods import Method
from tugan.bench.texture_match import PointXy
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.preview import PreviewHead
from tugan.generators.preview_store import kept_preview_head, preview_head_of
from tugan.generators.protocol import Generator
from tugan.session.document import Document, Start
from tugan.session.model_store import QUICK_HEAD_PX, LoadedModel
from tugan.session.pictures import adapted_head

BASE = "newton"


@dataclass(frozen=True, kw_only=True)
class LiveFace:
    """What all pulls of a face share."""

    index: int
    drawn: DrawnFace
    landmark: int
    head: PreviewHead | None = field(repr=False)
    """None where previews are finished pictures made small, as in the studio."""

    @property
    def handle_xy(self) -> PointXy:
        """Where the hand presses."""
        x, y = self.drawn.landmarks_xy[self.landmark]
        return float(x), float(y)

    @property
    def image_hw(self) -> tuple[int, int]:
        """Of its picture."""
        height, width, _ = self.drawn.picture.shape
        return height, width


def draw_live_face(tools: Equipment, task: LiveTask, *, index: int) -> LiveFace:
    """The face of this index; :class:`BenchError` if the generator draws none, or if a method
    cannot be under a hand."""
    for method in tools.methods:
        live_settings(method)
    drawn = draw_source(tools.generator, tools.finder(), task.faces, index=index)
    chance = np.random.default_rng(np.random.SeedSequence((task.seed, index, 0)))
    return LiveFace(
        index=index,
        drawn=drawn,
        landmark=int(chance.choice(list(HELD))),
        head=_studio_head(tools.generator, drawn),
    )


def can_be_live(name: str) -> bool:
    """Can the method of this name be under a hand? Newton can, with its own tracker."""
    base, *changes = name.split("+")
    return base == BASE and not any(change.startswith("tracker=") for change in changes)


def live_settings(method: Method) -> NewtonSettings:
    """Of :class:`LiveDrag`; :class:`BenchError` for methods that cannot be under a hand."""
    if not isinstance(method.solver, Newton) or not can_be_live(method.name):
        raise BenchError(
            f"{method.name} cannot follow a hand: live drags are {BASE}'s, varied by its settings"
            f" ({BASE}+hold=0)"
        )
    return method.solver.settings


def _studio_head(generator: Generator, drawn: DrawnFace) -> PreviewHead | None:
    """Bent toward the face's picture by what the studio does it with."""
    info = generator.info
    quick = max(info.size_hw) <= QUICK_HEAD_PX
    head = preview_head_of(generator) if quick else kept_preview_head(generator)
    model = LoadedModel(name=info.name, generator=generator, head=head, fingerprint="")
    ws = drawn.ws.detach().cpu().float()
    document = Document(
        model=model.reference,
        start=Start(seed=drawn.seed),
        origin_ws=ws,
        ws=ws,
        solver="newton",
        settings=NewtonSettings.for_generator(info),
    )
    with torch.no_grad():
        return adapted_head(model, document, drawn.picture)
