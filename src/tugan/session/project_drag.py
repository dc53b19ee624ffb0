"""Between histories and single drags, which the command line saves and repeats."""

import torch

from tugan.core.outcome import Ending
from tugan.generators.protocol import Ws
from tugan.session.document import (
    AskedPoint,
    Document,
    DragRecord,
    PointPair,
    PointXy,
    Start,
)
from tugan.session.document_photo import DocumentPhoto
from tugan.session.events import HELD_ID
from tugan.session.history import History
from tugan.session.packed_mask import PackedMask
from tugan.session.project import Project, ProjectHeader


def history_of_project(project: Project) -> History:
    """Two entries: the start with its points, and what came out."""
    header = project.header
    mask = None if project.mask is None else PackedMask.of_tensor(project.mask)
    asked = tuple(
        AskedPoint(id=index + 1, handle_xy=_pair(handle), goal_xy=_pair(goal))
        for index, (handle, goal) in enumerate(
            zip(project.handles_xy.tolist(), project.targets_xy.tolist(), strict=True)
        )
    )
    photo = None if project.photo is None else DocumentPhoto(edit=project.photo)
    start = Document(
        model=header.model,
        start=Start(noise=header.noise, noise_seed=header.noise_seed),
        origin_ws=_cpu(project.ws),
        ws=_cpu(project.ws),
        points=tuple(_set_point(one, one.handle_xy) for one in asked),
        packed_mask=mask,
        solver=header.solver,
        settings=header.settings,
        photo=photo,
    )
    end = Document(
        model=start.model,
        start=start.start,
        origin_ws=start.ws,
        ws=_cpu(project.result_ws),
        points=tuple(
            _set_point(one, _pair(place))
            for one, place in zip(asked, project.result_handles_xy.tolist(), strict=True)
        ),
        packed_mask=mask,
        solver=header.solver,
        settings=header.settings,
        record=DragRecord(
            start_ws=start.ws,
            points=asked,
            packed_mask=mask,
            solver=header.solver,
            settings=header.settings,
        ),
        outcome=header.outcome,
        steps=0 if header.outcome is None else header.outcome.steps or 0,
        photo=photo,
    )
    return History.begun(start, text="Start").added(end, text="Drag", has_picture=True)


def project_of_history(history: History) -> Project:
    """The last drag of the current entry; if it has none, what its points ask for."""
    document = history.document
    record = document.record or _asked_for(document)
    places = {point.id: point.handle_xy for point in document.points}
    result = [places.get(one.id, one.goal_xy) for one in record.points]
    return Project(
        header=ProjectHeader(
            model=document.model,
            solver=record.solver,
            settings=record.settings,
            noise=document.start.noise,
            noise_seed=document.start.noise_seed,
            outcome=document.outcome,
        ),
        ws=record.start_ws,
        handles_xy=record.handles_xy(),
        targets_xy=record.goals_xy(),
        mask=None if record.packed_mask is None else record.packed_mask.tensor(),
        result_ws=document.ws,
        result_handles_xy=torch.tensor(result, dtype=torch.float32).reshape(-1, 2),
        photo=None if document.photo is None else document.photo.edit,
        kept_step=_kept_step(document),
    )


def _kept_step(document: Document) -> int | None:
    """To repeat what was kept of a drag, where the drag alone would go on, or end before."""
    record, outcome = document.record, document.outcome
    if record is None:
        return None
    if outcome is None:
        # edited since; a live drag is repeated in one go, which has steps of its own
        live = any(one.id == HELD_ID for one in record.points)
        return None if live else document.steps or None
    limit = record.settings.max_steps
    went_on = limit is not None and outcome.steps is not None and outcome.steps > limit
    if outcome.ending is Ending.CANCELLED or (outcome.ending is Ending.STEP_LIMIT and went_on):
        return outcome.steps
    return None


def _asked_for(document: Document) -> DragRecord:
    return DragRecord(
        start_ws=document.ws,
        points=tuple(
            AskedPoint(id=one.id, handle_xy=one.handle_xy, goal_xy=one.goal_xy or one.handle_xy)
            for one in document.asking()
        ),
        packed_mask=document.packed_mask,
        solver=document.solver,
        settings=document.settings,
    )


def _set_point(asked: AskedPoint, handle_xy: PointXy) -> PointPair:
    return PointPair(
        id=asked.id, start_xy=asked.handle_xy, handle_xy=handle_xy, goal_xy=asked.goal_xy
    )


def _pair(values: list[float]) -> PointXy:
    x, y = values
    return float(x), float(y)


def _cpu(ws: Ws) -> Ws:
    return ws.detach().to("cpu", torch.float32)
