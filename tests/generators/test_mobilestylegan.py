from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tugan.generators.mobilestylegan.layers import doubled_inverse_haar
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize


@pytest.fixture(scope="module")
def expected(oracle_dir: Path) -> dict[str, Tensor]:
    with np.load(oracle_dir / "faces-1024-expected.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


# The committed weights are float16, the expected numbers float32.
def test_mapping_agrees_with_the_original_runtime(
    faces: PretrainedGenerator, expected: dict[str, Tensor]
) -> None:
    difference = faces.map(expected["z"], psi=1.0)[:, 0] - expected["w"]
    assert difference.abs().mean() < 1e-3


def test_faces_agree_with_the_original_runtime(
    faces: PretrainedGenerator, expected: dict[str, Tensor]
) -> None:
    for w, wanted in zip(expected["w"][:2], expected["image_avgpool8"], strict=True):
        image = synthesize(faces, w.repeat(1, 18, 1))
        assert image.shape == (1, 3, 1024, 1024)
        assert (F.avg_pool2d(image, 8)[0] - wanted).abs().mean() < 1e-3


def test_full_resolution_agrees_with_the_original_runtime(
    faces: PretrainedGenerator, expected: dict[str, Tensor]
) -> None:
    image = synthesize(faces, expected["w"][:1, None].repeat(1, 18, 1))
    crop = image[0, :, 480:544, 480:544]
    assert (crop - expected["image0_crop_480_544"]).abs().mean() < 1e-3


@pytest.mark.parametrize(("px", "stride"), [(32, 4), (64, 8), (128, 16)])
def test_block_outputs_agree_with_the_original(
    faces: PretrainedGenerator, expected: dict[str, Tensor], px: int, stride: int
) -> None:
    state = faces.begin(expected["w"][:1, None].repeat(1, 18, 1))
    features = faces.advance(state, until_px=px).features[0, :, ::stride, ::stride]
    wanted = expected[f"features_{px}"]
    assert features.shape == wanted.shape
    assert (features - wanted).abs().mean() < 2e-3 * wanted.abs().mean()


def test_inverse_haar_of_one_channel_by_hand() -> None:
    average, across, down, diagonal = 8.0, 4.0, 2.0, 1.0
    x = torch.tensor([average, across, down, diagonal]).reshape(1, 4, 1, 1)
    corners = doubled_inverse_haar(x)[0, 0] / 2
    assert corners.tolist() == [[7.5, 4.5], [2.5, 1.5]]


def test_inverse_haar_keeps_energy_and_channel_order() -> None:
    x = torch.randn(2, 12, 5, 7)
    out = doubled_inverse_haar(x) / 2
    assert out.shape == (2, 3, 10, 14)
    torch.testing.assert_close(out.square().sum(), x.square().sum())
    # the third channel depends on its average and its own three details alone
    x[:, [2, 9, 10, 11]] = 0
    assert not doubled_inverse_haar(x)[:, 2].any()


def test_synthesis_can_stop_anywhere_and_go_on(faces: PretrainedGenerator) -> None:
    ws = faces.map(sample_z(1, z_dim=512))
    whole = synthesize(faces, ws)
    with torch.no_grad():
        for px in (4, 64, 512):
            state = faces.advance(faces.begin(ws), until_px=px)
            assert torch.equal(faces.finish(state), whole)
            assert torch.equal(faces.finish(state), whole)


def test_a_batch_equals_its_parts(faces: PretrainedGenerator) -> None:
    ws = faces.map(sample_z(1, z_dim=512, count=2))
    together = faces.advance(faces.begin(ws), until_px=64).features
    apart = [faces.advance(faces.begin(one[None]), until_px=64).features for one in ws]
    torch.testing.assert_close(together, torch.cat(apart), atol=1e-4, rtol=1e-4)


def test_rows_feed_the_blocks_as_in_stylegan2(faces: PretrainedGenerator) -> None:
    ws = faces.map(sample_z(1, z_dim=512)).requires_grad_()
    for index, block in enumerate(faces.info.blocks[:6]):
        features = faces.advance(faces.begin(ws), until_px=block.until_px).features
        (gradient,) = torch.autograd.grad(features.square().mean(), ws)
        used = (gradient[0].abs().sum(dim=1) > 0).sum()
        assert used == 2 * index + 1


def test_noise_kinds(faces: PretrainedGenerator) -> None:
    ws = faces.map(sample_z(1, z_dim=512))
    torch.manual_seed(0)
    features = {
        noise: faces.advance(faces.begin(ws, noise=noise), until_px=64).features
        for noise in ("const", "random", "none")
    }
    assert not torch.equal(features["const"], features["none"])
    assert not torch.equal(features["random"], features["none"])
