import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jaxtyping import Float
from skimage.metrics import structural_similarity
from torch import Tensor

from tugan.bench.picture_metrics import PictureErrors, PictureMetrics, ssim
from tugan.perceptual.lpips_network import ALEX, Lpips
from tugan.perceptual.weight_store import add_weights


@pytest.fixture
def pictures() -> tuple[Tensor, Tensor]:
    """Random blobs, and the same with noise; of 40 x 56 px, in [-1, 1]."""
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand(1, 3, 5, 7, generator=generator) * 2 - 1
    one = torch.nn.functional.interpolate(coarse, scale_factor=8, mode="bilinear")
    return one, (one + 0.2 * torch.randn(one.shape, generator=generator)).clamp(-1, 1)


def as_array(picture: Tensor) -> Float[np.ndarray, "h w 3"]:
    return picture[0].permute(1, 2, 0).double().numpy()


def test_mse_and_psnr_are_those_of_plain_numpy(pictures: tuple[Tensor, Tensor]) -> None:
    one, other = pictures
    found = PictureMetrics().between(one, other)
    mse = ((as_array(one) - as_array(other)) ** 2).mean()
    assert found.mse == pytest.approx(mse, rel=1e-6)
    assert found.psnr_db == pytest.approx(20 * math.log10(2 / math.sqrt(mse)), abs=1e-6)
    assert found.lpips is None


def test_ssim_is_scikit_images(pictures: tuple[Tensor, Tensor]) -> None:
    one, other = pictures
    untyped: Any = structural_similarity
    reference = untyped(
        as_array(one),
        as_array(other),
        data_range=2.0,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert 0.2 < reference < 0.9
    assert ssim(one, other) == pytest.approx(reference, abs=1e-6)


def test_known_answers() -> None:
    black, grey = torch.full((1, 3, 16, 16), -1.0), torch.zeros(1, 3, 16, 16)
    found = PictureMetrics().between(black, grey)
    assert found.mse == 1
    assert found.psnr_db == pytest.approx(6.0206, abs=1e-4)
    # no structure: the luminance term alone, with C1 = (0.01 * 2)^2
    assert found.ssim == pytest.approx(4e-4 / (1 + 4e-4))


def test_equal_pictures_differ_by_nothing(pictures: tuple[Tensor, Tensor]) -> None:
    found = PictureMetrics().between(pictures[0], pictures[0].clone())
    assert (found.mse, found.psnr_db) == (0, math.inf)
    assert found.ssim == pytest.approx(1)
    assert PictureErrors.model_validate_json(found.model_dump_json()) == found


def test_what_no_file_could_hold_is_cut_off() -> None:
    light, lighter = torch.ones(1, 3, 16, 16), torch.full((1, 3, 16, 16), 7.0)
    assert PictureMetrics().between(light, lighter).mse == 0


def test_too_small_a_picture_is_refused() -> None:
    small = torch.zeros(1, 3, 10, 40)
    with pytest.raises(ValueError, match=r"11 x 11 px at once; got \(10, 40\)"):
        PictureMetrics().between(small, small)


def test_lpips_is_measured_where_its_weights_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: tuple[Tensor, Tensor]
) -> None:
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path))
    assert PictureMetrics.installed().lpips is None
    torch.manual_seed(0)
    network = Lpips(ALEX)
    add_weights("lpips", network.state_dict(), source="random")
    one, other = pictures
    with torch.no_grad():
        expected = float(network(one, other)[0])
    assert expected != 0
    found = PictureMetrics.installed().between(one, other)
    assert found.lpips == pytest.approx(expected, rel=1e-5)
    assert PictureMetrics.installed().between(one, one).lpips == 0
