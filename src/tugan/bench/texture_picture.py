"""The pictures of the texture experiment, and the handles in them."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tugan.bench.bench_error import BenchError
from tugan.bench.face_pairs import SOURCE, picture_seed
from tugan.bench.texture_match import PointXy
from tugan.bench.texture_task import Texture, TextureTask
from tugan.core.geometry import scale_from_512
from tugan.core.images import RgbArray, to_rgb_array
from tugan.dragging.texture import texture_scores
from tugan.generators.protocol import Generator, Ws, sample_z, synthesize

EDGE_SHARE = 1 / 8
"""Of the longer side: handles and goals keep this far from the picture's edge."""
PLACES = 600
"""Random places of a picture that are looked at for handles."""
MAX_CANDIDATES = 50
"""Pictures looked at before a generator counts as one without such textures."""


@dataclass(frozen=True, kw_only=True)
class TexturedHandle:
    """A handle, and where it is to go; pixels of the output."""

    texture: Texture
    place: int
    """From 0, among those of this texture."""
    handle_xy: PointXy
    """A pixel's centre."""
    goal_xy: PointXy
    score: float
    """Of texture, 0 to 1, at the generator's own feature block."""


@dataclass(frozen=True, kw_only=True)
class TexturedPicture:
    """A picture with as many handles of each texture as the task asks for."""

    index: int
    seed: int
    """``tugan generate --seed`` draws it again."""
    skipped: int
    """Candidates before it that lacked one of the textures."""
    ws: Ws = field(repr=False)
    picture: RgbArray = field(repr=False)
    plain: Float[Tensor, "3 h w"] = field(repr=False)
    """Without per-pixel noise (:func:`plain_picture`)."""
    handles: tuple[TexturedHandle, ...]

    def handle(self, texture: Texture, place: int) -> TexturedHandle:
        """The one of a job."""
        return next(one for one in self.handles if (one.texture, one.place) == (texture, place))


def draw_textured(generator: Generator, task: TextureTask, *, index: int) -> TexturedPicture:
    """The picture of this index; depends on the task's seed, psi and handles, not on ``pairs``.

    A picture that lacks one of the textures makes way for the next candidate. :class:`BenchError`
    if so many lack one that the generator must be another one, or if it draws classes.
    """
    for candidate in range(MAX_CANDIDATES):
        seed = picture_seed(task.seed, pair=index, side=SOURCE, candidate=candidate)
        ws = random_latent(generator, seed=seed, psi=task.psi)
        rng = np.random.default_rng((task.seed, index, candidate, PLACES))
        handles = _handles(generator, ws, task, rng)
        if handles is not None:
            return TexturedPicture(
                index=index,
                seed=seed,
                skipped=candidate,
                ws=ws,
                picture=to_rgb_array(synthesize(generator, ws)),
                plain=plain_picture(generator, ws),
                handles=handles,
            )
    raise BenchError(
        f"{MAX_CANDIDATES} pictures of {generator.info.name} each lack handles with a texture score"
        f" below {task.low_below:g}, from {task.high_from:g}, or between: this experiment needs"
        " pictures with flat and with rich regions"
    )


def random_latent(generator: Generator, *, seed: int, psi: float) -> Ws:
    """The latent of a seed, ``(1, num_ws, w_dim)``; :class:`BenchError` if classes are drawn."""
    if generator.info.label_dim:
        raise BenchError(
            f"{generator.info.name} draws {generator.info.label_dim} classes; this experiment is"
            " for generators without classes"
        )
    with torch.no_grad():
        return generator.map(sample_z(seed, z_dim=generator.info.z_dim), psi=psi)


def plain_picture(generator: Generator, ws: Ws) -> Float[Tensor, "3 h w"]:
    """About [-1, 1], on the CPU, without per-pixel noise.

    Noise stays where it is whatever the content does: where there is little else to see, one would
    find it again instead of the content.
    """
    return synthesize(generator, ws, noise="none")[0].float().cpu()


def random_places(
    rng: np.random.Generator, count: int, *, image_hw: tuple[int, int]
) -> Float[np.ndarray, "n 2"]:
    """Whole pixels, evenly over the middle of the picture."""
    edge, (height, width) = EDGE_SHARE * max(image_hw), image_hw
    low, high = math.ceil(edge), (math.floor(width - 1 - edge), math.floor(height - 1 - edge))
    if min(high) <= low:
        raise BenchError(f"a picture of {width} x {height} px has no middle to take handles from")
    return rng.integers(low, high, size=(count, 2), endpoint=True).astype(float)


def in_the_middle(points_xy: Float[np.ndarray, "n 2"], *, image_hw: tuple[int, int]) -> bool:
    """Are all of them where handles may be?"""
    edge, (height, width) = EDGE_SHARE * max(image_hw), image_hw
    upper = np.array([width - 1 - edge, height - 1 - edge])
    return bool(((points_xy >= edge) & (points_xy <= upper)).all())


def random_shift(
    rng: np.random.Generator,
    points_xy: Float[np.ndarray, "n 2"],
    length_px: float,
    *,
    image_hw: tuple[int, int],
) -> Float[np.ndarray, "2"]:
    """In a random direction that leaves all the points in the middle of the picture.

    If a hundred directions do not, in the direction of the centre.
    """
    for angle in rng.uniform(0, 2 * math.pi, size=100):
        shift = length_px * np.array([math.cos(angle), math.sin(angle)])
        if in_the_middle(points_xy + shift, image_hw=image_hw):
            return shift
    height, width = image_hw
    inward = np.array([width - 1, height - 1]) / 2 - points_xy.mean(axis=0)
    inward += (0, 1e-9)
    centred: Float[np.ndarray, 2] = length_px * inward / np.linalg.norm(inward)
    return centred


@torch.no_grad()
def _handles(
    generator: Generator, ws: Ws, task: TextureTask, rng: np.random.Generator
) -> tuple[TexturedHandle, ...] | None:
    """The first random places of each texture; None if one is lacking."""
    info = generator.info
    places = random_places(rng, PLACES, image_hw=info.size_hw)
    block = info.nearest_block(info.hints.feature_px)
    features = generator.advance(generator.begin(ws), until_px=block.until_px).features.float()
    points = torch.from_numpy(places).float().to(generator.device)
    scores = texture_scores(features, points, image_hw=info.size_hw).tolist()
    length_px = scale_from_512(task.distance_px_at_512, info.size_hw)
    found: dict[Texture, list[TexturedHandle]] = {texture: [] for texture in Texture}
    for place_xy, score in zip(places, scores, strict=True):
        own = found[task.texture_of(score)]
        shift = random_shift(rng, place_xy[None], length_px, image_hw=info.size_hw)
        if len(own) < task.handles:
            own.append(_handle(task.texture_of(score), len(own), place_xy, shift, score))
    if any(len(own) < task.handles for own in found.values()):
        return None
    return tuple(one for own in found.values() for one in own)


def _handle(
    texture: Texture,
    place: int,
    place_xy: Float[np.ndarray, "2"],
    shift: Float[np.ndarray, "2"],
    score: float,
) -> TexturedHandle:
    x, y = place_xy.tolist()
    goal_x, goal_y = (place_xy + shift).round(2).tolist()
    return TexturedHandle(
        texture=texture, place=place, handle_xy=(x, y), goal_xy=(goal_x, goal_y), score=score
    )
