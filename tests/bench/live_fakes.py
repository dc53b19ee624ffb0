"""A toy whose pictures say where its face is, and hands on it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bench.fakes import grid_xy
from tugan.bench.equipment import Equipment
from tugan.bench.live_task import LiveTask, Pace
from tugan.bench.methods import Method
from tugan.core.images import RgbArray
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.toy import CHANNELS, ToyGenerator
from tugan.perceptual.faces import Face

SIDE = 64
TASK = LiveTask(pairs=1, psi=0.1, paces=(Pace.SLOW, Pace.JUMPING), rates=(6,), check_every=4)
NEWTON = Method(name="newton", solver=Newton(settings=NewtonSettings(rows=4, blocks_px=(32,))))
LIMITED = Method(
    name="newton+trust_px_at_512=2",
    solver=Newton(settings=NewtonSettings(rows=4, blocks_px=(32,), trust_px_at_512=2.0)),
)


@dataclass
class ToyFaces:
    """A grid of landmarks that goes where the toy's waves go."""

    follows: float = 1.0
    """Share of the waves' shift that the landmarks make."""
    blind_from: int | None = None
    """The look, counted from 0, from which on there is no face."""
    melts: bool = False
    """Is every picture but the first one somebody else's?"""
    looks: int = 0
    name: str = "toy 1.0"

    def find(self, picture: RgbArray) -> Face | None:
        self.looks += 1
        if self.blind_from is not None and self.looks > self.blind_from:
            return None
        shift = shift_px(picture)
        embedding = shift / 100 + (0.9 if self.melts and self.looks > 1 else 0.0)
        return Face(landmarks_xy=grid_xy(SIDE) + self.follows * shift, embedding=embedding)


def shift_px(picture: RgbArray) -> Float[np.ndarray, " 2"]:
    """How far a toy's picture is shifted, from the phases of its three waves.

    Exact up to 13 px, half of the shortest wave.
    """
    ys, xs = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    channels = np.arange(3)
    angles, lengths_px = channels * np.pi / CHANNELS, 26 + channels * 7 * 1.1
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    moved = []
    for channel in channels:
        along = directions[channel, 0] * xs + directions[channel, 1] * ys
        turns = 2 * np.pi * along / lengths_px[channel] + channel
        waves = np.stack([np.sin(turns), np.cos(turns)], axis=-1).reshape(-1, 2)
        levels = picture[..., channel].reshape(-1) / 127.5 - 1
        sine, cosine = np.linalg.lstsq(waves, levels, rcond=None)[0]
        moved.append(-np.arctan2(cosine, sine) * lengths_px[channel] / (2 * np.pi))
    found: Float[np.ndarray, " 2"] = np.linalg.lstsq(directions, np.array(moved), rcond=None)[0]
    return found


def toy_equipment(
    *, faces: ToyFaces | None = None, methods: tuple[Method, ...] = (NEWTON,)
) -> Equipment:
    return Equipment(generator=ToyGenerator(), faces=faces or ToyFaces(), methods=methods)
