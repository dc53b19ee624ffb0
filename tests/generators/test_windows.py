from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from generators.random_stylegan2 import random_network
from tugan.core.geometry import pixels_to_grid, square_offsets_xy
from tugan.generators.loading import load_generator
from tugan.generators.mobilestylegan.network import MobileStyleGan
from tugan.generators.protocol import (
    FeatureWindows,
    Noise,
    PretrainedGenerator,
    TracingGenerator,
    WindowedGenerator,
    sample_z,
)
from tugan.generators.stylegan2.network import StyleGan2
from tugan.generators.toy import ToyGenerator
from tugan.generators.windows import EXACT_REACH_CELLS, window_side

SEED = 5
# between the outer edges of the picture: inside, on borders, in corners, and outside of it
PLACES = ((0.5, 0.5), (0.37, 0.61), (0.0, 0.0), (1.0, 1.0), (0.0, 0.7), (0.83, 1.0), (1.02, 0.2))
CASES = [
    *[("faces", px, "const") for px in (4, 8, 16, 32, 64, 128)],
    *[("faces", 64, noise) for noise in ("random", "none")],
    *[("nvidia-128", px, noise) for px in (32, 128) for noise in ("const", "random", "none")],
    ("nvidia-128", 4, "const"),
    ("nvidia-256", 64, "const"),
    *[("tall", px, noise) for px in (8, 16, 32, 128) for noise in ("const", "random")],
    ("wide", 96, "const"),
]


@pytest.fixture(scope="module")
def generators(oracle_dir: Path) -> dict[str, StyleGan2 | MobileStyleGan]:
    """In double precision.

    In single precision a preactivation near zero has now one sign and now the other, and with that
    the slope of its leaky ReLU: the same network's gradients may differ by half a percent.
    """
    loaded = {
        "faces": load_generator("faces-1024", device="cpu"),
        "nvidia-128": load_generator(oracle_dir / "nvidia-stylegan2-128.pkl", device="cpu"),
        "nvidia-256": load_generator(oracle_dir / "nvidia-stylegan2-256.pkl", device="cpu"),
        "tall": random_network((4, 2)),
        "wide": random_network((2, 3)),
        "clamped": random_network((2, 2), conv_clamp=1.0),
    }
    networks: dict[str, StyleGan2 | MobileStyleGan] = {}
    for name, generator in loaded.items():
        assert isinstance(generator, StyleGan2 | MobileStyleGan)
        networks[name] = generator.double()
    return networks


def points_of(generator: WindowedGenerator) -> Tensor:
    height, width = generator.info.size_hw
    return torch.tensor(PLACES) * torch.tensor([width, height]) - 0.5


def readings_of(generator: WindowedGenerator, points_xy: Tensor, until_px: int) -> Tensor:
    """Points (n, q, 2) as far around each as its window promises, in pixels of the picture."""
    cell_px = max(generator.info.size_hw) / until_px
    return points_xy[:, None] + square_offsets_xy(5).double() * (EXACT_REACH_CELLS / 5 * cell_px)


def read_whole(features: Tensor, readings_xy: Tensor, image_hw: tuple[int, int]) -> Tensor:
    """Features (n, q, c) of one whole map."""
    grid = pixels_to_grid(readings_xy, image_hw=image_hw)[None]
    return F.grid_sample(features, grid, padding_mode="border", align_corners=False)[0].movedim(
        0, -1
    )


def read_windows(windows: FeatureWindows, readings_xy: Tensor, image_hw: tuple[int, int]) -> Tensor:
    """Features (n, q, c), each point's from its window."""
    cell_px = max(image_hw) / windows.block.until_px
    in_window = (readings_xy + 0.5) / cell_px - windows.origins_xy[:, None]
    height, width = windows.features.shape[2:]
    grid = 2 * in_window / in_window.new_tensor([width, height]) - 1
    values = F.grid_sample(
        windows.features, grid[:, None], padding_mode="border", align_corners=False
    )
    return values[:, :, 0].movedim(1, -1)


