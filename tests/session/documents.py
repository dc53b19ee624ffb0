"""Documents for tests that need no model."""

from dataclasses import fields, is_dataclass

import torch
from torch import Tensor

from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.session.document import Document, Start
from tugan.session.history import History
from tugan.session.model_reference import ModelReference


def a_document(number: int = 0, *, rows: int = 4, width: int = 8) -> Document:
    """Told apart by its number."""
    ws = torch.full((1, rows, width), float(number))
    return Document(
        model=ModelReference(name_or_path="toy", fingerprint="toy-64x64"),
        start=Start(seed=number),
        origin_ws=ws,
        ws=ws,
        solver="newton",
        settings=NewtonSettings(rows=4, blocks_px=(32,)),
    )


def same(one: object, other: object) -> bool:
    """Equal in all their parts, tensors to the bit."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, tuple):
        return (
            isinstance(other, tuple)
            and len(one) == len(other)
            and all(same(a, b) for a, b in zip(one, other, strict=True))
        )
    if is_dataclass(one) and not isinstance(one, type):
        return type(one) is type(other) and all(
            same(getattr(one, part.name), getattr(other, part.name)) for part in fields(one)
        )
    return one == other


def same_history(one: History, other: History) -> bool:
    """All entries, the place, and where redo leads; gestures are not kept in files."""
    return (
        one.current == other.current
        and dict(one.taken) == dict(other.taken)
        and len(one.entries) == len(other.entries)
        and all(
            (a.id, a.parent, a.text, a.has_picture) == (b.id, b.parent, b.text, b.has_picture)
            and same(a.document, b.document)
            for a, b in zip(one.entries, other.entries, strict=True)
        )
    )
