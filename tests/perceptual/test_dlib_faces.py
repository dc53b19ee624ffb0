import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec

import numpy as np
import pytest
from PIL import Image

from tugan.core.errors import MissingExtraError
from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize
from tugan.perceptual.dlib_faces import DlibFaces, find_dlib_models
from tugan.perceptual.faces import FaceFinder, embedding_distance

needs_dlib = pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None, reason="needs the extra 'faces'"
)


@pytest.fixture(scope="module")
def finder() -> DlibFaces:
    return DlibFaces()


@pytest.fixture(scope="module")
def picture(faces: PretrainedGenerator) -> RgbArray:
    """Of 1024 px."""
    return to_rgb_array(synthesize(faces, faces.map(sample_z(0, z_dim=512))))


@needs_dlib
def test_a_face_is_found_with_its_parts_in_their_places(
    finder: DlibFaces, picture: RgbArray
) -> None:
    face = finder.find(picture)
    assert face is not None
    x, y = face.landmarks_xy.T
    assert x[36] < x[30] < x[45]
    assert x[48] < x[54]
    assert y[19] < y[36] < y[30] < y[48] < y[8]
    assert abs(x[30] - 512) < 150
    assert face.embedding.shape == (128,)


@needs_dlib
def test_a_face_is_the_same_at_every_size(finder: DlibFaces, picture: RgbArray) -> None:
    # 1024 is searched at half size, 512 as it is
    half = np.asarray(Image.fromarray(picture).resize((512, 512), Image.Resampling.LANCZOS))
    large, small = finder.find(picture), finder.find(half)
    assert large is not None
    assert small is not None
    assert np.abs(small.landmarks_xy * 2 - large.landmarks_xy).mean() < 8
    assert embedding_distance(large, small) < 0.2


@needs_dlib
def test_no_face_is_none(finder: DlibFaces) -> None:
    assert finder.find(np.full((512, 512, 3), 128, dtype=np.uint8)) is None


@needs_dlib
def test_the_finder_says_what_it_is(finder: DlibFaces) -> None:
    assert isinstance(finder, FaceFinder)
    assert finder.name.startswith("dlib 2")


@pytest.mark.parametrize("missing", ["dlib", "face_recognition_models"])
def test_without_the_extra_it_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> ModuleSpec | None:
        return None if name == missing else ModuleSpec(name, None)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    with pytest.raises(MissingExtraError, match=r'pip install "tugan\[faces\]"'):
        DlibFaces()


@needs_dlib
def test_the_models_are_found_without_importing_their_package() -> None:
    assert (find_dlib_models() / "shape_predictor_68_face_landmarks.dat").is_file()
    assert "face_recognition_models" not in sys.modules


def test_the_module_can_be_imported_without_dlib() -> None:
    program = "import sys; sys.modules['dlib'] = None; import tugan.perceptual.dlib_faces"
    subprocess.run([sys.executable, "-c", program], check=True)
