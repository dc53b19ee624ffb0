"""Pictures of StyleGAN3, t and r, against a plain reference; synthesis that stops and goes on."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from generators.stylegan3_reference import (
    R,
    Reference,
    Shape,
    T,
    random_tensors,
    stated,
    write_pickle,
)
from tugan.core.errors import CheckpointError
from tugan.generators.loading import load_generator
from tugan.generators.protocol import synthesize
from tugan.generators.saving import save_pretrained
from tugan.generators.stylegan3 import resampler
from tugan.generators.stylegan3.network import StyleGan3

SMALL = 10
"""Layers: enough to have every kind, and less to wait for."""


def opened(shape: Shape, folder: Path, *, seed: int = 0) -> tuple[StyleGan3, Reference]:
    """A random generator by way of a file, and what computes the same plainly."""
    tensors = random_tensors(shape, seed=seed)
    path = write_pickle(folder / "random.pkl", tensors, stated=stated(shape))
    network = load_generator(path, device="cpu")
    assert isinstance(network, StyleGan3)
    return network, Reference(shape, tensors)


@pytest.fixture(scope="module", params=[T, R], ids=["t", "r"])
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StyleGan3:
    """64 px, with all of the paper's defaults."""
    return opened(request.param, tmp_path_factory.mktemp("stylegan3"))[0]


@pytest.mark.parametrize(
    "shape",
    [
        T,
        R,
        replace(T, img_resolution=256, channel_max=6),
        replace(R, img_resolution=256, channel_max=6),
        replace(T, num_layers=SMALL, num_critical=1, margin_size=6, output_scale=0.5),
        replace(T, num_layers=SMALL, first_cutoff=3, first_stopband=5, last_stopband_rel=1.5),
        replace(R, num_layers=SMALL, filter_size=5, conv_kernel=3, conv_clamp=0.5),
        replace(T, num_layers=SMALL, lrelu_upsampling=1, conv_clamp=None),
        replace(R, num_layers=SMALL, img_resolution=16, lrelu_upsampling=4, channel_max=7),
        replace(T, num_layers=SMALL, img_resolution=16, lrelu_upsampling=3, conv_kernel=5),
    ],
    ids=["t", "r", "t-256", "r-256", "margin", "cutoffs", "taps", "no-raise", "raise-4", "kernel"],
)
def test_pictures_agree_with_the_plain_reference(shape: Shape, tmp_path: Path) -> None:
    network, reference = opened(shape, tmp_path)
    z = torch.randn(1, shape.z_dim, generator=torch.Generator().manual_seed(1))
    ws = reference.map(z, psi=0.7)
    torch.testing.assert_close(network.map(z, psi=0.7)[0].double(), ws, atol=1e-5, rtol=0)
    wanted = reference.picture(ws)
    assert wanted.std() > 0.005
    torch.testing.assert_close(
        synthesize(network, ws[None].float()).double(), wanted, atol=1e-5, rtol=0
    )


def test_an_untypical_style_is_demodulated_as_in_the_reference(tmp_path: Path) -> None:
    tensors = random_tensors(T)
    for name in tensors:
        if name.endswith(("affine.weight", "affine.bias")) and ".L" in name:
            tensors[name] *= 3e-4
        if name.endswith(".weight") and "affine" not in name and ".L3_" in name:
            tensors[name] *= 1e-3
    path = write_pickle(tmp_path / "small.pkl", tensors, stated=stated(T))
    network, reference = load_generator(path, device="cpu"), Reference(T, tensors)
    ws = reference.map(torch.randn(1, T.z_dim, generator=torch.Generator().manual_seed(2)))
    wanted = reference.picture(ws)
    torch.testing.assert_close(
        synthesize(network, ws[None].float()).double(), wanted, atol=1e-5, rtol=0
    )


def test_labels_choose_the_picture(tmp_path: Path) -> None:
    network, reference = opened(replace(T, c_dim=3, num_layers=SMALL), tmp_path)
    assert network.info.label_dim == 3
    z = torch.randn(1, T.z_dim, generator=torch.Generator().manual_seed(1))
    found = [network.map(z, psi=1, label=torch.eye(3)[[index]]) for index in range(3)]
    assert not torch.allclose(found[0], found[1], atol=1e-3)
    wanted = reference.map(z, torch.eye(3)[[2]])
    torch.testing.assert_close(found[2][0].double(), wanted, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="conditional: give a label of 3"):
        network.map(z)


