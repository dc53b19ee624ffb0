"""Which latent moves a solver may make."""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.errors import InvalidDragError
from tugan.generators.protocol import GeneratorInfo, LatentKind, Ws

USUAL_PSI = 0.7


@dataclass(frozen=True, kw_only=True)
class LatentSpace:
    """Moves of the first rows of ``ws``: one shared by all (``w``), or one for each (``w+``).

    With ``factor`` ``L`` a move is ``a @ L.T``: unit steps of ``a`` are as likely in every
    direction that the generator has seen.
    """

    kind: LatentKind
    rows: int
    factor: Float[Tensor, "d d"] | None = field(default=None, repr=False)
    coupling: float = 0.0
    """Correlation of the rows' moves, from 0 (each for itself) to 1 (all the same): generators that
    were trained on W alone keep their faces only while the rows stay together."""

    @classmethod
    def of(
        cls,
        info: GeneratorInfo,
        *,
        kind: LatentKind,
        rows: int,
        whitened: bool,
        power: float = 1.0,
        coupling: float = 0.0,
    ) -> "LatentSpace":
        """:class:`InvalidDragError` if the generator has fewer rows, or no statistics of W."""
        if not 1 <= rows <= info.num_ws:
            raise InvalidDragError(f"{info.name} has {info.num_ws} rows of ws; {rows} cannot move")
        if not whitened:
            return cls(kind=kind, rows=rows, coupling=coupling)
        if info.w_statistics is None:
            raise InvalidDragError(
                f"{info.name} has no statistics of W to whiten with; convert it with"
                " tugan models convert, or move in plain coordinates"
            )
        factor = info.w_statistics.factor(power)
        return cls(kind=kind, rows=rows, factor=factor, coupling=coupling)

    @property
    def way_between_pictures(self) -> float:
        """Usual length of the move from one picture of the model to another, at truncation 0.7.

        Infinite where moves are not whitened: their lengths mean nothing.
        """
        if self.factor is None:
            return math.inf
        rows = 1 if self.kind == "w" else self.rows
        together = 1 - self.coupling + self.coupling * rows
        return USUAL_PSI * math.sqrt(2 * len(self.factor) * rows / together)

    def origin(self, ws: Ws) -> Float[Tensor, "moved d"]:
        """The move that changes nothing."""
        return ws.new_zeros(1 if self.kind == "w" else self.rows, ws.shape[2])

    def pulled_back(
        self, gradient: Float[Tensor, "n k all_rows d"]
    ) -> Float[Tensor, "n k moved d"]:
        """Derivatives by ``ws`` as derivatives by the move."""
        moved = gradient[:, :, : self.rows]
        if self.kind == "w":
            moved = moved.sum(dim=2, keepdim=True)
        moved = self._mixed(moved)
        if self.factor is not None:
            moved = moved @ self.factor.to(moved)
        return moved

    def apply(self, ws: Ws, move: Float[Tensor, "moved d"]) -> Ws:
        """``ws`` moved."""
        move = self._mixed(move)
        if self.factor is not None:
            move = move @ self.factor.to(move).T
        moved = ws[:, : self.rows] + move
        return torch.cat([moved, ws[:, self.rows :]], dim=1)

    def _mixed(self, move: Float[Tensor, "*n moved d"]) -> Float[Tensor, "*n moved d"]:
        """Rows with the coupling's correlation, of rows without: its symmetric square root."""
        if self.kind == "w" or self.coupling == 0:
            return move
        alone = (1 - self.coupling) ** 0.5
        together = (1 - self.coupling + self.coupling * self.rows) ** 0.5
        mixed: Tensor = alone * move + (together - alone) * move.mean(dim=-2, keepdim=True)
        return mixed
