from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from generators.quick_sketch import quick_sketch
from generators.random_stylegan2 import random_network
from tugan.core.errors import CheckpointError
from tugan.generators.assembly import collect_tensors
from tugan.generators.conversion import CONVERTED_NAMES, Converted, Relabel, convert
from tugan.generators.loading import load_generator
from tugan.generators.preview_store import kept_preview_head
from tugan.generators.protocol import GeneratorInfo, PretrainedGenerator
from tugan.generators.repainting import PICTURES, SketchProgress
from tugan.generators.repainting_store import kept_repainting, save_repainting_of
from tugan.generators.saving import fingerprint, save_pretrained
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.stylegan2.network import StyleGan2

EXPENSIVE = ["repainting", "preview head", "pictures"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder of the test's own."""
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path / "cache"))


def converted(source: Path, folder: Path, relabel: Relabel | None = None) -> GeneratorInfo:
    *steps, last = convert(source, folder, relabel=relabel)
    stages = [step for step in steps if not isinstance(step, SketchProgress)]
    assert stages == ["reading", "statistics of W", "writing", *EXPENSIVE]
    told = [step.done for step in steps if isinstance(step, SketchProgress)]
    assert told == list(range(1, PICTURES + 1))
    assert steps[stages.index("repainting") + 1] == SketchProgress(done=1, pictures=PICTURES)
    assert isinstance(last, Converted)
    return last.info


def test_a_picture_that_is_no_square(tmp_path: Path) -> None:
    save_pretrained(random_network((4, 2), blocks=5), tmp_path / "own")
    info = converted(tmp_path / "own", tmp_path / "new")
    assert info.size_hw == (64, 32)
    assert sorted(one.name for one in (tmp_path / "new").iterdir()) == sorted(CONVERTED_NAMES)
    with Image.open(tmp_path / "new/samples.jpg") as sheet:
        assert sheet.size == (4 * 32, 64)
    again = load_generator(tmp_path / "new", device="cpu")
    assert again.info.w_statistics is not None
    head = kept_preview_head(again)
    assert head is not None
    assert head.size_hw == (64, 32)
    assert kept_repainting(again) is not None


def test_what_was_computed_of_a_model_goes_with_it(tmp_path: Path) -> None:
    network = random_network((4, 4), blocks=3)
    save_pretrained(network, tmp_path / "own")
    sketch = quick_sketch(network)
    save_repainting_of(network, sketch, tmp_path / "own/repainting.safetensors")
    steps = list(convert(tmp_path / "own", tmp_path / "new", half=True))
    assert not any(isinstance(step, SketchProgress) for step in steps)
    found = kept_repainting(load_generator(tmp_path / "new", device="cpu"))
    assert found is not None
    assert len(found.rows) == len(sketch.rows)
    steps = list(convert(tmp_path / "own", tmp_path / "bare", previews=False))
    assert "repainting" not in steps
    assert not (tmp_path / "bare/repainting.safetensors").exists()


def test_a_sketch_of_other_weights_is_not_taken(tmp_path: Path) -> None:
    network, other = random_network((4, 4), blocks=3), random_network((4, 2), blocks=3)
    save_pretrained(network, tmp_path / "own")
    save_repainting_of(other, quick_sketch(other), tmp_path / "own/repainting.safetensors")
    converted(tmp_path / "own", tmp_path / "new")
    assert kept_repainting(load_generator(tmp_path / "new", device="cpu")) is not None


def conditional() -> StyleGan2:
    plain = random_network((4, 4), blocks=3)
    config = replace(plain.config, label_dim=3, embed_dim=8)
    assert isinstance(config, StyleGan2Config)
    network = StyleGan2(config, replace(plain.info, label_dim=3))
    rng = torch.Generator().manual_seed(1)
    for parameter in network.state_dict().values():
        parameter.copy_(0.5 * torch.randn(parameter.shape, generator=rng))
    return network


def test_a_conditional_model_has_statistics_over_all_classes(tmp_path: Path) -> None:
    save_pretrained(conditional(), tmp_path / "own")
    assert load_generator(tmp_path / "own", device="cpu").info.w_statistics is None
    info = converted(tmp_path / "own", tmp_path / "new")
    assert info.label_dim == 3
    assert load_generator(tmp_path / "new", device="cpu").info.w_statistics is not None


def test_a_model_can_be_told_what_it_is(
    stylegan2_128: PretrainedGenerator, oracle_dir: Path, tmp_path: Path
) -> None:
    relabel = Relabel(name="mine", domain="fog", licence="MIT", learning_rate=3e-3, rows=99)
    stages = convert(
        oracle_dir / "nvidia-stylegan2-128.pkl",
        tmp_path / "new",
        relabel=relabel,
        previews=False,
    )
    assert "preview head" not in list(stages)
    again = load_generator(tmp_path / "new", device="cpu")
    info = again.info
    assert (info.name, info.domain, info.licence) == ("mine", "fog", "MIT")
    assert info.source == stylegan2_128.info.source
    assert (info.hints.learning_rate, info.hints.rows) == (3e-3, info.num_ws)
    assert fingerprint(again) == fingerprint(stylegan2_128)
    # no picture is named that is not there
    assert "samples.jpg" not in (tmp_path / "new/README.md").read_text()


def test_statistics_that_came_with_a_model_are_kept(
    faces: PretrainedGenerator, tmp_path: Path
) -> None:
    assert faces.info.folder is not None
    list(convert(faces.info.folder, tmp_path / "new", previews=False))
    again = load_generator(tmp_path / "new", device="cpu")
    for name, tensor in collect_tensors(faces).items():
        assert torch.equal(collect_tensors(again)[name], tensor)


def test_a_damaged_model_is_not_converted(tmp_path: Path) -> None:
    network = random_network((4, 4), blocks=3)
    next(iter(network.state_dict().values())).fill_(float("nan"))
    save_pretrained(network, tmp_path / "own")
    with pytest.raises(CheckpointError, match="NaN"):
        list(convert(tmp_path / "own", tmp_path / "new"))