def close_in_scale(got: Tensor, wanted: Tensor, *, tolerance: float = 1e-9) -> None:
    """Equal to a part of the largest number."""
    scale = wanted.detach().abs().max()
    assert scale > 0
    torch.testing.assert_close(got / scale, wanted / scale, atol=tolerance, rtol=0)


@pytest.mark.parametrize(("name", "until_px", "noise"), CASES)
def test_windows_are_the_whole_map_near_their_points(
    generators: dict[str, StyleGan2 | MobileStyleGan], name: str, until_px: int, noise: Noise
) -> None:
    generator = generators[name]
    image_hw = generator.info.size_hw
    points_xy = points_of(generator)
    readings_xy = readings_of(generator, points_xy, until_px)
    ws = generator.map(sample_z(1, z_dim=generator.info.z_dim)).requires_grad_()
    whole = generator.advance(
        generator.begin(ws, noise=noise, noise_seed=SEED), until_px=until_px
    ).features
    wanted = read_whole(whole, readings_xy, image_hw)

    ws_each = ws.detach().repeat(len(points_xy), 1, 1).requires_grad_()
    windows = generator.windows(ws_each, points_xy, until_px=until_px, noise=noise, noise_seed=SEED)
    got = read_windows(windows, readings_xy, image_hw)
    assert windows.block == generator.info.block(until_px)
    close_in_scale(got, wanted)

    direction = torch.randn(wanted.shape, generator=torch.Generator().manual_seed(0)).double()
    (gradients,) = torch.autograd.grad((got * direction).sum(), ws_each)
    for index, value in enumerate((wanted * direction).sum(dim=(1, 2))):
        (gradient,) = torch.autograd.grad(value, ws, retain_graph=True)
        close_in_scale(gradients[index], gradient[0])


@pytest.mark.parametrize(("name", "until_px", "noise"), [*CASES, ("clamped", 64, "const")])
def test_a_trace_gives_the_gradients_of_the_whole_map(
    generators: dict[str, StyleGan2 | MobileStyleGan], name: str, until_px: int, noise: Noise
) -> None:
    """Without running a layer again: two functions of each point, all in one batch."""
    generator = generators[name]
    image_hw = generator.info.size_hw
    points_xy = points_of(generator)
    readings_xy = readings_of(generator, points_xy, until_px)
    ws = generator.map(sample_z(1, z_dim=generator.info.z_dim)).requires_grad_()
    begun = generator.begin(ws, noise=noise, noise_seed=SEED)
    whole = generator.advance(begun, until_px=until_px)
    wanted = read_whole(whole.features, readings_xy, image_hw)

    with torch.no_grad():
        trace = generator.advance_traced(begun.detach(), until_px=until_px)
        plain = generator.advance(begun.detach(), until_px=until_px)
    assert torch.equal(trace.state.features, plain.features)
    assert (trace.state.image is None) == (plain.image is None)
    if plain.image is not None and trace.state.image is not None:
        assert torch.equal(trace.state.image, plain.image)
    near = generator.windows_of(trace, points_xy)
    assert near.block == generator.info.block(until_px)
    leaf = near.features.requires_grad_()
    got = read_windows(near, readings_xy, image_hw)
    close_in_scale(got, wanted)

    rng = torch.Generator().manual_seed(0)
    directions = torch.randn(2, *wanted.shape, generator=rng).double()
    upstream = torch.stack(
        [
            torch.autograd.grad((got * direction).sum(), leaf, retain_graph=True)[0]
            for direction in directions
        ]
    )
    with torch.no_grad():
        gradients = generator.pulled_back(trace, points_xy, upstream)
    assert gradients.shape == (2, len(points_xy), *ws.shape[1:])
    for function, direction in enumerate(directions):
        for point, value in enumerate((wanted * direction).sum(dim=(1, 2))):
            (gradient,) = torch.autograd.grad(value, ws, retain_graph=True)
            close_in_scale(gradients[function, point], gradient[0])


