from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from jaxtyping import Float
from torch import Tensor, nn

from tugan.dragging.feature_flow import feature_flow, structure_tensors
from tugan.dragging.trackers.patch import Patch
from tugan.generators.loading import load_generator
from tugan.generators.protocol import (
    Generator,
    GeneratorInfo,
    Noise,
    PretrainedGenerator,
    SynthesisState,
    WindowedGenerator,
    Ws,
    sample_z,
)
from tugan.generators.toy import ToyGenerator


@dataclass(frozen=True)
class WithoutWindows:
    """A generator that can only draw whole pictures."""

    whole: Generator

    @property
    def info(self) -> GeneratorInfo:
        return self.whole.info

    @property
    def device(self) -> torch.device:
        return self.whole.device

    def map(
        self,
        z: Float[Tensor, "b z"],
        *,
        psi: float = 0.7,
        label: Float[Tensor, "b c"] | None = None,
    ) -> Ws:
        return self.whole.map(z, psi=psi, label=label)

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        return self.whole.begin(ws, noise=noise, noise_seed=noise_seed)

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        return self.whole.advance(state, until_px=until_px)

    def finish(self, state: SynthesisState) -> Float[Tensor, "b 3 h w"]:
        return self.whole.finish(state)


def start_of(generator: Generator) -> Ws:
    return generator.map(sample_z(5, z_dim=generator.info.z_dim))


@pytest.mark.parametrize("hw", [(64, 64), (64, 128), (256, 256)])
@pytest.mark.parametrize("cell", [1, 2])
def test_the_toy_moves_as_it_is_known_to(hw: tuple[int, int], cell: int) -> None:
    toy = ToyGenerator(size_hw=hw)
    points = torch.tensor([[20.0, 30.0], [40.3, 35.1], [30.0, 20.0]])
    flow = feature_flow(toy, torch.zeros(1, 4, 8), points, until_px=max(hw) // cell)
    # 12 px for a unit of the mean of four rows
    expected = torch.zeros(2, 4, 8)
    expected[0, :, 0] = expected[1, :, 1] = 3.0
    # the third coordinate changes the waves' strength, which is no motion but is not orthogonal
    # to it in so few channels
    kept = [0, 1, 3, 4, 5, 6, 7]
    torch.testing.assert_close(
        flow.jacobian[..., kept], expected[..., kept].repeat(3, 1, 1, 1), atol=0.1, rtol=0
    )
    assert not flow.jacobian[..., 3:].any()
    assert flow.jacobian[..., 2].abs().max() < 0.5


@pytest.mark.parametrize(
    ("name", "until_px", "noise"),
    [
        ("faces", 32, "const"),
        ("faces", 64, "const"),
        ("nvidia", 32, "const"),
        ("nvidia", 64, "none"),
    ],
)
def test_windows_give_what_whole_pictures_give(
    oracle_dir: Path, name: str, until_px: int, noise: Noise
) -> None:
    source = "faces-1024" if name == "faces" else oracle_dir / "nvidia-stylegan2-128.pkl"
    generator = load_generator(source, device="cpu")
    # in single precision the slopes of leaky ReLUs near zero differ
    assert isinstance(generator, nn.Module)
    generator.double()
    assert isinstance(generator, WindowedGenerator)
    whole = WithoutWindows(generator)
    assert not isinstance(whole, WindowedGenerator)
    ws = generator.map(sample_z(5, z_dim=generator.info.z_dim).double())
    height, width = generator.info.size_hw
    points = torch.tensor([[0.41, 0.47], [0.0, 1.0]]) * torch.tensor([width - 1, height - 1])
    found, expected = (
        feature_flow(each, ws, points, until_px=until_px, noise=noise)
        for each in (generator, whole)
    )
    torch.testing.assert_close(found.structure, expected.structure, rtol=1e-3, atol=1e-6)
    for one, other in zip(found.jacobian.flatten(1), expected.jacobian.flatten(1), strict=True):
        assert torch.cosine_similarity(one, other, dim=0) > 0.9999
        assert (one - other).norm() < 1e-3 * other.norm()


def test_many_points_have_the_flow_of_one(toy: ToyGenerator) -> None:
    unit = torch.rand(19, 2, generator=torch.Generator().manual_seed(0))
    points, ws = 8 + 48 * unit, torch.zeros(1, 4, 8)
    together = feature_flow(toy, ws, points, until_px=32)
    alone = feature_flow(toy, ws, points[-1:], until_px=32)
    assert together.jacobian.shape == (19, 2, 4, 8)
    torch.testing.assert_close(together.jacobian[-1:], alone.jacobian)


@pytest.mark.parametrize("axis", [0, 1])
def test_points_go_where_the_flow_says(faces: PretrainedGenerator, axis: int) -> None:
    eyes = torch.tensor([[416.0, 480.0], [640.0, 480.0]])
    ws, hw = start_of(faces), faces.info.size_hw
    flow = feature_flow(faces, ws, eyes, until_px=64)
    # both eyes alike, by 4 px
    along = flow.jacobian[:, axis].sum(dim=0).sum(dim=0)
    everywhere = flow.jacobian.sum(dim=2) @ along
    change = 4 * along / everywhere[:, axis].mean()
    predicted = 4 * everywhere / everywhere[:, axis].mean()
    start, moved = (
        faces.advance(faces.begin(latents), until_px=64).features.detach()
        for latents in (ws, ws + change)
    )
    tracker = Patch(charge=1e-5)
    reference = tracker.reference(start, eyes, image_hw=hw)
    motion = tracker.track(moved, reference, eyes, image_hw=hw).points_xy - eyes
    assert (torch.cosine_similarity(motion, predicted, dim=1) > 0.85).all()
    share = motion.norm(dim=1) / predicted.norm(dim=1)
    assert share.min() > 0.4
    assert share.max() < 1.5


def test_structure_is_large_on_texture() -> None:
    features = 0.01 * torch.randn(1, 6, 16, 24, generator=torch.Generator().manual_seed(0))
    features[..., 12:] *= 100
    features[:, :, :, 18:] = features[:, :, :1, 18:]  # and on the right, edges
    points = torch.tensor([[20.0, 30.0], [60.0, 33.0], [82.0, 30.0]])
    found = structure_tensors(features, points, image_hw=(64, 96))
    torch.testing.assert_close(found, found.transpose(1, 2))
    smaller, larger = torch.linalg.eigvalsh(found).unbind(dim=1)
    assert smaller[1] > 1e3 * larger[0]
    assert larger[2] > 1e3 * smaller[2].abs()
    assert found[2, 0, 0] > 1e3 * found[2, 1, 1]


def test_structure_is_in_pixels_of_the_picture() -> None:
    ys, xs = torch.meshgrid(torch.arange(16.0), torch.arange(24.0), indexing="ij")
    features = torch.stack([xs, 2 * ys])[None]  # a cell is 4 px wide and 8 px high
    found = structure_tensors(features, torch.tensor([[48.0, 64.0]]), image_hw=(128, 96))
    torch.testing.assert_close(found, torch.diag(torch.tensor([1 / 16, 1 / 16]))[None])


def test_the_flow_has_the_same_structure(toy: ToyGenerator) -> None:
    points, ws = torch.tensor([[20.0, 30.0], [40.3, 35.1]]), torch.zeros(1, 4, 8)
    flow = feature_flow(toy, ws, points, until_px=32)
    features = toy.advance(toy.begin(ws), until_px=32).features
    torch.testing.assert_close(
        flow.structure, structure_tensors(features, points, image_hw=(64, 64))
    )
