import numpy as np
import pytest
import torch

from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.preview import PreviewHead
from tugan.generators.preview_fit import fit_preview_head
from tugan.generators.protocol import PretrainedGenerator, Ws, sample_z, synthesize
from tugan.inversion.target import InversionTarget, prepare_target


@pytest.fixture(scope="session")
def head(stylegan2_128: PretrainedGenerator) -> PreviewHead:
    """A rough one, quickly fitted."""
    block = stylegan2_128.info.nearest_block(stylegan2_128.info.hints.feature_px)
    return fit_preview_head(stylegan2_128, until_px=block.until_px, samples=8)


@pytest.fixture(scope="session")
def known_ws(stylegan2_128: PretrainedGenerator) -> Ws:
    """The latent that the target below was drawn from."""
    z = sample_z(7, z_dim=stylegan2_128.info.z_dim)
    return stylegan2_128.map(z, psi=0.7, label=None)


@pytest.fixture(scope="session")
def target(stylegan2_128: PretrainedGenerator, known_ws: Ws) -> InversionTarget:
    """A picture that the generator can draw."""
    return prepare_target(synthesize(stylegan2_128, known_ws).clamp(-1, 1))


@pytest.fixture(scope="session")
def photo(stylegan2_128: PretrainedGenerator) -> RgbArray:
    """300 x 260 px with a picture of the generator's in it."""
    z = sample_z(9, z_dim=stylegan2_128.info.z_dim)
    picture = to_rgb_array(synthesize(stylegan2_128, stylegan2_128.map(z, psi=0.7)))
    pixels = np.random.default_rng(0).integers(0, 255, (260, 300, 3), dtype=np.uint8)
    pixels[60:188, 80:208] = picture
    return pixels


@pytest.fixture
def weights(stylegan2_128: PretrainedGenerator) -> dict[str, torch.Tensor]:
    """The generator's tensors, to compare with afterwards."""
    return {name: one.detach().clone() for name, one in stylegan2_128.state_dict().items()}
