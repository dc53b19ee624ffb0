"""From the session's values to the wire's messages."""

from collections.abc import Sequence
from pathlib import Path

from tugan.core.errors import CheckpointError
from tugan.core.outcome import Outcome
from tugan.dragging.methods import SOLVERS, Settings
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.catalog import catalog
from tugan.generators.loading import read_config
from tugan.inversion.align import Alignment
from tugan.inversion.quality import Quality
from tugan.session.document import Document, PointPair
from tugan.session.document_photo import DocumentPhoto
from tugan.session.events import PhotoStepShown, StepShown
from tugan.session.incoming import Incoming
from tugan.session.model_store import LoadedModel
from tugan.session.session import Snapshot
from tugan.studio.messages import (
    MAX_FEATURE_PX,
    MAX_ROWS,
    MAX_STEPS,
    Corners,
    EntryView,
    GeneratorView,
    IncomingView,
    MethodChoice,
    ModelView,
    MovedPoint,
    OutcomeView,
    PhotoProgress,
    PhotoView,
    PointView,
    Progress,
    QualityView,
    SolverId,
    StartView,
    State,
)


def model_views(names: Sequence[str]) -> tuple[ModelView, ...]:
    """What can be chosen: the catalogue's models, the default first, then files that were given.

    ``names`` as of :meth:`ModelStore.names`.
    """
    views = []
    known = catalog()
    for entry in known:
        try:
            about = read_config(entry.folder).about
        except CheckpointError:
            continue  # pulled, and damaged since: tugan models verify names it
        views.append(
            ModelView(
                name=entry.name,
                title=entry.name.replace("-", " "),
                domain=about.domain,
                licence=about.licence,
                size_bytes=_size_bytes(entry.folder),
            )
        )
    given = set(names) - {entry.name for entry in known}
    return (*views, *(_file_view(name) for name in names if name in given))


def state_view(snapshot: Snapshot, *, revision: int) -> State:
    """The whole document as the page shows it."""
    document = snapshot.document
    return State(
        revision=revision,
        phase=snapshot.phase,
        generator=None if snapshot.model is None else generator_view(snapshot.model),
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
        photo=None if document is None or document.photo is None else _photo_view(document.photo),
        incoming=None if snapshot.incoming is None else _incoming_view(snapshot.incoming),
    )


def generator_view(model: LoadedModel) -> GeneratorView:
    """What the page needs to know of a model."""
    info = model.info
    height, width = info.size_hw
    return GeneratorView(
        name=model.name,
        width_px=width,
        height_px=height,
        domain=info.domain,
        licence=info.licence,
        notes=info.notes,
        classes=info.label_dim,
        rows=info.num_ws,
        blocks_px=tuple(block.until_px for block in info.blocks),
        hold_ready=model.hold_ready,
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
    # whatever a file says: a page that is told nothing could do nothing about it
    return MethodChoice(
        solver=solver,
        space=settings.latent,
        rows=min(settings.rows, MAX_ROWS),
        feature_px=min(feature_px, MAX_FEATURE_PX),
        max_steps=min(max(allowed, 1), MAX_STEPS),
        hold=settings.hold,
    )


def outcome_view(outcome: Outcome | None) -> OutcomeView | None:
    """How a drag ended, in words."""
    if outcome is None:
        return None
    return OutcomeView(
        ending=outcome.ending.value,
        closeness=None if outcome.closeness is None else outcome.closeness.value,
        text=outcome.happened,
        remedy=outcome.remedy,
    )


def photo_progress_view(shown: PhotoStepShown) -> PhotoProgress:
    """One step of bringing a photograph in."""
    return PhotoProgress(
        stage=shown.stage,
        step=shown.step,
        total=shown.total,
        psnr_db=shown.psnr_db,
        left_s=shown.left_s,
    )


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


def _file_view(name: str) -> ModelView:
    """A checkpoint that has not been opened yet: only its file is known."""
    path = Path(name)
    if (path / "config.json").is_file():
        about = read_config(path).about
        domain, licence, size_bytes = about.domain, about.licence, _size_bytes(path)
    else:
        domain, licence = "unknown", "not known: look where the file came from"
        size_bytes = path.stat().st_size if path.is_file() else 0
    return ModelView(
        name=name, title=path.stem or name, domain=domain, licence=licence, size_bytes=size_bytes
    )


def _photo_view(photo: DocumentPhoto) -> PhotoView:
    height, width = photo.size_hw
    return PhotoView(
        name=photo.edit.source.name,
        width_px=width,
        height_px=height,
        quality=_quality_view(photo.edit.quality),
    )


def _incoming_view(incoming: Incoming) -> IncomingView:
    height, width = incoming.size_hw
    edit = incoming.edit
    ready = incoming.stage == "ready" and edit is not None
    return IncomingView(
        name=incoming.source.name,
        width_px=width,
        height_px=height,
        stage=incoming.stage,
        faces=tuple(map(_corners, incoming.faces)),
        chosen=None if incoming.chosen is None else _corners(incoming.chosen),
        warning=incoming.warning,
        remarks=incoming.remarks,
        finished=incoming.finished,
        quality=_quality_view(edit.quality) if ready and edit is not None else None,
    )


def _quality_view(quality: Quality | None) -> QualityView | None:
    if quality is None:
        return None
    return QualityView(
        grade=quality.grade,
        text=quality.sentence,
        face_psnr_db=quality.face_psnr_db,
        identity_distance=quality.identity_distance,
    )


def _corners(square: Alignment) -> Corners:
    first, second, third, fourth = ((float(x), float(y)) for x, y in square.quad_xy)
    return first, second, third, fourth
