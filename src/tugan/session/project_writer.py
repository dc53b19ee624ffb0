"""From a history to the members of a project."""

import io
from dataclasses import fields

import numpy as np
from PIL import Image
from torch import Tensor

import tugan
from tugan.core.images import RgbArray
from tugan.dragging.checkpoint import Nearest
from tugan.dragging.solvers.saved_state import SavedNewton, SavedState
from tugan.inversion.photo_edit import PhotoEdit
from tugan.session import project_records as records
from tugan.session.document import Document, DragRecord, PointPair, SavedRun, Start, Trail
from tugan.session.document_photo import DocumentPhoto
from tugan.session.history import Entry, History
from tugan.session.packed_mask import PackedMask
from tugan.session.project_archive import ArchivedPhoto, ProjectArchive, mask_name, photo_folder
from tugan.session.project_photo import archived_photo
from tugan.session.tensor_pool import TensorPool

_PNG_LEVEL = 4


def archive_of(
    history: History,
    *,
    lean: bool = False,
    thumbnail: RgbArray | None = None,
    incoming: PhotoEdit | None = None,
) -> ProjectArchive:
    """All of a history, and a photograph that is still being brought in.

    ``lean`` leaves the trails of old entries out.
    """
    writer = _Writer()
    entries = tuple(
        writer.entry(one, with_trail=not lean or one.id == history.current)
        for one in history.entries
    )
    manifest = records.ManifestRecord(
        app_version=tugan.__version__,
        model=history.document.model,
        entries=entries,
        current=history.current,
        taken=tuple(history.taken.items()),
    )
    return ProjectArchive(
        manifest=manifest.model_dump_json().encode(),
        latents=writer.pool.to_bytes(),
        masks={name: _mask_png(mask) for mask, name in writer.masks.items()},
        thumbnail=None if thumbnail is None else _png(Image.fromarray(thumbnail)),
        photos=dict(writer.photos.values()),
        incoming=None if incoming is None else archived_photo(incoming),
    )


class _Writer:
    """Names tensors and masks as it goes."""

    def __init__(self) -> None:
        self.pool = TensorPool()
        self.masks: dict[PackedMask, str] = {}
        self.photos: dict[str, tuple[str, ArchivedPhoto]] = {}
        """Folders and contents, by keys."""

    def entry(self, entry: Entry, *, with_trail: bool) -> records.EntryRecord:
        return records.EntryRecord(
            id=entry.id,
            parent=entry.parent,
            text=entry.text,
            has_picture=entry.has_picture,
            document=self._document(entry.document, with_trail=with_trail),
        )

    def _document(self, document: Document, *, with_trail: bool) -> records.DocumentRecord:
        trail = document.trail if with_trail else None
        return records.DocumentRecord(
            model=document.model,
            start=_start(document.start),
            origin_ws=self.pool.add(document.origin_ws),
            ws=self.pool.add(document.ws),
            points=tuple(map(_point, document.points)),
            mask=self._mask(document.packed_mask),
            solver=document.solver,
            settings=document.settings,
            record=None if document.record is None else self._record(document.record),
            run=None if document.run is None else self._run(document.run),
            trail=None if trail is None else self._trail(trail),
            outcome=document.outcome,
            steps=document.steps,
            photo=None if document.photo is None else self._photo(document.photo),
        )

    def _photo(self, photo: DocumentPhoto) -> str:
        named = (photo_folder(len(self.photos)), photo.archived)
        return self.photos.setdefault(photo.key, named)[0]

    def _record(self, record: DragRecord) -> records.DragRecordRecord:
        return records.DragRecordRecord(
            start_ws=self.pool.add(record.start_ws),
            points=tuple(
                records.AskedRecord(id=one.id, handle=one.handle_xy, goal=one.goal_xy)
                for one in record.points
            ),
            mask=self._mask(record.packed_mask),
            solver=record.solver,
            settings=record.settings,
        )

    def _run(self, run: SavedRun) -> records.RunRecord:
        nearest = None if run.nearest is None else self._nearest(run.nearest)
        return records.RunRecord(state=self._state(run.state), nearest=nearest)

    def _state(self, state: SavedState) -> records.NewtonStateRecord | records.AdamStateRecord:
        values = {one.name: self._plain(getattr(state, one.name)) for one in fields(state)}
        if isinstance(state, SavedNewton):
            return records.NewtonStateRecord.model_validate(values)
        return records.AdamStateRecord.model_validate(values)

    def _plain(self, value: object) -> object:
        return self.pool.add(value) if isinstance(value, Tensor) else value

    def _nearest(self, nearest: Nearest) -> records.NearestRecord:
        return records.NearestRecord(
            index=nearest.index,
            ws=self.pool.add(nearest.ws),
            handles_xy=self.pool.add(nearest.handles_xy),
            lost=tuple(nearest.lost.tolist()),
        )

    def _trail(self, trail: Trail) -> records.TrailRecord:
        return records.TrailRecord(
            start_ws=self.pool.add(trail.start_ws),
            steps=tuple(
                records.TrailStepRecord(
                    step=one.step,
                    rows=self.pool.add(one.rows),
                    handles_xy=self.pool.add(one.handles_xy),
                    goals_xy=self.pool.add(one.goals_xy),
                )
                for one in trail.steps
            ),
        )

    def _mask(self, mask: PackedMask | None) -> str | None:
        if mask is None:
            return None
        return self.masks.setdefault(mask, mask_name(len(self.masks)))


def _start(start: Start) -> records.StartRecord:
    return records.StartRecord(
        seed=start.seed,
        psi=start.psi,
        label=start.label,
        noise=start.noise,
        noise_seed=start.noise_seed,
    )


def _point(point: PointPair) -> records.PointRecord:
    return records.PointRecord(
        id=point.id,
        start=point.start_xy,
        handle=point.handle_xy,
        goal=point.goal_xy,
        lost=point.lost,
    )


def _mask_png(mask: PackedMask) -> bytes:
    return _png(Image.fromarray(np.asarray(mask.pixels())))


def _png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG", compress_level=_PNG_LEVEL)
    return target.getvalue()