def test_a_clamp_is_at_work(generators: dict[str, StyleGan2 | MobileStyleGan]) -> None:
    """In the case above: otherwise it would say nothing of clamps."""
    generator = generators["clamped"]
    assert isinstance(generator, StyleGan2)
    clamp = generator.config.conv_clamp
    assert clamp is not None
    begun = generator.begin(generator.map(sample_z(1, z_dim=generator.info.z_dim)))
    maps = generator.advance_traced(begun, until_px=64).maps
    assert all((one.abs() == clamp).any() for one in maps[-3:])


def test_a_trace_is_of_one_picture_from_its_start(faces: PretrainedGenerator) -> None:
    assert isinstance(faces, TracingGenerator)
    ws = faces.map(sample_z(1, z_dim=512, count=2))
    with pytest.raises(ValueError, match="of one picture, from its start: got 2 after 0 blocks"):
        faces.advance_traced(faces.begin(ws), until_px=8)
    gone_on = faces.advance(faces.begin(ws[:1]), until_px=4)
    with pytest.raises(ValueError, match="got 1 after 1 blocks"):
        faces.advance_traced(gone_on, until_px=8)
    with pytest.raises(ValueError, match="has no 48 px block"):
        faces.advance_traced(faces.begin(ws[:1]), until_px=48)


@pytest.mark.parametrize("name", ["faces", "nvidia-128"])
def test_windows_promise_no_more_than_they_must(
    generators: dict[str, StyleGan2 | MobileStyleGan], name: str
) -> None:
    """Two cells further out, some reading of a point inside differs: the side is not too large."""
    generator = generators[name]
    image_hw = generator.info.size_hw
    points_xy = torch.tensor([[0.5, 0.5], [0.37, 0.61], [0.43, 0.45]]) * image_hw[0]
    readings_xy = points_xy[:, None] + 2 * (
        readings_of(generator, points_xy, 64) - points_xy[:, None]
    )
    ws = generator.map(sample_z(1, z_dim=generator.info.z_dim))
    whole = generator.advance(generator.begin(ws), until_px=64).features
    windows = generator.windows(ws.repeat(3, 1, 1), points_xy, until_px=64)
    difference = read_windows(windows, readings_xy, image_hw) - read_whole(
        whole, readings_xy, image_hw
    )
    assert difference.abs().max() > 1e-2 * whole.abs().max()


def test_window_sides_by_hand() -> None:
    # to be right nearer than 3.5 cells, the inverse Haar transform and two 3x3 convolutions need
    # 3 cells below, those 2.75, and so on down to 2.5; StyleGAN2's blocks need 3.5 at every size
    assert window_side(reach_before_doubling=0, reach_after_doubling=2) == 6
    assert window_side(reach_before_doubling=1, reach_after_doubling=1) == 7


def test_each_window_has_a_latent_of_its_own(faces: PretrainedGenerator) -> None:
    assert isinstance(faces, WindowedGenerator)
    ws = faces.map(sample_z(1, z_dim=512, count=2))
    points_xy = torch.tensor([[300.0, 400.0], [700.0, 650.0]])
    together = faces.windows(ws, points_xy, until_px=32)
    for index in range(2):
        alone = faces.windows(ws[index, None], points_xy[index, None], until_px=32)
        assert torch.equal(alone.origins_xy[0], together.origins_xy[index])
        close_in_scale(alone.features[0], together.features[index], tolerance=1e-4)


def test_as_many_latents_as_points(faces: PretrainedGenerator) -> None:
    assert isinstance(faces, WindowedGenerator)
    ws = faces.map(sample_z(1, z_dim=512))
    with pytest.raises(ValueError, match=r"a row for each point: got 1 for points \(2, 2\)"):
        faces.windows(ws, torch.zeros(2, 2), until_px=32)
    with pytest.raises(ValueError, match="has no 48 px block"):
        faces.windows(ws, torch.zeros(1, 2), until_px=48)


def test_not_every_generator_has_windows(toy: ToyGenerator) -> None:
    assert not isinstance(toy, WindowedGenerator)
    assert not isinstance(toy, TracingGenerator)
