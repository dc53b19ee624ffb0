from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import CheckpointError
from tugan.dragging.step import Frame
from tugan.generators import preview_store
from tugan.generators.preview import PreviewHead
from tugan.generators.preview_fit import fit_preview_head
from tugan.generators.preview_store import (
    load_preview_head,
    preview_head_of,
    save_preview_head,
)
from tugan.generators.protocol import (
    Generator,
    GeneratorInfo,
    Noise,
    PretrainedGenerator,
    SynthesisState,
    Ws,
    sample_z,
    synthesize,
)
from tugan.generators.saving import fingerprint
from tugan.generators.toy import ToyGenerator

FEW = 3
"""Samples that are enough where only shapes and files matter."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TUGAN_CACHE", str(folder))
    return folder


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Blocks that heads were fitted for, quickly, from now on."""
    done: list[int] = []

    def quickly(generator: Generator, *, until_px: int) -> PreviewHead:
        done.append(until_px)
        return fit_preview_head(generator, until_px=until_px, samples=FEW)

    monkeypatch.setattr(preview_store, "fit_preview_head", quickly)
    return done


def features_of(generator: Generator, ws: Ws, *, until_px: int) -> Tensor:
    with torch.no_grad():
        return generator.advance(generator.begin(ws), until_px=until_px).features


def psnr_db(preview: Tensor, picture: Tensor) -> float:
    small = F.interpolate(picture, size=preview.shape[2:], mode="area")
    error = (preview.clamp(-1, 1) - small.clamp(-1, 1)).square().mean()
    return float(10 * torch.log10(4 / error))


def tensors_of(head: PreviewHead) -> list[Tensor]:
    return [head.reduce, head.offset, head.weight, head.bias, head.second_moments]


def same(one: PreviewHead, other: PreviewHead) -> bool:
    pairs = zip(tensors_of(one), tensors_of(other), strict=True)
    return one.size_hw == other.size_hw and all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("size_hw", [(64, 64), (64, 40)])
def test_pictures_that_are_linear_in_the_features_are_recovered(size_hw: tuple[int, int]) -> None:
    toy = ToyGenerator(size_hw=size_hw)
    head = fit_preview_head(toy, until_px=64, samples=16)
    ws = toy.map(sample_z(5, z_dim=8))
    preview = head.render(features_of(toy, ws, until_px=64))
    torch.testing.assert_close(preview, synthesize(toy, ws), atol=0.02, rtol=0)
    assert (preview - synthesize(toy, ws)).square().mean().sqrt() < 2e-3


def test_previews_between_cells_follow_the_waves() -> None:
    toy = ToyGenerator()
    head = fit_preview_head(toy, until_px=32, samples=16)
    ws = toy.map(sample_z(5, z_dim=8))
    preview = head.render(features_of(toy, ws, until_px=32))
    # at the edges there is nothing to tell what lies beyond
    inner = (slice(None), slice(None), slice(4, -4), slice(4, -4))
    torch.testing.assert_close(preview[inner], synthesize(toy, ws)[inner], atol=0.05, rtol=0)


@pytest.mark.parametrize(
    ("size_hw", "until_px", "wanted_hw"),
    [((64, 40), 8, (64, 40)), ((60, 100), 12, (56, 96)), ((60, 100), 50, (60, 100))],
)
def test_previews_have_a_whole_number_of_pixels_a_cell(
    size_hw: tuple[int, int], until_px: int, wanted_hw: tuple[int, int]
) -> None:
    toy = ToyGenerator(size_hw=size_hw)
    head = fit_preview_head(toy, until_px=until_px, samples=FEW)
    features = features_of(toy, toy.map(sample_z(1, z_dim=8, count=2)), until_px=until_px)
    assert head.render(features).shape == (2, 3, *wanted_hw)
    assert head.size_hw == wanted_hw


