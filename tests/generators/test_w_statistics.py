from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tugan.generators import w_statistics
from tugan.generators.loading import build
from tugan.generators.model_config import About, CanonicalModel, ModelConfig, architecture_json
from tugan.generators.protocol import (
    DragHints,
    Generator,
    GeneratorInfo,
    Noise,
    SynthesisState,
    Ws,
    WStatistics,
)
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.stylegan2.network import StyleGan2
from tugan.generators.toy import ToyGenerator
from tugan.generators.w_statistics import estimate_w_statistics, w_statistics_of

HINTS = DragHints(feature_px=4, latent="w", rows=2, whitened=True, learning_rate=1e-3)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TUGAN_CACHE", str(folder))
    return folder


@pytest.fixture
def estimates(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the generators whose W was estimated."""
    done: list[str] = []

    def counted(generator: Generator, *, any_label: bool = False) -> WStatistics:
        done.append(generator.info.name)
        return estimate_w_statistics(generator, samples=4000, any_label=any_label)

    monkeypatch.setattr(w_statistics, "estimate_w_statistics", counted)
    return done


def small_network(*, seed: int = 0, label_dim: int = 0) -> StyleGan2:
    """Without statistics of its own."""
    config = StyleGan2Config(
        channels=(4, 4),
        z_dim=6,
        w_dim=5,
        mapping_widths=(8, 5),
        label_dim=label_dim,
        embed_dim=6 if label_dim else 0,
    )
    with torch.device("meta"):
        shapes = StyleGan2(config, ToyGenerator().info).state_dict()
    rng = torch.Generator().manual_seed(seed)
    tensors = {name: torch.randn(t.shape, generator=rng) for name, t in shapes.items()}
    model_config = ModelConfig(
        family="stylegan2",
        about=About(name="small"),
        hints=HINTS,
        architecture=architecture_json(config),
    )
    network = build(CanonicalModel(config=model_config, tensors=tensors))
    assert isinstance(network, StyleGan2)
    assert network.info.w_statistics is None
    return network


def same(one: WStatistics, other: WStatistics) -> bool:
    return torch.equal(one.mean, other.mean) and torch.equal(
        one.covariance_factor, other.covariance_factor
    )


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_those_of_the_model_are_used(cache: Path, estimates: list[str]) -> None:
    statistics = WStatistics(mean=torch.ones(8), covariance_factor=2 * torch.eye(8))
    assert same(w_statistics_of(WithInfo(ToyGenerator(), statistics)), statistics)
    assert estimates == []
    assert files_in(cache) == []


def test_they_are_estimated_once(cache: Path, estimates: list[str]) -> None:
    first = w_statistics_of(small_network())
    again = w_statistics_of(small_network())
    assert len(estimates) == 1
    assert same(first, again)
    (file,) = files_in(cache)
    assert set(load_file(file)) == {"mean", "covariance_factor"}
    # another model has others
    other = w_statistics_of(small_network(seed=1))
    assert len(estimates) == 2
    assert not same(first, other)
    assert len(files_in(cache)) == 2


def test_they_are_the_moments_of_w() -> None:
    network = small_network()
    found = w_statistics_of(network)
    z = torch.randn(20_000, 6, generator=torch.Generator().manual_seed(7))
    w = network.map(z, psi=1.0)[:, 0].detach()
    spread = w.std(dim=0)
    assert ((found.mean - w.mean(dim=0)) / spread).abs().max() < 0.05
    covariance = found.covariance_factor @ found.covariance_factor.T
    scale = spread[:, None] * spread
    assert ((covariance - w.T.cov()) / scale).abs().max() < 0.06


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "shape", "name"])
def test_a_damaged_file_is_estimated_anew(cache: Path, estimates: list[str], damage: str) -> None:
    first = w_statistics_of(small_network())
    (file,) = files_in(cache)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-20])
    elif damage == "text":
        file.write_text("this is no tensor file")
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "shape":
        save_file({"mean": torch.zeros(3), "covariance_factor": torch.eye(3)}, file)
    else:
        save_file({"mean": torch.zeros(5)}, file)
    assert same(w_statistics_of(small_network()), first)
    assert len(estimates) == 2
    # and is whole again
    w_statistics_of(small_network())
    assert len(estimates) == 2


def test_a_cache_that_cannot_be_written_is_done_without(cache: Path, estimates: list[str]) -> None:
    cache.write_text("a file where the folder should be")
    first = w_statistics_of(small_network())
    assert same(w_statistics_of(small_network()), first)
    assert len(estimates) == 2
    assert cache.read_text() == "a file where the folder should be"


def test_conditional_generators_take_all_classes_alike() -> None:
    network = small_network(label_dim=3)
    with pytest.raises(ValueError, match="depends on the label"):
        estimate_w_statistics(network)
    found = w_statistics_of(network)
    z = torch.randn(8000, 6, generator=torch.Generator().manual_seed(7))
    classes = [network.map(z, psi=1.0, label=torch.eye(3)[[i]].repeat(8000, 1)) for i in range(3)]
    means = torch.stack([w[:, 0].detach().mean(dim=0) for w in classes])
    spread = torch.cat(classes)[:, 0].detach().std(dim=0)
    assert ((means - means.mean(dim=0)) / spread).abs().max() > 0.2  # classes differ
    assert ((found.mean - means.mean(dim=0)) / spread).abs().max() < 0.05


def test_what_cannot_be_saved_is_not_kept(cache: Path, estimates: list[str]) -> None:
    found = w_statistics_of(WithInfo(ToyGenerator(), None))
    assert estimates == ["toy"]
    assert found.mean.abs().max() < 0.1
    assert files_in(cache) == []


@dataclass(frozen=True)
class WithInfo:
    """The toy with other statistics, or none."""

    toy: ToyGenerator
    statistics: WStatistics | None

    @property
    def info(self) -> GeneratorInfo:
        return replace(self.toy.info, w_statistics=self.statistics)

    @property
    def device(self) -> torch.device:
        return self.toy.device

    def map(
        self, z: torch.Tensor, *, psi: float = 0.7, label: torch.Tensor | None = None
    ) -> torch.Tensor:
        return self.toy.map(z, psi=psi, label=label)

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        raise NotImplementedError

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        raise NotImplementedError

    def finish(self, state: SynthesisState) -> torch.Tensor:
        raise NotImplementedError
