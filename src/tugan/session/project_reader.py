"""From the members of a project to its history, checking all of it."""

import io
import json
import warnings
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image
from pydantic import ValidationError
from torch import Tensor

from tugan.core.json_size import check_json_size
from tugan.dragging.checkpoint import Nearest
from tugan.dragging.methods import SOLVERS
from tugan.dragging.solvers.saved_state import SavedAdam, SavedNewton, SavedState
from tugan.inversion.photo_edit import PhotoEditError
from tugan.session import project_records as records
from tugan.session.document import (
    AskedPoint,
    Document,
    DragRecord,
    PointPair,
    SavedRun,
    Start,
    Trail,
    TrailStep,
)
from tugan.session.document_photo import DocumentPhoto
from tugan.session.history import Entry, History
from tugan.session.packed_mask import PackedMask
from tugan.session.project_archive import FIRST_PHOTO, ProjectArchive
from tugan.session.project_errors import NewerProjectError, ProjectFileError, damaged
from tugan.session.project_photo import photo_of
from tugan.session.tensor_pool import TensorPool

MAX_MASK_PIXELS = 4096 * 4096
_MAX_ALL_MASK_PIXELS = 16 * MAX_MASK_PIXELS
_MAX_PARTS, _MAX_CONTAINERS = 600_000, 200_000
"""Of a manifest: a hundred entries of two hundred points each have half as many."""
# what Pillow raises on damaged files
_PILLOW_ERRORS = (OSError, ValueError, SyntaxError, RuntimeError, Warning)


def history_of(archive: ProjectArchive, *, name: str) -> History:
    """The history in a project; :class:`ProjectFileError` says what is wrong with it."""
    manifest = parse_manifest(archive.manifest, name=name)
    try:
        photos = {
            folder: DocumentPhoto(edit=photo_of(photo, name=name))
            for folder, photo in archive.photos.items()
        }
    except PhotoEditError as error:
        raise ProjectFileError(f"{name} is damaged: {error}") from error
    # in version 3 the one photograph was everybody's
    unnamed = photos.get(FIRST_PHOTO) if manifest.format_version == 3 else None
    try:
        pool = TensorPool.of_bytes(archive.latents, name=name)
        reader = _Reader(pool, _masks(archive), photos, unnamed)
        entries = {one.id: reader.entry(one) for one in manifest.entries}
    except KeyError as error:
        raise ProjectFileError(f"{name} is damaged: it lacks {error.args[0]}") from error
    except ProjectFileError:
        raise
    except ValueError as error:
        raise ProjectFileError(f"{name} is damaged: {error}") from error
    return History(
        by_id=MappingProxyType(entries),
        current=manifest.current,
        taken=MappingProxyType(dict(manifest.taken)),
        next_id=max(entries) + 1,
    )


def parse_manifest(content: bytes, *, name: str) -> records.ManifestRecord:
    """The manifest; :class:`ProjectFileError` also for those of a newer tugan."""
    try:
        check_json_size(content, most_parts=_MAX_PARTS, most_containers=_MAX_CONTAINERS)
        # parsing it lets no other thread run meanwhile: what is hopeless is not parsed at all
        if content.count(b'"document"') > records.MAX_ENTRIES:
            raise ValueError(f"it has more than {records.MAX_ENTRIES} entries")
        return records.ManifestRecord.model_validate_json(content)
    except ValidationError as error:
        # only now: parsing it twice would take twice as long
        _check_version(content, name=name)
        raise damaged(name, error, hidden=tuple(SOLVERS)) from error
    except ValueError as error:
        raise ProjectFileError(f"{name} is damaged in its manifest: {error}") from error


