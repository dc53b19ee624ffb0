"""The pairs of faces: which pictures they are, and where their landmarks lie."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float

from tugan.bench.bench_error import BenchError
from tugan.bench.landmark_task import LANDMARKS_OF_POINTS, LandmarkTask
from tugan.core.geometry import REFERENCE_SIDE_PX
from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.protocol import Generator, Ws, sample_z, synthesize
from tugan.perceptual.faces import Face, FaceFinder

MAX_CANDIDATES = 50
"""Pictures looked at before a generator counts as one that draws no faces."""

SOURCE, TARGET = 0, 1


@dataclass(frozen=True, kw_only=True)
class DrawnFace:
    """A picture with a face in it."""

    seed: int
    """``tugan generate --seed`` draws it again."""
    skipped: int
    """Candidates before it in which no face was found, or none to drag to."""
    ws: Ws = field(repr=False)
    picture: RgbArray = field(repr=False)
    face: Face
    landmarks_xy: Float[np.ndarray, "68 2"]
    """Brought into the picture: only such points can be dragged."""


@dataclass(frozen=True, kw_only=True)
class FacePair:
    """The face that is dragged, and the one whose landmarks are the goals."""

    index: int
    source: DrawnFace
    target: DrawnFace

    @property
    def skipped(self) -> int:
        """Candidates that were left out on the way to this pair."""
        return self.source.skipped + self.target.skipped

    def handles_xy(self, points: int) -> Float[np.ndarray, "n 2"]:
        """The source's landmarks that this number of points stands for."""
        return self.source.landmarks_xy[list(LANDMARKS_OF_POINTS[points])]

    def goals_xy(self, points: int) -> Float[np.ndarray, "n 2"]:
        """The same landmarks of the target."""
        return self.target.landmarks_xy[list(LANDMARKS_OF_POINTS[points])]


def draw_pair(
    generator: Generator, faces: FaceFinder, task: LandmarkTask, *, index: int
) -> FacePair:
    """The pair of this index: the same for every number of pairs, points and methods.

    :class:`BenchError` if the generator draws no faces.
    """
    source = draw_source(generator, faces, task, index=index)
    target = _draw_face(generator, faces, task, pair=index, side=TARGET, unlike=source)
    return FacePair(index=index, source=source, target=target)


def draw_source(
    generator: Generator, faces: FaceFinder, task: LandmarkTask, *, index: int
) -> DrawnFace:
    """The first face of that pair, alone; :class:`BenchError` as :func:`draw_pair`."""
    return _draw_face(generator, faces, task, pair=index, side=SOURCE, unlike=None)


def picture_seed(seed: int, *, pair: int, side: int, candidate: int) -> int:
    """Seed of a candidate picture, 32 bits; depends on nothing else."""
    return int(np.random.SeedSequence((seed, pair, side, candidate)).generate_state(1)[0])


def landmarks_in_picture(face: Face, *, image_hw: tuple[int, int]) -> Float[np.ndarray, "68 2"]:
    """Landmarks outside the picture moved to its edge."""
    height, width = image_hw
    inside: Float[np.ndarray, "68 2"] = np.clip(face.landmarks_xy, 0, (width - 1, height - 1))
    return inside


def mean_distance_px_at_512(
    points_xy: Float[np.ndarray, "n 2"],
    goals_xy: Float[np.ndarray, "n 2"],
    *,
    image_hw: tuple[int, int],
) -> float:
    """MD: the mean distance of points to their goals, pixels at 512."""
    distances = np.linalg.norm(points_xy - goals_xy, axis=1)
    return float(distances.mean()) * REFERENCE_SIDE_PX / max(image_hw)


def _draw_face(
    generator: Generator,
    faces: FaceFinder,
    task: LandmarkTask,
    *,
    pair: int,
    side: int,
    unlike: DrawnFace | None,
) -> DrawnFace:
    for candidate in range(MAX_CANDIDATES):
        seed = picture_seed(task.seed, pair=pair, side=side, candidate=candidate)
        ws = _latent(generator, seed=seed, psi=task.psi)
        picture = to_rgb_array(synthesize(generator, ws))
        face = faces.find(picture)
        if face is None:
            continue
        landmarks = landmarks_in_picture(face, image_hw=generator.info.size_hw)
        if unlike is None or _can_be_dragged(unlike.landmarks_xy, landmarks):
            return DrawnFace(
                seed=seed,
                skipped=candidate,
                ws=ws,
                picture=picture,
                face=face,
                landmarks_xy=landmarks,
            )
    raise BenchError(
        f"{faces.name} found no face in {MAX_CANDIDATES} pictures of {generator.info.name}: this"
        " experiment needs a generator that draws faces, such as faces-1024"
    )


def _can_be_dragged(
    handles_xy: Float[np.ndarray, "68 2"], goals_xy: Float[np.ndarray, "68 2"]
) -> bool:
    """Is there something to move, whatever the number of points?"""
    moved = (handles_xy != goals_xy).any(axis=1)
    return all(moved[list(chosen)].any() for chosen in LANDMARKS_OF_POINTS.values())


def _latent(generator: Generator, *, seed: int, psi: float) -> Ws:
    if generator.info.label_dim:
        raise BenchError(
            f"{generator.info.name} draws {generator.info.label_dim} classes; this experiment is"
            " for generators without classes"
        )
    with torch.no_grad():
        return generator.map(sample_z(seed, z_dim=generator.info.z_dim), psi=psi)
