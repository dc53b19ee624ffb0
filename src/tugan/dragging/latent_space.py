"""Which latent moves a solver may make."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.errors import InvalidDragError
from tugan.generators.protocol import GeneratorInfo, LatentKind, Ws


@dataclass(frozen=True, kw_only=True)
class LatentSpace:
    """Moves of the first rows of ``ws``: one shared by all (``w``), or one for each (``w+``).

    With ``factor`` ``L`` a move is ``a @ L.T``: unit steps of ``a`` are as likely in every
    direction that the generator has seen.
    """

    kind: LatentKind
    rows: int
    factor: Float[Tensor, "d d"] | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, info: GeneratorInfo, *, kind: LatentKind, rows: int, whitened: bool
    ) -> "LatentSpace":
        """:class:`InvalidDragError` if the generator has fewer rows, or no statistics of W."""
        if not 1 <= rows <= info.num_ws:
            raise InvalidDragError(f"{info.name} has {info.num_ws} rows of ws; {rows} cannot move")
        if not whitened:
            return cls(kind=kind, rows=rows)
        if info.w_statistics is None:
            raise InvalidDragError(
                f"{info.name} has no statistics of W to whiten with; convert it with"
                " tugan models convert, or move in plain coordinates"
            )
        return cls(kind=kind, rows=rows, factor=info.w_statistics.covariance_factor)

    def origin(self, ws: Ws) -> Float[Tensor, "moved d"]:
        """The move that changes nothing."""
        return ws.new_zeros(1 if self.kind == "w" else self.rows, ws.shape[2])

    def apply(self, ws: Ws, move: Float[Tensor, "moved d"]) -> Ws:
        """``ws`` moved."""
        if self.factor is not None:
            move = move @ self.factor.to(move).T
        moved = ws[:, : self.rows] + move
        return torch.cat([moved, ws[:, self.rows :]], dim=1)