def _check_version(content: bytes, *, name: str) -> None:
    """:class:`NewerProjectError` if that is why it cannot be read."""
    try:
        plain = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProjectFileError(f"{name} is damaged in its manifest: {error}") from error
    version = plain.get("format_version") if isinstance(plain, dict) else None
    if isinstance(version, int) and version > records.FORMAT_VERSION:
        raise NewerProjectError(
            f"{name} was made by a newer tugan (format {str(version)[:20]}; this one reads up to"
            f" {records.FORMAT_VERSION}): update tugan to open it"
        )


class _Reader:
    """Looks tensors and masks up by their names; ``KeyError`` or ``ValueError`` if they are not
    what they should be."""

    def __init__(
        self,
        pool: TensorPool,
        masks: Mapping[str, PackedMask],
        photos: Mapping[str, DocumentPhoto],
        unnamed: DocumentPhoto | None,
    ) -> None:
        self._pool, self._masks = pool, masks
        self._photos, self._unnamed = photos, unnamed

    def entry(self, record: records.EntryRecord) -> Entry:
        return Entry(
            id=record.id,
            parent=record.parent,
            text=record.text,
            has_picture=record.has_picture,
            document=self._document(record.document),
        )

    def _document(self, record: records.DocumentRecord) -> Document:
        origin = self._ws(record.origin_ws, like=None)
        return Document(
            model=record.model,
            start=_start(record.start),
            origin_ws=origin,
            ws=self._ws(record.ws, like=origin),
            points=_points(record.points),
            packed_mask=self._mask(record.mask),
            solver=record.solver,
            settings=record.settings,
            record=None if record.record is None else self._record(record.record, origin),
            run=None if record.run is None else self._run(record.run, origin),
            trail=None if record.trail is None else self._trail(record.trail, origin),
            outcome=record.outcome,
            steps=record.steps,
            photo=self._unnamed if record.photo is None else self._photos[record.photo],
        )

    def _record(self, record: records.DragRecordRecord, like: Tensor) -> DragRecord:
        return DragRecord(
            start_ws=self._ws(record.start_ws, like=like),
            points=tuple(
                AskedPoint(id=one.id, handle_xy=one.handle, goal_xy=one.goal)
                for one in record.points
            ),
            packed_mask=self._mask(record.mask),
            solver=record.solver,
            settings=record.settings,
        )

    def _run(self, record: records.RunRecord, like: Tensor) -> SavedRun:
        nearest = None if record.nearest is None else self._nearest(record.nearest, like)
        return SavedRun(state=self._state(record.state), nearest=nearest)

    def _state(self, record: records.NewtonStateRecord | records.AdamStateRecord) -> SavedState:
        # its shapes are checked against the drag's when it goes on
        if isinstance(record, records.AdamStateRecord):
            return SavedAdam(
                steps=record.steps,
                move=self._flat(record.move),
                mean=self._flat(record.mean),
                square=self._flat(record.square),
                count=record.count,
                handles_xy=self._places(record.handles_xy),
                least_left_px=record.least_left_px,
                least_left_step=record.least_left_step,
            )
        jacobian, change = record.jacobian, record.last_change
        directions, products = record.held_directions, record.held_products
        return SavedNewton(
            steps=record.steps,
            move=self._flat(record.move),
            level=record.level,
            expected_xy=self._places(record.expected_xy),
            seen_xy=self._places(record.seen_xy),
            damping=record.damping,
            jacobian=None if jacobian is None else self._flat(jacobian),
            last_change=None if change is None else self._shaped(change, dims=1),
            held_directions=None if directions is None else self._flat(directions),
            held_products=None if products is None else self._flat(products),
            age=record.age,
            radius=record.radius,
            tries=record.tries,
            taken_back=record.taken_back,
            left_px=record.left_px,
            waited=record.waited,
            least_left_px=record.least_left_px,
            least_left_step=record.least_left_step,
        )

    def _nearest(self, record: records.NearestRecord, like: Tensor) -> Nearest:
        places = self._places(record.handles_xy)
        if len(places) != len(record.lost):
            raise ValueError(f"{len(record.lost)} flags for {len(places)} points")
        return Nearest(
            index=record.index,
            ws=self._ws(record.ws, like=like),
            handles_xy=places,
            lost=torch.tensor(record.lost, dtype=torch.bool),
        )

    def _trail(self, record: records.TrailRecord, like: Tensor) -> Trail:
        start = self._ws(record.start_ws, like=like)
        steps = []
        for one in record.steps:
            rows = self._flat(one.rows)
            if rows.shape[1] != start.shape[2] or len(rows) > start.shape[1]:
                raise ValueError(f"{one.rows} is {tuple(rows.shape)}, but ws {tuple(start.shape)}")
            handles, goals = self._places(one.handles_xy), self._places(one.goals_xy)
            if handles.shape != goals.shape:
                raise ValueError(f"{len(handles)} handles but {len(goals)} goals in the trail")
            steps.append(TrailStep(step=one.step, rows=rows, handles_xy=handles, goals_xy=goals))
        return Trail(start_ws=start, steps=tuple(steps))

    def _mask(self, name: str | None) -> PackedMask | None:
        return None if name is None else self._masks[name]

    def _ws(self, key: str, *, like: Tensor | None) -> Tensor:
        found = self._shaped(key, dims=3)
        if len(found) != 1:
            raise ValueError(f"{key} is {tuple(found.shape)}, expected (1, rows, width)")
        if like is not None and found.shape != like.shape:
            raise ValueError(f"{key} is {tuple(found.shape)}, but ws is {tuple(like.shape)}")
        return found

    def _places(self, key: str) -> Tensor:
        found = self._flat(key)
        if found.shape[1] != 2:
            raise ValueError(f"{key} is {tuple(found.shape)}, expected (points, 2)")
        return found

    def _flat(self, key: str) -> Tensor:
        return self._shaped(key, dims=2)

    def _shaped(self, key: str, *, dims: int) -> Tensor:
        found = self._pool.get(key)
        if found.ndim != dims:
            raise ValueError(f"{key} is {tuple(found.shape)}, expected {dims} dimensions")
        return found


