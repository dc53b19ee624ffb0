"""Edits as functions of values: a document in, a document out; the same one if nothing changes.

They refuse with :class:`SessionError`, before anything is changed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tugan.core.errors import InvalidDragError
from tugan.dragging.methods import SOLVERS, Settings, SolverName
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.protocol import GeneratorInfo, LatentKind
from tugan.session.document import Document, PointPair, PointXy
from tugan.session.errors import SessionError
from tugan.session.limits import SessionLimits
from tugan.session.packed_mask import MaskArray, PackedMask


@dataclass(frozen=True, kw_only=True)
class PointInput:
    """A point as somebody wants it."""

    id: int
    handle_xy: PointXy
    goal_xy: PointXy | None = None


@dataclass(frozen=True, kw_only=True)
class MethodInput:
    """The part of a solver's settings that people choose."""

    solver: SolverName
    latent: LatentKind
    rows: int
    feature_px: int
    max_steps: int
    hold: float | None = None
    """None leaves it as it is."""


def check_points(
    points: Sequence[PointInput], *, info: GeneratorInfo, limits: SessionLimits
) -> None:
    """:class:`SessionError` for too many points, equal ids, or places outside of the picture."""
    if len(points) > limits.max_points:
        raise SessionError(
            "too-many-points",
            f"That are {len(points)} points; at most {limits.max_points} can be set.",
            "Remove some points first.",
        )
    if len({point.id for point in points}) < len(points):
        raise SessionError("bad-points", "Two points have the same id.", "Reload the page.")
    for point in points:
        check_inside(point.handle_xy, what="handle", info=info)
        if point.goal_xy is not None:
            check_inside(point.goal_xy, what="goal", info=info)


def check_inside(xy: PointXy, *, what: str, info: GeneratorInfo) -> None:
    """:class:`SessionError` unless the place is in the picture."""
    x, y = xy
    height, width = info.size_hw
    if not (math.isfinite(x) and math.isfinite(y)):
        raise SessionError("bad-points", f"The {what} is at no place: ({x}, {y}).", "Set it again.")
    if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
        raise SessionError(
            "outside",
            f"The {what} ({x:g}, {y:g}) is outside the picture: x goes from 0 to {width - 1}, y"
            f" from 0 to {height - 1}.",
            "Choose a place in the picture.",
        )


def check_fits(document: Document, *, info: GeneratorInfo) -> None:
    """:class:`SessionError` for a document that cannot be of this model."""
    expected = (1, info.num_ws, info.w_dim)
    if tuple(document.ws.shape) != expected:
        raise SessionError(
            "bad-project",
            f"The project has latents of {tuple(document.ws.shape)}, but those of {info.name} are"
            f" {expected}.",
            "Open another file.",
        )
    for point in document.points:
        check_inside(point.handle_xy, what="handle", info=info)
        if point.goal_xy is not None:
            check_inside(point.goal_xy, what="goal", info=info)
    if document.packed_mask is not None:
        _check_mask_size(document.packed_mask.size_hw, info=info)
    _check_settings(document.settings, info=info)
    if document.record is not None:
        _check_settings(document.record.settings, info=info)


def _check_settings(settings: Settings, *, info: GeneratorInfo) -> None:
    sizes = {block.until_px for block in info.blocks}
    blocks = settings.blocks_px if isinstance(settings, NewtonSettings) else ()
    if settings.rows > info.num_ws or not sizes.issuperset(blocks) or len(blocks) > len(sizes):
        raise SessionError(
            "bad-project",
            f"The project has settings that {info.name} cannot have: {settings.rows} rows, and"
            f" features of {', '.join(map(str, blocks[:4])) or 'any'} px.",
            "Open another file.",
        )


def set_points(document: Document, points: Sequence[PointInput]) -> Document:
    """These points and no others; a known point keeps where it was first set.

    Points that were checked before: see :func:`check_points`.
    """
    known = {point.id: point for point in document.points}
    wanted = tuple(_as_pair(point, known.get(point.id)) for point in points)
    if wanted == document.points:
        return document
    return replace(document, points=wanted, run=None, outcome=None)


def set_mask(document: Document, mask: MaskArray | None, *, info: GeneratorInfo) -> Document:
    """This mask, ``(h, w)`` of the picture's size, or none."""
    if mask is None:
        packed = None
    else:
        _check_mask_size(mask.shape, info=info)
        packed = PackedMask(mask)
    if packed == document.packed_mask:
        return document
    return replace(document, packed_mask=packed, run=None, outcome=None)


