"""From the session's values to the wire's messages."""

from pathlib import Path

from tugan.core.outcome import Outcome
from tugan.dragging.methods import SOLVERS, Settings
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.catalog import catalog
from tugan.generators.loading import read_config
from tugan.generators.protocol import GeneratorInfo
from tugan.session.document import Document, PointPair
from tugan.session.events import StepShown
from tugan.session.session import Snapshot
from tugan.studio.messages import (
    MAX_STEPS,
    EntryView,
    GeneratorView,
    MethodChoice,
    ModelView,
    MovedPoint,
    OutcomeView,
    PointView,
    Progress,
    SolverId,
    StartView,
    State,
)


def model_views() -> tuple[ModelView, ...]:
    """What the catalogue offers, the default first."""
    views = []
    for entry in catalog():
        about = read_config(entry.folder).about
        views.append(
            ModelView(
                name=entry.name,
                title=entry.name.replace("-", " "),
                domain=about.domain,
                licence=about.licence,
                size_bytes=_size_bytes(entry.folder),
            )
        )
    return tuple(views)


def state_view(snapshot: Snapshot, *, revision: int) -> State:
    """The whole document as the page shows it."""
    document = snapshot.document
    info = None if snapshot.model is None else snapshot.model.info
    return State(
        revision=revision,
        phase=snapshot.phase,
        generator=None if info is None else generator_view(info),
        start=None if document is None else _start_view(document),
        points=() if document is None else tuple(map(_point_view, document.points)),
        has_mask=document is not None and document.mask is not None,
        method=None if document is None else method_choice(document.settings),
        history=tuple(
            EntryView(
                id=entry.id, parent=entry.parent, text=entry.text, has_picture=entry.has_picture
            )
            for entry in snapshot.entries
        ),
        current=snapshot.current,
        can_undo=snapshot.can_undo,
        can_redo=snapshot.can_redo,
        outcome=None if document is None else outcome_view(document.outcome),
        steps=0 if document is None else document.steps,
    )


def generator_view(info: GeneratorInfo) -> GeneratorView:
    """What the page needs to know of a model."""
    height, width = info.size_hw
    return GeneratorView(
        name=info.name,
        width_px=width,
        height_px=height,
        domain=info.domain,
        licence=info.licence,
        notes=info.notes,
        classes=info.label_dim,
        rows=info.num_ws,
        blocks_px=tuple(block.until_px for block in info.blocks),
        preferred={
            name: method_choice(solver.presets["auto"](info)) for name, solver in SOLVERS.items()
        },
    )


def method_choice(settings: Settings) -> MethodChoice:
    """The part of a solver's settings that the page lets people choose."""
    if isinstance(settings, NewtonSettings):
        solver: SolverId = "newton"
        feature_px = settings.blocks_px[-1]
    else:
        solver, feature_px = "adam", settings.feature_px
    # a project from the command line may allow more steps than the studio does
    allowed = MAX_STEPS if settings.max_steps is None else settings.max_steps
    return MethodChoice(
        solver=solver,
        space=settings.latent,
        rows=settings.rows,
        feature_px=feature_px,
        max_steps=min(max(allowed, 1), MAX_STEPS),
    )


def outcome_view(outcome: Outcome | None) -> OutcomeView | None:
    """How a drag ended, in words."""
    if outcome is None:
        return None
    return OutcomeView(ending=outcome.ending.value, text=outcome.happened, remedy=outcome.remedy)


def progress_view(shown: StepShown) -> Progress:
    """One step of a drag."""
    return Progress(
        step=shown.step,
        farthest_px=shown.farthest_px,
        steps_per_s=shown.steps_per_s,
        points=tuple(
            MovedPoint(id=point_id, handle=handle_xy, lost=lost)
            for point_id, handle_xy, lost in shown.points
        ),
    )


def _start_view(document: Document) -> StartView:
    start = document.start
    return StartView(seed=start.seed, psi=start.psi, label=start.label)


def _point_view(point: PointPair) -> PointView:
    return PointView(
        id=point.id,
        start=point.start_xy,
        handle=point.handle_xy,
        goal=point.goal_xy,
        lost=point.lost,
    )


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