def test_the_same_seed_gives_the_same_bits(toy: ToyGenerator) -> None:
    first, again, other = (
        fit_preview_head(toy, until_px=16, samples=FEW, seed=seed) for seed in (1, 1, 2)
    )
    assert same(first, again)
    assert not same(first, other)


def test_adapting_to_a_picture_brings_its_preview_nearer(toy: ToyGenerator) -> None:
    head = fit_preview_head(toy, until_px=16, samples=FEW)
    ws = toy.map(sample_z(7, z_dim=8))
    features, picture = features_of(toy, ws, until_px=16), synthesize(toy, ws)
    before = psnr_db(head.render(features), picture)
    assert psnr_db(head.adapted(features, picture).render(features), picture) > before + 3
    # one that is loyal beyond measure stays as it is
    stubborn = head.adapted(features, picture, loyalty=1e9)
    torch.testing.assert_close(stubborn.weight, head.weight, atol=1e-5, rtol=0)


@dataclass(frozen=True)
class Classes:
    """A toy of two classes, which lie far apart."""

    toy: ToyGenerator

    @property
    def info(self) -> GeneratorInfo:
        return replace(self.toy.info, label_dim=2)

    @property
    def device(self) -> torch.device:
        return self.toy.device

    def map(self, z: Tensor, *, psi: float = 0.7, label: Tensor | None = None) -> Ws:
        assert label is not None
        return self.toy.map(z, psi=psi) + 5 * label[:, 1, None, None]

    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        return self.toy.begin(ws, noise=noise, noise_seed=noise_seed)

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        return self.toy.advance(state, until_px=until_px)

    def finish(self, state: SynthesisState) -> Tensor:
        return self.toy.finish(state)


def test_conditional_generators_are_fitted_on_their_first_class(toy: ToyGenerator) -> None:
    assert same(preview_head_of(Classes(toy)), preview_head_of(toy))


def test_features_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(CheckpointError, match="NaN or infinite"):
        fit_preview_head(ToyGenerator(spoiled_beyond=0), until_px=16, samples=FEW)


def test_parts_that_do_not_fit_each_other_are_refused(toy: ToyGenerator) -> None:
    head = fit_preview_head(toy, until_px=16, samples=1)
    for wrong in (
        head.__dict__ | {"size_hw": (32, 32)},
        head.__dict__ | {"weight": head.weight[:-1], "bias": head.bias[:-1]},
        head.__dict__ | {"second_moments": head.second_moments[1:, 1:]},
    ):
        with pytest.raises(ValueError, match="do not fit each other"):
            PreviewHead(**wrong)


def test_the_default_model_comes_with_its_head(
    faces: PretrainedGenerator, fits: list[int], cache: Path
) -> None:
    head = preview_head_of(faces)
    assert (head.until_px, head.size_hw) == (64, (512, 512))
    assert fits == []
    assert not cache.exists()
    # seen: 23.38, 24.58, 25.26
    for seed, floor_db in ((402, 22.9), (403, 24.1), (404, 24.8)):
        ws = faces.map(sample_z(seed, z_dim=512))
        features, picture = features_of(faces, ws, until_px=64), synthesize(faces, ws)
        assert psnr_db(head.render(features), picture) > floor_db


def test_an_adapted_head_knows_the_way_of_a_drag(faces: PretrainedGenerator) -> None:
    head = preview_head_of(faces)
    start, other = faces.map(sample_z(402, z_dim=512)), faces.map(sample_z(403, z_dim=512))
    bent = head.adapted(features_of(faces, start, until_px=64), synthesize(faces, start))
    moved = start.lerp(other, 0.2)
    features, picture = features_of(faces, moved, until_px=64), synthesize(faces, moved)
    assert psnr_db(bent.render(features), picture) > psnr_db(head.render(features), picture) + 1


