"""Faces by dlib, with the extra ``faces``.

dlib's 68-landmark model was trained on the iBUG 300-W set, whose licence excludes commercial use;
what is measured with it is for research.
"""

import importlib
import importlib.util
from pathlib import Path
from typing import Any, final

import numpy as np

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

_LANDMARK_FILE = "shape_predictor_68_face_landmarks.dat"
_EMBEDDING_FILE = "dlib_face_recognition_resnet_model_v1.dat"


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
        self._recognise = dlib.face_recognition_model_v1(str(folder / _EMBEDDING_FILE))

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
        box = boxes[0]
        sides = (stride * side() for side in (box.left, box.top, box.right, box.bottom))
        pixels = np.ascontiguousarray(picture)
        shape = self._predict(pixels, self._rectangle(*sides))
        return Face(
            landmarks_xy=np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float64),
            embedding=np.array(self._recognise.compute_face_descriptor(pixels, shape)),
        )


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