def test_synthesis_can_stop_anywhere_and_go_on(network: StyleGan3) -> None:
    ws = network.map(torch.randn(1, T.z_dim, generator=torch.Generator().manual_seed(3)))
    whole = synthesize(network, ws)
    assert [block.until_px for block in network.info.blocks] == [16, 32, 64]
    for block in network.info.blocks:
        state = network.advance(network.begin(ws), until_px=block.until_px)
        assert state.features.shape == (1, block.channels, *block.size_hw)
        kept = state.features.clone()
        assert torch.equal(network.finish(state), whole)
        # finishing did not disturb the state: it can be used again
        assert torch.equal(state.features, kept)
        assert torch.equal(network.finish(state.detach()), whole)
        assert network.advance(state, until_px=block.until_px) is state


def test_it_does_not_go_back(network: StyleGan3) -> None:
    state = network.advance(network.begin(torch.zeros(1, 16, 16)), until_px=32)
    with pytest.raises(ValueError, match="past its 16 px block"):
        network.advance(state, until_px=16)
    with pytest.raises(ValueError, match="has no 48 px block; it has 16, 32, 64"):
        network.advance(state, until_px=48)
    with pytest.raises(ValueError, match=r"ws must be \(batch, 16, 16\), got \(1, 15, 16\)"):
        network.begin(torch.zeros(1, 15, 16))


def test_a_picture_does_not_depend_on_its_batch(network: StyleGan3) -> None:
    ws = network.map(torch.randn(3, T.z_dim, generator=torch.Generator().manual_seed(4)))
    # so that a mean over the batch would tell
    ws[1] *= 20
    together = synthesize(network, ws)
    for row, picture in zip(ws, together, strict=True):
        alone = synthesize(network, row[None])[0]
        torch.testing.assert_close(picture, alone, atol=1e-5, rtol=0)


def test_large_maps_are_resampled_a_few_channels_at_a_time(
    network: StyleGan3, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = network.map(torch.randn(2, T.z_dim, generator=torch.Generator().manual_seed(7)))
    whole = synthesize(network, ws)
    raised: list[int] = []
    plain = F.conv_transpose2d

    def counted(x: Tensor, *rest: Tensor, **how: object) -> Tensor:
        out = plain(x, *rest, **how)  # type: ignore[arg-type]
        raised.append(out.numel())
        return out

    monkeypatch.setattr(F, "conv_transpose2d", counted)
    synthesize(network, ws)
    assert max(raised) > 400_000
    raised.clear()
    monkeypatch.setattr(resampler, "NUMBERS_AT_ONCE", 200_000)
    torch.testing.assert_close(synthesize(network, ws), whole, atol=1e-6, rtol=0)
    # the filters' reach is not counted
    assert max(raised) < 250_000


def test_it_is_the_same_after_saving_and_loading(network: StyleGan3, tmp_path: Path) -> None:
    save_pretrained(network, tmp_path)
    again = StyleGan3.from_pretrained(tmp_path, device="cpu")
    assert again.config == network.config
    assert again.info.hints == network.info.hints
    before = network.state_dict()
    for name, tensor in again.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    ws = network.map(torch.randn(1, T.z_dim))
    assert torch.equal(synthesize(again, ws), synthesize(network, ws))


def test_a_configuration_of_no_network_is_refused(network: StyleGan3, tmp_path: Path) -> None:
    save_pretrained(network, tmp_path)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"num_critical": 2', '"num_critical": 40'))
    with pytest.raises(CheckpointError, match="num_critical must be between 1 and 13"):
        load_generator(tmp_path, device="cpu")


def test_weights_are_frozen_and_every_row_is_used(network: StyleGan3) -> None:
    assert not any(parameter.requires_grad for parameter in network.parameters())
    ws = network.map(torch.randn(1, T.z_dim)).requires_grad_()
    features = network.advance(network.begin(ws), until_px=32).features
    (gradient,) = torch.autograd.grad(features.square().mean(), ws)
    used = gradient[0].abs().sum(dim=1) > 0
    # the last layer at 32 px is the eighth, after the input's row
    assert used.tolist() == [True] * 9 + [False] * 7
    picture = network.finish(network.begin(ws))
    (gradient,) = torch.autograd.grad(picture.square().mean(), ws)
    assert bool((gradient[0].abs().sum(dim=1) > 0).all())


def test_gradients_are_those_of_differences(network: StyleGan3) -> None:
    double = deepcopy(network).double()
    ws = network.map(torch.randn(1, T.z_dim, generator=torch.Generator().manual_seed(5))).double()
    way = torch.randn(ws.shape, generator=torch.Generator().manual_seed(6)).double()

    def brightness(at: Tensor) -> Tensor:
        return double.finish(double.begin(at))[:, :, 20:40, 10:30].square().mean()

    leaf = ws.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(brightness(leaf), leaf)
    change = (brightness(ws + 1e-5 * way) - brightness(ws - 1e-5 * way)) / 2e-5
    torch.testing.assert_close((gradient * way).sum(), change, atol=1e-9, rtol=1e-3)
