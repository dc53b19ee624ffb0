"""Getting models and first pictures, as jobs of the engine."""

from dataclasses import dataclass, replace

from tugan.session.commands import check_fits
from tugan.session.desk import Desk
from tugan.session.document import Document, PointPair, Start
from tugan.session.engine import Job, Turn
from tugan.session.history import History
from tugan.session.model_store import LoadedModel
from tugan.session.picture_jobs import resting_job
from tugan.session.start_picture import check_start, latent_of, usual_label

DEFAULT_SEED = 14
DEFAULT_PSI = 0.7
_SAMPLE_MODEL = "faces-1024"
_SAMPLE = PointPair(id=1, start_xy=(608, 762), handle_xy=(608, 762), goal_xy=(636, 722))
"""Of the default seed: the corner of the mouth, up to the right."""


@dataclass(frozen=True, kw_only=True)
class WantedStart:
    """A picture to start from."""

    seed: int
    psi: float
    label: int | None
    model: str | None = None
    """None for the one in use."""


def open_job(desk: Desk, name: str) -> Job:
    """A session's first picture."""
    model = desk.models.get(name)
    desk.use_model(model)
    yield Turn.STEP
    label = usual_label(model.info, None)
    document = started(model, WantedStart(seed=DEFAULT_SEED, psi=DEFAULT_PSI, label=label))
    if name == _SAMPLE_MODEL:
        document = replace(document, points=(_SAMPLE,))
    desk.begin(History.begun(document, text="Start"))
    yield Turn.STEP
    yield from resting_job(desk, with_original=True)


def start_job(desk: Desk, wanted: WantedStart) -> Job:
    """Another picture, perhaps of another model: an entry of the history."""
    model = desk.untuned_model() if wanted.model is None else desk.models.get(wanted.model)
    yield Turn.STEP
    if wanted.model is not None:
        wanted = replace(wanted, label=usual_label(model.info, None))
    check_start(wanted.seed, wanted.psi, wanted.label, info=model.info)
    document = started(model, replace(wanted, label=usual_label(model.info, wanted.label)))
    _keep(desk, model, document, wanted)
    yield Turn.STEP
    yield from resting_job(desk, with_original=True)


def reopen_job(desk: Desk, history: History) -> Job:
    """The work of a file; what was here is replaced once its model is there."""
    model = desk.model_of(history.document)
    yield Turn.STEP
    for entry in history.entries:
        if entry.document.model == model.reference:
            check_fits(entry.document, info=model.info)
    desk.use_model(model)
    desk.begin(history)
    yield Turn.STEP
    yield from resting_job(desk, with_original=True)


def return_job(desk: Desk) -> Job:
    """The model of the current entry, after going to one of another model or photograph."""
    desk.use_model(desk.model_of(desk.document()))
    yield Turn.STEP
    yield from resting_job(desk, with_original=True)


def started(model: LoadedModel, wanted: WantedStart) -> Document:
    """Nothing but a picture, to be dragged as suits the model."""
    ws = latent_of(model.generator, seed=wanted.seed, psi=wanted.psi, label=wanted.label)
    return Document(
        model=model.reference,
        start=Start(seed=wanted.seed, psi=wanted.psi, label=wanted.label, noise_seed=wanted.seed),
        origin_ws=ws,
        ws=ws,
        solver="newton",
        settings=model.presets["newton"],
    )


def _keep(desk: Desk, model: LoadedModel, document: Document, wanted: WantedStart) -> None:
    desk.use_model(model)
    if not desk.has_history():
        desk.begin(History.begun(document, text="Start"))
        return

    def add(history: History) -> History:
        before = history.document
        if before.model == document.model:
            kept = replace(document, solver=before.solver, settings=before.settings)
        else:
            kept = document
        text = f"Model {model.info.name}" if wanted.model is not None else f"Seed {wanted.seed}"
        # a slider of the truncation is one entry
        gesture = f"start {model.name} {wanted.seed} {wanted.label}"
        return history.added(kept, text=text, has_picture=True, gesture=gesture)

    desk.change(add)
