"""What a latent move repaints, beside what it moves."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor

from generators.random_stylegan2 import random_network
from tugan.core.errors import CheckpointError
from tugan.generators.protocol import (
    Generator,
    GeneratorInfo,
    Noise,
    PretrainedGenerator,
    RepaintingSketch,
    SynthesisState,
    TracingGenerator,
)
from tugan.generators.repainting import SketchProgress, motion_free, sketch_repainting
from tugan.generators.toy import ToyGenerator

SHIFTS = slice(0, 2)
STRENGTH = 2
"""The toy's coordinates: two that shift it, and one that repaints."""


def sketch_of(
    generator: Generator,
    *,
    pictures: int = 2,
    probes: int = 16,
    kept_rows: int = 256,
    seed: int = 0,
) -> RepaintingSketch:
    *_, last = sketch_repainting(
        generator, pictures=pictures, probes=probes, kept_rows=kept_rows, seed=seed
    )
    assert isinstance(last, RepaintingSketch)
    return last


@dataclass(frozen=True)
class Wrapped:
    """Another generator as the protocol has it, and nothing more."""

    inner: Generator
    labels: list[int] = field(default_factory=list)
    label_dim: int = 0

    @property
    def info(self) -> GeneratorInfo:
        return replace(self.inner.info, label_dim=self.label_dim)

    @property
    def device(self) -> torch.device:
        return self.inner.device

    def map(self, z: Tensor, *, psi: float = 0.7, label: Tensor | None = None) -> Tensor:
        if label is not None:
            assert label.sum() == 1
            self.labels.append(int(label.argmax()))
        return self.inner.map(z, psi=psi)

    def begin(self, ws: Tensor, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        return self.inner.begin(ws, noise=noise, noise_seed=noise_seed)

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        return self.inner.advance(state, until_px=until_px)

    def finish(self, state: SynthesisState) -> Tensor:
        return self.inner.finish(state)


class TestProbes:
    """Noise without what lies along the slopes."""

    @pytest.fixture
    def features(self, toy: ToyGenerator) -> Tensor:
        return toy.advance(toy.begin(torch.zeros(1, 4, 8)), until_px=32).features

    def test_nothing_is_left_along_the_slopes(self, features: Tensor) -> None:
        probes = torch.randn(3, *features.shape[1:])
        freed = motion_free(probes, features)
        right = (features[..., 1:-1, 2:] - features[..., 1:-1, :-2]) / 2
        down = (features[..., 2:, 1:-1] - features[..., :-2, 1:-1]) / 2
        for slope in (right, down):
            before, after = (
                (one[..., 1:-1, 1:-1] * slope).sum(dim=1).abs().mean() for one in (probes, freed)
            )
            # the ridge leaves a thousandth or so
            assert after < 0.01 * before

    def test_the_rest_is_left(self, features: Tensor) -> None:
        probes = torch.randn(50, *features.shape[1:])
        freed = motion_free(probes, features)
        share = float(freed.square().mean() / probes.square().mean())
        # two of 24 channels' directions are taken
        assert share == pytest.approx(22 / 24, abs=0.02)
        torch.testing.assert_close(motion_free(freed, features), freed, atol=0.02, rtol=0)

    def test_where_nothing_slopes_nothing_is_taken(self) -> None:
        probes = torch.randn(2, 4, 5, 6)
        torch.testing.assert_close(motion_free(probes, torch.ones(1, 4, 5, 6)), probes)


def unfreed_rows(toy: ToyGenerator, ws: Tensor, probes: Tensor) -> Tensor:
    leaf = ws.clone().requires_grad_()
    features = toy.advance(toy.begin(leaf), until_px=32).features
    rows = [torch.autograd.grad(features, leaf, one[None], retain_graph=True)[0] for one in probes]
    return torch.cat(rows)


def test_what_shifts_is_free_and_what_repaints_is_not(toy: ToyGenerator) -> None:
    """With the toy, whose first coordinates do the one and whose third does the other."""
    rows = sketch_of(toy, pictures=3).rows
    ws = toy.map(torch.randn(1, 8, generator=torch.Generator().manual_seed(3)))
    probes = torch.randn(48, 24, 32, 32, generator=torch.Generator().manual_seed(4))
    plain = unfreed_rows(toy, ws, probes) / 48**0.5
    shifted, repainted = (
        [one[..., which].square().sum() for one in (rows, plain)] for which in (SHIFTS, STRENGTH)
    )
    # differences over cells are not the waves' true slopes: 1 to 3% off at these wavelengths,
    # and one-sided at the border
    assert shifted[0] < 0.05 * shifted[1]
    # in a wave its strength and its slope are a quarter of a period apart
    assert 0.6 * repainted[1] < repainted[0] < 1.4 * repainted[1]
    # what does nothing costs nothing
    assert not rows[..., 3:].any()


def test_it_is_the_mean_square_of_what_a_move_repaints(toy: ToyGenerator) -> None:
    """``|R dw|^2``, by the derivatives themselves."""
    ws = toy.map(torch.randn(1, 8, generator=torch.Generator().manual_seed(0)))
    move = torch.zeros(1, 4, 8)
    move[..., STRENGTH] = 1e-2
    before, after = (toy.advance(toy.begin(one), until_px=32).features for one in (ws, ws + move))
    changed = motion_free((after - before).detach(), before).square().sum()
    rows = sketch_of(toy, pictures=1, probes=400, kept_rows=400).rows
    found = (rows * move).sum(dim=(1, 2)).square().sum()
    # one picture, that of the sketch's seed or another: the waves are as strong in all
    assert float(found / changed) == pytest.approx(1.0, abs=0.25)


def test_the_same_seed_gives_the_same_rows(toy: ToyGenerator) -> None:
    first, again, other = (sketch_of(toy, seed=seed).rows for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_it_tells_how_far_it_is(toy: ToyGenerator) -> None:
    found = list(sketch_repainting(toy, pictures=3, probes=2))
    assert found[:-1] == [SketchProgress(done=done, pictures=3) for done in (1, 2, 3)]


def test_the_strongest_combinations_are_kept(toy: ToyGenerator) -> None:
    """Three coordinates of the toy do anything: three rows say it all."""
    whole, few = (sketch_of(toy, kept_rows=kept).rows.flatten(1).double() for kept in (256, 3))
    assert len(few) == 3
    torch.testing.assert_close(few.T @ few, whole.T @ whole, atol=1e-4, rtol=1e-4)


def traced_networks() -> Iterator[PretrainedGenerator]:
    yield random_network((4, 4), blocks=5)
    yield random_network((4, 6), blocks=4)


@pytest.mark.parametrize("index", range(2))
def test_derivatives_by_trace_and_by_autograd_agree(index: int) -> None:
    network = list(traced_networks())[index]
    assert isinstance(network, TracingGenerator)
    plain = Wrapped(network)
    assert not isinstance(plain, TracingGenerator)
    traced, by_autograd = (sketch_of(one, probes=4).rows for one in (network, plain))
    assert traced.shape == by_autograd.shape
    scale = float(by_autograd.abs().max())
    torch.testing.assert_close(traced, by_autograd, atol=1e-4 * scale, rtol=1e-3)


def test_derivatives_agree_for_the_default_model(faces: PretrainedGenerator) -> None:
    traced, by_autograd = (
        sketch_of(one, pictures=1, probes=2).rows for one in (faces, Wrapped(faces))
    )
    scale = float(by_autograd.abs().max())
    torch.testing.assert_close(traced, by_autograd, atol=1e-3 * scale, rtol=1e-2)


def test_rows_that_the_features_do_not_depend_on_are_left_out() -> None:
    network = random_network((4, 4), blocks=6)
    sketch = sketch_of(network, probes=2)
    # features at 32 px are of the fourth block: the two after it have two rows each
    assert network.info.nearest_block(network.info.hints.feature_px).until_px == 32
    assert sketch.rows.shape[1] < network.info.num_ws
    assert (sketch.rows.abs().amax(dim=(0, 2)) > 0)[-1]


def test_labels_take_turns(toy: ToyGenerator) -> None:
    conditional = Wrapped(toy, label_dim=3)
    sketch_of(conditional, pictures=7, probes=1)
    assert conditional.labels == [0, 1, 2, 0, 1, 2, 0]


@pytest.mark.parametrize("traced", [True, False])
def test_damaged_weights_are_a_sentence(traced: bool) -> None:
    network = random_network((4, 4), blocks=4)
    with torch.no_grad():
        next(iter(network.blocks.parameters())).fill_(torch.nan)
    generator: Generator = network if traced else Wrapped(network)
    with pytest.raises(CheckpointError, match="the derivatives of random are NaN or infinite"):
        sketch_of(generator, probes=2)


@pytest.mark.parametrize("name", ["pictures", "probes", "kept_rows"])
def test_a_sketch_of_nothing_is_refused(toy: ToyGenerator, name: str) -> None:
    with pytest.raises(ValueError, match="needs pictures, probes and rows"):
        list(sketch_repainting(toy, **{name: 0}))
