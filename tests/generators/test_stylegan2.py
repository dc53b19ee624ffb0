from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tugan.generators.loading import build, load_generator
from tugan.generators.model_config import About, CanonicalModel, ModelConfig, architecture_json
from tugan.generators.noise import NoiseSource
from tugan.generators.protocol import (
    DragHints,
    GeneratorInfo,
    Noise,
    PretrainedGenerator,
    sample_z,
    synthesize,
)
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.stylegan2.layers import StyledConv
from tugan.generators.stylegan2.network import StyleGan2, feature_blocks

FILES = ("nvidia-stylegan2-128.pkl", "rosinality-stylegan2-128.pt")
HINTS = DragHints(feature_px=32, latent="w+", rows=4, whitened=False, learning_rate=1e-3)


@pytest.fixture(scope="module")
def expected(oracle_dir: Path) -> dict[str, Tensor]:
    with np.load(oracle_dir / "stylegan2-128-expected.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


@pytest.fixture(scope="module", params=FILES)
def generator(request: pytest.FixtureRequest, oracle_dir: Path) -> PretrainedGenerator:
    return load_generator(oracle_dir / request.param, device="cpu")


def random_network(config: StyleGan2Config) -> StyleGan2:
    """A network of this shape with seeded weights."""
    info = GeneratorInfo(
        name="shapes",
        family="stylegan2",
        size_hw=config.size_hw(len(config.channels) - 1),
        num_ws=config.num_ws,
        w_dim=config.w_dim,
        z_dim=config.z_dim,
        label_dim=config.label_dim,
        blocks=feature_blocks(config),
        hints=HINTS,
    )
    with torch.device("meta"):
        shapes = StyleGan2(config, info).state_dict()
    rng = torch.Generator().manual_seed(0)
    tensors = {name: torch.randn(t.shape, generator=rng) * 0.5 for name, t in shapes.items()}
    model_config = ModelConfig(
        family="stylegan2",
        about=About(name="random"),
        hints=HINTS,
        architecture=architecture_json(config),
    )
    network = build(CanonicalModel(config=model_config, tensors=tensors))
    assert isinstance(network, StyleGan2)
    return network


def test_mapping_agrees_with_the_original_program(
    generator: PretrainedGenerator, expected: dict[str, Tensor]
) -> None:
    torch.testing.assert_close(
        generator.map(expected["z"], psi=1.0)[:, 0], expected["w"], atol=1e-5, rtol=0
    )
    ws = generator.map(expected["z"], psi=0.7)
    assert ws.shape == (4, 12, 512)
    for row in ws.unbind(dim=1):
        torch.testing.assert_close(row, expected["ws_psi07"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("noise", ["const", "none"])
def test_pictures_agree_with_the_original_program(
    generator: PretrainedGenerator, expected: dict[str, Tensor], noise: Noise
) -> None:
    wanted = expected[f"image_{noise}"]
    ws = expected["ws_psi07"][: len(wanted), None].repeat(1, 12, 1)
    torch.testing.assert_close(synthesize(generator, ws, noise=noise), wanted, atol=1e-4, rtol=0)


def test_block_outputs_agree_with_the_original_program(
    generator: PretrainedGenerator, expected: dict[str, Tensor]
) -> None:
    state = generator.begin(expected["ws_psi07"][:1, None].repeat(1, 12, 1))
    for px in (4, 8, 16, 32, 64, 128):
        state = generator.advance(state, until_px=px)
        features = state.features[:, :, ::4, ::4] if px >= 64 else state.features
        torch.testing.assert_close(features, expected[f"features_{px}"], atol=1e-4, rtol=0)


def test_synthesis_can_stop_anywhere_and_go_on(stylegan2_128: PretrainedGenerator) -> None:
    ws = stylegan2_128.map(sample_z(1, z_dim=512))
    whole = synthesize(stylegan2_128, ws)
    for block in stylegan2_128.info.blocks:
        state = stylegan2_128.advance(stylegan2_128.begin(ws), until_px=block.until_px)
        assert state.features.shape == (1, block.channels, *block.size_hw)
        kept = state.features.clone()
        assert torch.equal(stylegan2_128.finish(state), whole)
        # finishing did not disturb the state: it can be used again
        assert torch.equal(state.features, kept)
        assert torch.equal(stylegan2_128.finish(state), whole)


def test_it_does_not_go_back(stylegan2_128: PretrainedGenerator) -> None:
    ws = stylegan2_128.map(sample_z(1, z_dim=512))
    state = stylegan2_128.advance(stylegan2_128.begin(ws), until_px=32)
    with pytest.raises(ValueError, match="past its 16 px block"):
        stylegan2_128.advance(state, until_px=16)
    with pytest.raises(ValueError, match="has no 48 px block; it has 4, 8"):
        stylegan2_128.advance(state, until_px=48)


def test_latents_of_another_shape_are_refused(stylegan2_128: PretrainedGenerator) -> None:
    with pytest.raises(ValueError, match=r"ws must be \(batch, 12, 512\), got \(1, 18, 512\)"):
        stylegan2_128.begin(torch.zeros(1, 18, 512))


def test_weights_are_frozen(stylegan2_128: PretrainedGenerator) -> None:
    assert isinstance(stylegan2_128, StyleGan2)
    assert not any(parameter.requires_grad for parameter in stylegan2_128.parameters())


def test_random_noise_is_that_of_its_seed(stylegan2_128: PretrainedGenerator) -> None:
    ws = stylegan2_128.map(sample_z(1, z_dim=512))
    first, again, other = (
        synthesize(stylegan2_128, ws, noise="random", noise_seed=seed) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    plain = synthesize(stylegan2_128, ws, noise="none")
    assert (first - plain).abs().mean() < plain.std()


def modulated_conv_of_the_paper(x: Tensor, weight: Tensor, style: Tensor) -> Tensor:
    """Equations 1 and 3 of Karras et al. 2020a, literally: weights scaled, then normalised."""
    scaled = weight * style[0, None, :, None, None]
    normalised = scaled / (scaled.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
    return F.conv2d(x, normalised, padding=1)


def test_scaled_activations_equal_scaled_weights() -> None:
    network = random_network(
        StyleGan2Config(channels=(6, 5), z_dim=7, w_dim=9, mapping_widths=(9,))
    )
    layer = network.get_submodule("blocks.1.convs.1")
    assert isinstance(layer, StyledConv)
    x, w = torch.randn(1, 5, 8, 8), torch.randn(1, 9)
    convolved = modulated_conv_of_the_paper(x, layer.weight, layer.affine(w))
    noisy = convolved + layer.bias[:, None, None] + layer.noise_strength * layer.noise
    wanted = F.leaky_relu(noisy, 0.2) * 2**0.5
    torch.testing.assert_close(layer(x, w, NoiseSource(kind="const")), wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("const_hw", "size_hw", "longest"), [((4, 2), (16, 8), 16), ((4, 4), (16, 16), 16)]
)
def test_any_shape_of_constant(
    const_hw: tuple[int, int], size_hw: tuple[int, int], longest: int
) -> None:
    config = StyleGan2Config(
        channels=(8, 8, 4), const_hw=const_hw, z_dim=8, w_dim=8, mapping_widths=(8, 8)
    )
    network = random_network(config)
    assert network.info.size_hw == size_hw
    assert network.info.blocks[-1].until_px == longest
    image = synthesize(network, network.map(torch.randn(2, 8)))
    assert image.shape == (2, 3, *size_hw)
    assert torch.isfinite(image).all()


def test_conditional_generators_take_labels() -> None:
    config = StyleGan2Config(
        channels=(8, 8), z_dim=8, w_dim=8, mapping_widths=(8, 8), label_dim=3, embed_dim=8
    )
    network = random_network(config)
    z = torch.randn(1, 8)
    ws = [network.map(z, label=torch.eye(3)[[index]]) for index in range(3)]
    assert not torch.equal(ws[0], ws[1])
    with pytest.raises(ValueError, match="conditional: give a label of 3"):
        network.map(z)
    with pytest.raises(ValueError, match=r"label must be \(batch, 3\), got \(1, 4\)"):
        network.map(z, label=torch.zeros(1, 4))


def test_conv_clamp_bounds_every_block() -> None:
    config = StyleGan2Config(channels=(8, 8), z_dim=8, w_dim=8, mapping_widths=(8,))
    free = random_network(config)
    clamped = random_network(replace(config, conv_clamp=0.25))
    ws = free.map(torch.randn(1, 8), psi=1.0)
    loose = free.advance(free.begin(ws), until_px=8).features
    tight = clamped.advance(clamped.begin(ws), until_px=8).features
    assert loose.abs().max() > 0.25
    assert tight.abs().max() == pytest.approx(0.25)


def test_truncation_may_stop_at_a_row(stylegan2_128: PretrainedGenerator) -> None:
    assert isinstance(stylegan2_128, StyleGan2)
    z = sample_z(3, z_dim=512)
    full, none = stylegan2_128.map(z, psi=0.5), stylegan2_128.map(z, psi=1.0)
    cut = stylegan2_128.map(z, psi=0.5, cutoff=4)
    assert torch.equal(cut[:, :4], full[:, :4])
    assert torch.equal(cut[:, 4:], none[:, 4:])


def test_gradients_reach_every_row_that_is_used(stylegan2_128: PretrainedGenerator) -> None:
    ws = stylegan2_128.map(sample_z(2, z_dim=512)).requires_grad_()
    state = stylegan2_128.advance(stylegan2_128.begin(ws), until_px=32)
    (gradient,) = torch.autograd.grad(state.features.square().mean(), ws)
    used = gradient[0].abs().sum(dim=1) > 0
    # the block of 32 px is the fourth: rows 0 to 6, the seventh being its second convolution
    assert used.tolist() == [True] * 7 + [False] * 5