def test_heads_are_fitted_once_and_then_read(
    stylegan2_128: PretrainedGenerator, fits: list[int], cache: Path
) -> None:
    first = preview_head_of(stylegan2_128, until_px=16)
    kept = cache / "preview" / f"{fingerprint(stylegan2_128)}-16.safetensors"
    assert [path for path in cache.rglob("*") if path.is_file()] == [kept]
    assert same(preview_head_of(stylegan2_128, until_px=16), first)
    assert fits == [16]
    preview_head_of(stylegan2_128, until_px=8)
    assert fits == [16, 8]


@pytest.mark.parametrize("damage", ["cut", "empty", "other model", "nan", "other shape", "missing"])
def test_a_damaged_file_is_fitted_again(
    damage: str, stylegan2_128: PretrainedGenerator, fits: list[int], cache: Path
) -> None:
    first = preview_head_of(stylegan2_128, until_px=8)
    (path,) = cache.rglob("*.safetensors")
    spoil(path, first, damage)
    assert same(preview_head_of(stylegan2_128, until_px=8), first)
    assert same(preview_head_of(stylegan2_128, until_px=8), first)
    assert fits == [8, 8]


def spoil(path: Path, head: PreviewHead, damage: str) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:-100])
        case "empty":
            path.write_bytes(b"")
        case "other model":
            save_preview_head(head, path, whose="0123456789abcdef")
        case "nan":
            save_file({**tensors, "bias": tensors["bias"] * torch.nan}, path, metadata)
        case "other shape":
            save_file({**tensors, "reduce": tensors["reduce"][:, 1:].clone()}, path, metadata)
        case _:
            save_file({name: tensors[name] for name in ("bias", "weight")}, path, metadata)


def test_without_a_place_to_keep_it_there_is_still_a_head(
    stylegan2_128: PretrainedGenerator, fits: list[int], cache: Path
) -> None:
    cache.write_text("a file where the folder should be")
    first = preview_head_of(stylegan2_128, until_px=8)
    assert same(preview_head_of(stylegan2_128, until_px=8), first)
    assert fits == [8, 8]


def test_generators_that_are_no_checkpoints_are_not_kept(
    toy: ToyGenerator, fits: list[int], cache: Path
) -> None:
    assert preview_head_of(toy).until_px == toy.info.hints.feature_px
    assert not cache.exists()


def test_a_file_names_the_model_it_is_of(toy: ToyGenerator, tmp_path: Path) -> None:
    head = fit_preview_head(toy, until_px=16, samples=1)
    save_preview_head(head, tmp_path / "head.safetensors", whose="toy")
    loaded = load_preview_head(tmp_path / "head.safetensors", whose="toy", block=toy.info.block(16))
    assert same(loaded, head)
    for whose, px in (("another", 16), ("toy", 32)):
        with pytest.raises(CheckpointError, match="another model or block"):
            load_preview_head(tmp_path / "head.safetensors", whose=whose, block=toy.info.block(px))


def test_a_head_that_is_bent_believes_what_is_like_its_picture() -> None:
    toy = ToyGenerator()
    head = fit_preview_head(toy, until_px=32, samples=FEW)
    ws = toy.map(sample_z(5, z_dim=8))
    features = features_of(toy, ws, until_px=32)
    # one that is bent to no picture has none to compare with
    assert head.believes(100 * features)
    bent = head.adapted(features, synthesize(toy, ws))
    assert bent.believes(features)
    assert not bent.believes(100 * features)


def test_what_a_head_does_not_believe_is_shown_finished() -> None:
    toy = ToyGenerator()
    ws = toy.map(sample_z(5, z_dim=8))
    frame = Frame(toy, toy.advance(toy.begin(ws), until_px=32))
    head = fit_preview_head(toy, until_px=32, samples=FEW)
    bent = head.adapted(features_of(toy, ws, until_px=32), synthesize(toy, ws))
    drawn, finished = (frame.preview(one) for one in (bent, replace(bent, reach=0.0)))
    assert drawn.shape == finished.shape
    torch.testing.assert_close(finished, synthesize(toy, ws), atol=1e-5, rtol=0)
