"""The mean of W that a foreign file keeps, wherever and in whatever shape it stands there."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.inert_objects import printable
from tugan.generators.formats.mean_names import MEAN_NAMES


@dataclass(frozen=True, kw_only=True)
class MeanOfW:
    """One mean for all rows."""

    vector: Float[Tensor, " d"] = field(repr=False)
    note: str = ""
    """What was done to get it."""


def stored_mean(tensors: Mapping[str, Tensor], prefix: str, *, w_dim: int) -> MeanOfW | None:
    """That of the generator whose names begin with ``prefix``; None if the file has none.

    It may be the generator's own, or stand beside it or beside what it is a part of. Saved as
    (d,), (1, d) or (rows, d). :class:`CheckpointError` if it is of another shape.
    """
    found = [name for name in tensors if _belongs(name, prefix)]
    if not found:
        return None
    return _one_row(min(found, key=lambda name: _distance(name, prefix)), tensors, w_dim)


def _belongs(name: str, prefix: str) -> bool:
    """A mapping network's average is that generator's alone; others may stand anywhere."""
    owner, _, last = name.rpartition(".")
    foreign = not name.startswith(prefix) and owner.rpartition(".")[2] == "mapping"
    return last in MEAN_NAMES and not foreign


def _distance(name: str, prefix: str) -> tuple[int, int, str]:
    """The mapping network's own first; then those around it, from near to far; then any other."""
    owner = name.rpartition(".")[0]
    if name == f"{prefix}mapping.w_avg":
        return 0, 0, name
    if not owner or prefix.startswith(f"{owner}."):
        return 1, -len(owner), name
    return (2 if name.startswith(prefix) else 3), len(owner), name


def _one_row(name: str, tensors: Mapping[str, Tensor], w_dim: int) -> MeanOfW:
    mean = tensors[name]
    if mean.ndim == 0 or mean.numel() == 0 or mean.shape[-1] != w_dim:
        raise CheckpointError(
            f"the mean of W, {printable(name)}, is {tuple(mean.shape)}; expected ({w_dim},), or"
            f" rows of {w_dim} numbers, as the generator's latents have"
        )
    rows = mean.to(torch.float32).reshape(-1, w_dim)
    if len(rows) == 1:
        return MeanOfW(vector=rows[0].clone())
    if torch.equal(rows, rows[:1].expand_as(rows)):
        note = f"The file's mean of W stands in {len(rows)} equal rows, of which one is taken."
        return MeanOfW(vector=rows[0].clone(), note=note)
    note = f"The file keeps {len(rows)} different means of W; the mean of them is taken."
    return MeanOfW(vector=rows.mean(dim=0), note=note)
