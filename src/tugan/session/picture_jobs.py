"""Drawing as jobs of the engine: pictures at rest, thumbnails, galleries, animations, advice."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from tugan.core.images import RgbArray, to_rgb_array
from tugan.dragging.live import apart
from tugan.dragging.problem import DragProblem
from tugan.dragging.texture import advice_on_handles
from tugan.generators.protocol import Ws
from tugan.inversion.align import crop
from tugan.render.overlays import draw_drag
from tugan.render.video import FrameReel
from tugan.session.desk import Desk
from tugan.session.document import Document, PointPair
from tugan.session.document_photo import read
from tugan.session.engine import Job, Turn
from tugan.session.errors import SessionError
from tugan.session.events import (
    Advised,
    GalleryPicture,
    HistoryPicture,
    OriginalReady,
    PhotoShown,
    PictureReady,
)
from tugan.session.history import Entry
from tugan.session.model_store import LoadedModel
from tugan.session.pictures import (
    GALLERY_PX,
    HISTORY_PX,
    PHOTO_PX,
    draw,
    picture_of,
    quick_picture,
    shrunk,
)
from tugan.session.start_picture import latent_of

_NUDGE_PX = 1.0
"""A handle without a goal is advised on as if it had one here."""


def resting_job(desk: Desk, *, with_original: bool = False) -> Job:
    """The current picture, and the thumbnail of its entry."""
    entry = desk.history().entry
    document, model = entry.document, desk.model_of(entry.document)
    pixels = picture_of(desk.pictures, model, document, document.ws)
    is_newest = desk.document().picture_key == document.picture_key
    if is_newest and (with_original or not desk.moving):
        desk.emit(PictureReady(pixels=pixels))
    if entry.has_picture:
        _emit_thumbnail(desk, entry, shrunk(pixels, side_px=HISTORY_PX))
    yield Turn.STEP
    if with_original:
        yield from original_job(desk)


def original_job(desk: Desk) -> Job:
    """The picture that was started from; of a photograph, its own square."""
    document = desk.document()
    model = desk.model_of(document)
    photo = document.photo
    if photo is not None and photo.edit.source.content is not None:
        whole = read(photo.edit.source).pixels
        pixels = to_rgb_array(crop(whole, photo.edit.alignment, model.info.size_hw[0]))
        if desk.incoming is None:
            desk.emit(PhotoShown(pixels=shrunk(whole, side_px=PHOTO_PX)))
    else:
        pixels = picture_of(desk.pictures, model, document, document.origin_ws)
    desk.emit(OriginalReady(pixels=pixels))
    yield Turn.STEP


def thumbnails_job(desk: Desk) -> Job:
    """Those of the whole history; the missing ones are drawn."""
    model, drawn_photo = desk.model(), desk.document().photo_key
    for entry in desk.history().entries:
        document = entry.document
        if not entry.has_picture or entry.id not in desk.history().by_id:
            continue
        small = desk.pictures.small(document.picture_key)
        is_other = document.model != model.reference or document.photo_key != drawn_photo
        if small is None and is_other:
            continue  # a thumbnail is not worth loading a model
        if small is None:
            small = quick_picture(model, document, document.ws, side_px=HISTORY_PX)
        _emit_thumbnail(desk, entry, small)
        yield Turn.STEP


def gallery_job(
    desk: Desk, seeds: Sequence[int], *, psi: float, label: int | None, wanted: int
) -> Job:
    """Small pictures of seeds, until another gallery is asked for."""
    for seed in seeds:
        if desk.gallery_wanted != wanted:
            return
        model = desk.untuned_model()
        ws = latent_of(model.generator, seed=seed, psi=psi, label=label)
        document = replace(desk.document(), start=replace(desk.document().start, noise_seed=seed))
        pixels = quick_picture(model, document, ws, side_px=GALLERY_PX)
        desk.emit(GalleryPicture(seed=seed, pixels=pixels))
        yield Turn.STEP


def advice_job(desk: Desk) -> Job:
    """What can be said of handles before they are dragged."""
    points, document, model = desk.take_advice_wanted(), desk.document(), desk.model()
    wanted = [point for point in document.points if _is_one_of(point, points)]
    if not wanted:
        return
    handles = torch.tensor([point.handle_xy for point in wanted], dtype=torch.float32)
    goals = torch.tensor([point.goal_xy or point.handle_xy for point in wanted])
    problem = DragProblem(
        generator=model.generator,
        ws=document.ws,
        handles_xy=handles,
        targets_xy=apart(goals.float(), handles),
        noise=document.start.noise,
        noise_seed=document.start.noise_seed,
        keep_doubles=True,
    )
    for point, advice in zip(wanted, advice_on_handles(problem), strict=True):
        if advice.poor:
            desk.emit(Advised(point_id=point.id, text=advice.sentence, better_xy=advice.better_xy))
    yield Turn.STEP


def export_job(desk: Desk, into: list[RgbArray], *, points: bool) -> Job:
    """The newest picture there is, with or without its points, to the end of a list."""
    document = desk.shown()
    model = desk.model_of(document)
    pixels = picture_of(desk.pictures, model, document, document.ws)
    into.append(_with_points(document, pixels) if points else pixels)
    yield Turn.STEP


def animation_job(desk: Desk, document: Document, reel: FrameReel, *, points: bool) -> Job:
    """The frames of the way of a document's drag; :class:`SessionError` without one."""
    trail = document.trail
    if trail is None:
        raise no_drag()
    model = desk.model_of(document)
    mask = None if document.packed_mask is None else document.packed_mask.tensor()
    for step in trail.steps:
        pixels = _uncached(model, document, trail.ws_of(step))
        if points:
            pixels = draw_drag(
                pixels, handles_xy=step.handles_xy, targets_xy=step.goals_xy, mask=mask
            )
        reel.add(step.step, pixels)
        yield Turn.STEP


def no_drag() -> SessionError:
    """Nothing to animate."""
    return SessionError(
        "no-drag",
        "There is no drag here to make an animation of.",
        "Drag first, or go to an entry of the history that is a drag.",
    )


def _is_one_of(point: PointPair, points: tuple[PointPair, ...]) -> bool:
    return any((one.id, one.handle_xy) == (point.id, point.handle_xy) for one in points)


def _emit_thumbnail(desk: Desk, entry: Entry, small: RgbArray) -> None:
    desk.pictures.put_small(entry.document.picture_key, small)
    desk.emit(HistoryPicture(entry=entry.id, pixels=small))


def _uncached(model: LoadedModel, document: Document, ws: Ws) -> RgbArray:
    start = document.start
    return draw(model, ws, noise=start.noise, noise_seed=start.noise_seed)


def _with_points(document: Document, pixels: RgbArray) -> RgbArray:
    handles = [point.handle_xy for point in document.points]
    goals = [point.goal_xy or point.handle_xy for point in document.points]
    mask = document.packed_mask
    return draw_drag(
        pixels,
        handles_xy=torch.tensor(handles, dtype=torch.float32).reshape(-1, 2),
        targets_xy=torch.tensor(goals, dtype=torch.float32).reshape(-1, 2),
        mask=None if mask is None else mask.tensor(),
    )
