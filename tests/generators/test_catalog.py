import json
from pathlib import Path

import pytest
import torch

from tugan.core.errors import DeviceError, UnknownModelError
from tugan.generators.catalog import DEFAULT_MODEL, catalog, find_model
from tugan.generators.devices import available_devices, resolve_device
from tugan.generators.loading import load_generator, read_config
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.toy import ToyGenerator
from tugan.generators.w_statistics import estimate_w_statistics


def test_the_default_model_comes_with_the_package() -> None:
    names = [entry.name for entry in catalog()]
    assert names[0] == DEFAULT_MODEL
    assert load_generator(device="cpu").info.name == DEFAULT_MODEL


def test_every_entry_has_a_card_and_says_its_licence() -> None:
    for entry in catalog():
        card = (entry.folder / "README.md").read_text(encoding="utf-8")
        config = read_config(entry.folder)
        assert config.about.name == entry.name
        assert config.about.licence.split()[0] in card
        assert json.loads((entry.folder / "config.json").read_text())["family"] == config.family


def test_a_path_is_found_as_it_is(tmp_path: Path) -> None:
    assert find_model(str(tmp_path)) == tmp_path
    with pytest.raises(UnknownModelError):
        find_model(tmp_path / "nowhere")


def test_devices() -> None:
    assert available_devices()[0] == "cpu"
    assert resolve_device("cpu") == torch.device("cpu")
    assert str(resolve_device("auto")) in available_devices()
    for name in ("cuda:97", "abacus", "meta"):
        with pytest.raises(DeviceError, match=r"no device.*choose one of auto, cpu"):
            resolve_device(name)


def test_statistics_of_w_are_those_of_its_samples(faces: PretrainedGenerator) -> None:
    stored = faces.info.w_statistics
    assert stored is not None
    z = torch.randn(4000, 512, generator=torch.Generator().manual_seed(11))
    w = faces.map(z, psi=1.0)[:, 0]
    assert (w.mean(dim=0) - stored.mean).norm() < 0.05 * w.std(dim=0).norm()
    factor = stored.covariance_factor
    assert torch.equal(factor, factor.tril())
    whitened = torch.linalg.solve_triangular(factor, (w - stored.mean).T, upper=False)
    # other samples than it was estimated from: every direction has about unit spread
    assert 0.9 < whitened.square().mean() < 1.1


def test_statistics_of_a_known_w() -> None:
    statistics = estimate_w_statistics(ToyGenerator(), samples=50_000)
    torch.testing.assert_close(statistics.mean, torch.zeros(8), atol=0.03, rtol=0)
    torch.testing.assert_close(statistics.covariance_factor, torch.eye(8), atol=0.03, rtol=0)
