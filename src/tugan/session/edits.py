"""What commands do to a desk once it is idle, and aiming a drag while it is not."""

import contextlib
from collections.abc import Callable, Sequence

from tugan.session import commands
from tugan.session.commands import PointInput
from tugan.session.desk import Desk
from tugan.session.document import Document, PointXy
from tugan.session.drag_job import DragControl, drag_job
from tugan.session.drag_run import record_of
from tugan.session.errors import SessionError
from tugan.session.events import Changed
from tugan.session.history import History
from tugan.session.live_job import LiveControl, live_job
from tugan.session.loading_jobs import return_job
from tugan.session.picture_jobs import advice_job, resting_job


def edit_document(
    desk: Desk, edit: Callable[[Document], Document], *, text: str, gesture: str | None
) -> None:
    """An entry of the history, unless the document stays the same."""

    def add(history: History) -> History:
        document = edit(history.document)
        if document is history.document:
            return history
        return history.added(document, text=text, gesture=gesture)

    desk.change(add)


def place_points(
    desk: Desk, points: Sequence[PointInput], *, text: str, gesture: str | None
) -> None:
    """These points and no others; new handles are advised on."""
    before = desk.document()
    current = desk.seen.brought_up_to_date(points, before.points)
    edit_document(
        desk,
        lambda document: commands.set_points(document, current),
        text=text,
        gesture=gesture,
    )
    known = {(point.id, point.handle_xy) for point in before.points}
    new = tuple(
        point for point in desk.document().points if (point.id, point.handle_xy) not in known
    )
    if new and desk.want_advice(new):
        with contextlib.suppress(SessionError):  # busy: advice can be missed
            desk.submit(advice_job(desk))


def aim_drag(desk: Desk, points: Sequence[PointInput]) -> bool:
    """Tell the drag that goes on of new goals; False if there is none, or more is wanted."""
    running, shown = desk.running, desk.shown()
    if not isinstance(running, DragControl) or running.stopped:
        return False
    current = desk.seen.brought_up_to_date(points, shown.points)
    goals = _changed_goals(current, shown, running.dragged)
    if goals is None:
        return False
    running.aim(goals)
    desk.show(commands.set_points(shown, current))
    desk.emit(Changed())
    return True


def begin_drag(desk: Desk) -> None:
    """From the current entry; :class:`SessionError` ``no-goal``."""
    record = record_of(desk.document())
    desk.seen.clear()
    desk.seen.add(desk.document().points)
    control = DragControl(frozenset(point.id for point in record.points))
    desk.occupy("dragging", drag_job(desk, control), control, then=lambda: rest(desk))


def begin_live(desk: Desk, control: LiveControl) -> None:
    """From the current entry."""
    desk.seen.clear()
    desk.seen.add(desk.document().points)
    desk.occupy("live", live_job(desk, control), control, then=lambda: rest(desk))


def travel(desk: Desk, step: Callable[[History], History]) -> None:
    """To another entry of the history."""
    before = desk.document()
    desk.change(step)
    desk.seen.clear()
    after = desk.document()
    if (after.model, after.photo_key) != (before.model, before.photo_key):
        desk.occupy("loading", return_job(desk))
    elif after.origin_key != before.origin_key:
        rest(desk, with_original=True)
    elif after.picture_key != before.picture_key:
        rest(desk)


def rest(desk: Desk, *, with_original: bool = False) -> None:
    """Show the picture of the current entry."""
    desk.submit(resting_job(desk, with_original=with_original))


def _changed_goals(
    points: Sequence[PointInput], shown: Document, dragged: frozenset[int]
) -> dict[int, PointXy] | None:
    """By the points' ids; None if anything else than goals of dragged points is another."""
    if [one.id for one in points] != [one.id for one in shown.points]:
        return None
    goals = {}
    for wanted, point in zip(points, shown.points, strict=True):
        if wanted.handle_xy != point.handle_xy:
            return None
        if wanted.goal_xy == point.goal_xy:
            continue
        if point.id not in dragged or wanted.goal_xy is None:
            return None
        goals[point.id] = wanted.goal_xy
    return goals
