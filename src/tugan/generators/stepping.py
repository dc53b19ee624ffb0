"""What every network checks before it begins or goes on."""

from jaxtyping import Float
from torch import Tensor

from tugan.generators.protocol import GeneratorInfo, SynthesisState, Ws


def checked_ws(ws: Ws, info: GeneratorInfo, *, like: Float[Tensor, "..."]) -> Ws:
    """``ws`` on the weights' device and in their precision; ``ValueError`` for another shape."""
    if ws.ndim != 3 or tuple(ws.shape[1:]) != (info.num_ws, info.w_dim):
        raise ValueError(f"ws must be (batch, {info.num_ws}, {info.w_dim}), got {tuple(ws.shape)}")
    return ws.to(like)


def blocks_until(state: SynthesisState, info: GeneratorInfo, *, until_px: int) -> int:
    """How many blocks are done at this size; ``ValueError`` if there is none, or it is past."""
    done = info.blocks.index(info.block(until_px)) + 1
    if done < state.blocks_done:
        raise ValueError(f"the synthesis is past its {until_px} px block")
    return done