def _start(record: records.StartRecord) -> Start:
    return Start(
        seed=record.seed,
        psi=record.psi,
        label=record.label,
        noise=record.noise,
        noise_seed=record.noise_seed,
    )


def _points(found: tuple[records.PointRecord, ...]) -> tuple[PointPair, ...]:
    if len({one.id for one in found}) < len(found):
        raise ValueError("two points have the same id")
    return tuple(
        PointPair(
            id=one.id,
            start_xy=one.start,
            handle_xy=one.handle,
            goal_xy=one.goal,
            lost=one.lost,
        )
        for one in found
    )


def _masks(archive: ProjectArchive) -> dict[str, PackedMask]:
    left = _MAX_ALL_MASK_PIXELS
    found = {}
    for name, content in archive.masks.items():
        mask = _read_mask(content, name=name, most_pixels=min(left, MAX_MASK_PIXELS))
        left -= mask.size_hw[0] * mask.size_hw[1]
        found[name] = mask
    return found


def _read_mask(content: bytes, *, name: str, most_pixels: int) -> PackedMask:
    """``ValueError`` for anything but a grey PNG of a reasonable size."""
    try:
        with (
            warnings.catch_warnings(action="error"),
            Image.open(io.BytesIO(content), formats=["PNG"]) as opened,
        ):
            # looked at before anything is unpacked: a small file can declare a huge picture
            if opened.width * opened.height > most_pixels:
                raise ValueError(f"it is {opened.width} x {opened.height} px: far too large")
            if opened.mode != "L":
                raise ValueError(f"its pixels are {opened.mode}, expected 8-bit grey")
            return PackedMask(np.asarray(opened, dtype=np.uint8))
    except (*_PILLOW_ERRORS, Image.DecompressionBombError) as error:
        raise ValueError(f"{name} cannot be read: {error}") from error
