import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tugan.core.errors import CheckpointError
from tugan.core.images import RgbArray, to_rgb_array
from tugan.core.similarity import Similarity, fit_similarity
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize
from tugan.perceptual.dlib_faces import EMBEDDING_FILE, DlibFaces, find_dlib_models
from tugan.perceptual.dlib_weights import read_layers
from tugan.perceptual.face_chip import chip_to_picture, cut_chips
from tugan.perceptual.face_embedding import CHIP_PX, FaceEmbedding
from tugan.perceptual.identity import IdentityModel

needs_dlib = pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None, reason="needs the extra 'faces'"
)


@pytest.fixture(scope="module")
def picture(faces: PretrainedGenerator) -> RgbArray:
    return to_rgb_array(synthesize(faces, faces.map(sample_z(0, z_dim=512))))


def as_tensor(pixels: RgbArray) -> torch.Tensor:
    return torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1


@needs_dlib
def test_the_network_is_dlibs_own(picture: RgbArray) -> None:
    # it has no type hints
    dlib: Any = importlib.import_module("dlib")
    folder = find_dlib_models()
    network = FaceEmbedding.load(folder / EMBEDDING_FILE)
    chip = np.ascontiguousarray(picture[300:900:4, 212:812:4])
    assert chip.shape == (CHIP_PX, CHIP_PX, 3)
    theirs = dlib.face_recognition_model_v1(str(folder / EMBEDDING_FILE))
    expected = np.array(theirs.compute_face_descriptor(chip))
    with torch.no_grad():
        found = network(as_tensor(chip))[0].numpy()
    assert np.abs(found - expected).max() < 1e-5


@needs_dlib
def test_our_chips_are_about_dlibs(picture: RgbArray) -> None:
    face = DlibFaces().find(picture)
    assert face is not None
    network = FaceEmbedding.load(find_dlib_models() / EMBEDDING_FILE)
    with torch.no_grad():
        chip = cut_chips(as_tensor(picture), chip_to_picture(face.landmarks_xy))
        found = network(chip)[0].numpy()
    # 0.6 is another person; dlib cuts from a pyramid of halved pictures
    assert np.linalg.norm(found - face.embedding) < 0.15


@needs_dlib
def test_identity_is_differentiable_and_the_same_at_every_size(picture: RgbArray) -> None:
    face = DlibFaces().find(picture)
    assert face is not None
    whole = as_tensor(picture)
    identity = IdentityModel().identity_of(whole, chip_to_picture(face.landmarks_xy))
    assert float(identity.squared_distance(whole)) == pytest.approx(0, abs=1e-6)
    half = torch.nn.functional.avg_pool2d(whole, 2).requires_grad_()
    distance = identity.squared_distance(half)
    assert float(distance.detach()) < 0.15**2
    (gradient,) = torch.autograd.grad(distance.sum(), half)
    assert float(gradient.abs().sum()) > 0
    assert float(identity.squared_distance(whole.flip(2))) > 0.3


@needs_dlib
def test_damaged_networks_are_refused(tmp_path: Path) -> None:
    content = (find_dlib_models() / EMBEDDING_FILE).read_bytes()
    for name, damaged in {
        "cut": content[:100_000],
        "text": b"hello",
        "empty": b"",
    }.items():
        path = tmp_path / name
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError):
            FaceEmbedding.load(path)
    with pytest.raises(CheckpointError, match="cannot read"):
        read_layers(tmp_path / "none")


def test_a_similarity_is_found_again() -> None:
    rng = np.random.default_rng(0)
    source = rng.standard_normal((9, 2))
    known = Similarity(matrix=np.array([[1.5, -0.4], [0.4, 1.5]]), shift=np.array([3.0, -2.0]))
    found = fit_similarity(source, known.apply(source))
    assert found.matrix == pytest.approx(known.matrix)
    assert found.shift == pytest.approx(known.shift)
    assert found.inverse().apply(found.apply(source)) == pytest.approx(source)
    assert found.scale == pytest.approx(np.hypot(1.5, 0.4))
    with pytest.raises(ValueError, match="two different points"):
        fit_similarity(np.zeros((3, 2)), np.ones((3, 2)))