def set_method(
    document: Document,
    method: MethodInput | None,
    *,
    info: GeneratorInfo,
    limits: SessionLimits,
) -> Document:
    """Another way to drag; None takes what suits the model."""
    solver: SolverName = "newton" if method is None else method.solver
    if method is None:
        settings = SOLVERS[solver].presets["auto"](info)
    else:
        settings = _chosen_settings(document, method, info=info, limits=limits)
    if (solver, settings) == (document.solver, document.settings):
        return document
    return replace(document, solver=solver, settings=settings, run=None, outcome=None)


def differs_in_hold(before: Document, after: Document) -> bool:
    """Is ``hold`` all that :func:`set_method` changed, if anything?"""
    settings = replace(before.settings, hold=after.settings.hold)
    return (after.solver, after.settings) == (before.solver, settings)


def method_of(solver: SolverName, settings: Settings, *, limits: SessionLimits) -> MethodInput:
    """What :func:`set_method` would be given for these settings."""
    if isinstance(settings, NewtonSettings):
        feature_px = settings.blocks_px[-1]
    else:
        feature_px = settings.feature_px
    return MethodInput(
        solver=solver,
        latent=settings.latent,
        rows=settings.rows,
        feature_px=feature_px,
        max_steps=limits.max_steps if settings.max_steps is None else settings.max_steps,
        hold=settings.hold,
    )


def _check_mask_size(size: tuple[int, ...], *, info: GeneratorInfo) -> None:
    if size != info.size_hw:
        found = " x ".join(str(side) for side in reversed(size))
        raise SessionError(
            "bad-mask",
            f"The mask is {found} px, but the picture is {info.size_hw[1]} x {info.size_hw[0]} px.",
            "Make the mask the size of the picture.",
        )


def _as_pair(point: PointInput, known: PointPair | None) -> PointPair:
    if known is None or known.handle_xy != point.handle_xy:
        return PointPair(
            id=point.id,
            start_xy=point.handle_xy,
            handle_xy=point.handle_xy,
            goal_xy=point.goal_xy,
        )
    return replace(known, goal_xy=point.goal_xy)


def _chosen_settings(
    document: Document, method: MethodInput, *, info: GeneratorInfo, limits: SessionLimits
) -> Settings:
    _check_method(method, info=info, limits=limits)
    # what people cannot choose stays as it is, or suits the model
    same = method.solver == document.solver
    base = document.settings if same else SOLVERS[method.solver].presets["auto"](info)
    hold = base.hold if method.hold is None else method.hold
    if replace(method, hold=base.hold) == method_of(method.solver, base, limits=limits):
        return base if hold == base.hold else replace(base, hold=hold)
    try:
        if isinstance(base, NewtonSettings):
            return replace(
                base,
                latent=method.latent,
                rows=method.rows,
                blocks_px=(method.feature_px,),
                max_steps=method.max_steps,
                hold=hold,
            )
        return replace(
            base,
            latent=method.latent,
            rows=method.rows,
            feature_px=method.feature_px,
            max_steps=method.max_steps,
            hold=hold,
        )
    except InvalidDragError as error:
        raise SessionError("bad-method", f"These settings mean nothing: {error}.") from error


def _check_method(method: MethodInput, *, info: GeneratorInfo, limits: SessionLimits) -> None:
    if method.solver not in SOLVERS:
        raise SessionError(
            "bad-method", f"There is no solver {method.solver!r}.", f"Take {' or '.join(SOLVERS)}."
        )
    if method.latent not in ("w", "w+"):
        raise SessionError("bad-method", f"There is no space {method.latent!r}.", "Take w or w+.")
    if not 1 <= method.rows <= info.num_ws:
        raise SessionError(
            "bad-method",
            f"{info.name} has {info.num_ws} rows; {method.rows} cannot move.",
            f"Choose 1 to {info.num_ws} rows.",
        )
    sizes = [block.until_px for block in info.blocks]
    if method.feature_px not in sizes:
        known = ", ".join(map(str, sizes))
        raise SessionError(
            "bad-method",
            f"{info.name} has no features of {method.feature_px} px.",
            f"Choose one of {known}.",
        )
    if not 1 <= method.max_steps <= limits.max_steps:
        raise SessionError(
            "bad-method",
            f"{method.max_steps} steps cannot be allowed.",
            f"Choose 1 to {limits.max_steps} steps.",
        )
    if method.hold is not None and not 0 <= method.hold <= 1:
        raise SessionError(
            "bad-method",
            f"The rest of the picture cannot be held by {method.hold:g}.",
            "Choose 0 (the whole picture may follow) to 1 (only what is pulled moves).",
        )
