"""The whole way with a real photograph: Eileen Collins (NASA), as scikit-image ships her."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from cli.photographs import pixels_of
from cli.program import Tugan
from tugan.perceptual.dlib_faces import DlibFaces
from tugan.perceptual.faces import Face, embedding_distance

NOSE, LEFT_CORNER, RIGHT_CORNER = 30, 36, 45


def astronaut() -> Path | None:
    """The file; the package is not imported for it."""
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "data" / "astronaut.png"
    return path if path.exists() else None


def nose_between_eyes(face: Face) -> float:
    """0 at the eye on the left, 1 at the other."""
    left, nose, right = face.landmarks_xy[[LEFT_CORNER, NOSE, RIGHT_CORNER], 0]
    return float((nose - left) / (right - left))


@pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None or astronaut() is None,
    reason="needs the extra 'faces' and scikit-image",
)
def test_her_face_is_turned_and_everything_else_is_untouched(tugan: Tugan, here: Path) -> None:
    """Briefly inverted, so that her likeness is no more than usable."""
    photo = astronaut()
    assert photo is not None
    brief = ("--no-tune", "--invert-steps", "40", "--steps", "30")
    point = ("--point", "222,118:234,118")  # the nose, to the right
    ran = tugan("drag", "--image", photo, *point, *brief, "-o", "out.png", "--json")
    assert ran.code == 0
    (moved,) = ran.json()["points"]
    assert moved["final"][0] == pytest.approx(234, abs=3)

    before, after = pixels_of(photo), pixels_of(here / "out.png")
    earlier, later = DlibFaces().find(before), DlibFaces().find(after)
    assert earlier is not None
    assert later is not None
    assert later.landmarks_xy[NOSE, 0] - earlier.landmarks_xy[NOSE, 0] > 7
    # turned and not shifted
    assert nose_between_eyes(later) - nose_between_eyes(earlier) > 0.1
    assert embedding_distance(later, earlier) < 0.65  # 0.57 was seen, untuned

    changed = (before != after).any(axis=2)
    assert changed[95:140, 200:250].mean() > 0.9
    ys, xs = np.nonzero(changed)
    top_left, _, _, top_right = np.array(ran.json()["quad"])
    across = (top_right - top_left) / np.square(top_right - top_left).sum()
    places = np.stack([xs, ys], axis=1) - top_left
    shares = np.stack([places @ across, places @ np.array([-across[1], across[0]])])
    assert shares.min() >= 0
    assert shares.max() <= 1
