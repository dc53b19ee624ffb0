from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from generators.random_stylegan2 import random_network
from tugan.core.errors import CheckpointError, OutputError
from tugan.generators.catalog import find_model
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, RepaintingSketch
from tugan.generators.repainting import sketch_repainting
from tugan.generators.repainting_store import (
    SHIPPED_NAME,
    cache_path,
    kept_repainting,
    load_repainting,
    prepare_repainting,
    save_repainting,
    save_repainting_of,
)
from tugan.generators.saving import fingerprint, save_pretrained
from tugan.generators.stylegan2.network import StyleGan2
from tugan.generators.toy import ToyGenerator

WHOSE = "0123456789abcdef"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TUGAN_CACHE", str(folder))
    return folder


def a_network() -> StyleGan2:
    """The same weights each time; nothing is known of it yet."""
    return random_network((4, 4), blocks=3)


def a_sketch(generator: PretrainedGenerator | None = None) -> RepaintingSketch:
    *_, last = sketch_repainting(generator or a_network(), pictures=2, probes=2)
    assert isinstance(last, RepaintingSketch)
    return last


def prepare(generator: PretrainedGenerator) -> list[int]:
    """The pictures that it told."""
    return [progress.done for progress in prepare_repainting(generator)]


def nearly(one: RepaintingSketch | None, other: RepaintingSketch) -> bool:
    """The same but for half precision."""
    assert one is not None
    largest = float(other.rows.abs().max())
    return torch.allclose(one.rows.float(), other.rows, rtol=1e-3, atol=1e-3 * largest)


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    sketch = a_sketch()
    save_repainting(sketch, tmp_path / "deep/s.safetensors", whose=WHOSE, until_px=32)
    found = load_repainting(tmp_path / "deep/s.safetensors", whose=WHOSE, until_px=32)
    assert found.rows.dtype == torch.float16
    assert nearly(found, sketch)


@pytest.mark.parametrize("factor", [1e-12, 1e-6, 1e4, 1e12])
def test_half_precision_holds_it_whatever_its_size(tmp_path: Path, factor: float) -> None:
    sketch = a_sketch()
    scaled = replace(sketch, rows=sketch.rows * factor)
    save_repainting(scaled, tmp_path / "s.safetensors", whose=WHOSE, until_px=32)
    found = load_repainting(tmp_path / "s.safetensors", whose=WHOSE, until_px=32)
    rows = found.rows.float() * (sketch.rows.abs().max() / found.rows.float().abs().max())
    assert nearly(replace(found, rows=rows), sketch)


@pytest.mark.parametrize(("whose", "until_px"), [("fedcba9876543210", 32), (WHOSE, 16)])
def test_one_of_other_weights_or_another_block_is_refused(
    tmp_path: Path, whose: str, until_px: int
) -> None:
    save_repainting(a_sketch(), tmp_path / "s.safetensors", whose=WHOSE, until_px=32)
    with pytest.raises(CheckpointError, match="of another model or block"):
        load_repainting(tmp_path / "s.safetensors", whose=whose, until_px=until_px)


def spoil(path: Path, damage: str) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    rows = tensors.pop("rows")
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:-10])
        case "empty":
            path.write_bytes(b"")
        case "no file":
            path.unlink()
        case "a folder":
            path.unlink()
            path.mkdir()
        case "NaN":
            rows[0, 0, 0] = torch.nan
            save_file({**tensors, "rows": rows}, path, metadata)
        case "infinite":
            rows[0, 0, 0] = -torch.inf
            save_file({**tensors, "rows": rows}, path, metadata)
        case "no rows":
            save_file({**tensors, "rows": rows[:0].clone()}, path, metadata)
        case "flat":
            save_file({**tensors, "rows": rows.flatten(1).clone()}, path, metadata)
        case "another tensor":
            save_file({**tensors, "columns": rows}, path, metadata)
        case "no note":
            save_file({**tensors, "rows": rows}, path)
        case _:
            assert damage == "another note"
            save_file({**tensors, "rows": rows}, path, {"repainting": '{"fingerprint": 3}'})


DAMAGES = [
    *("cut", "empty", "no file", "a folder", "NaN", "infinite", "no rows", "flat"),
    *("another tensor", "no note", "another note"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "s.safetensors"
    save_repainting(a_sketch(), path, whose=WHOSE, until_px=32)
    spoil(path, damage)
    with pytest.raises(CheckpointError, match=r"s\.safetensors"):
        load_repainting(path, whose=WHOSE, until_px=32)


@pytest.mark.parametrize("damage", ["cut", "NaN"])
def test_a_damaged_one_in_the_cache_is_computed_again(damage: str) -> None:
    prepare(a_network())
    path = cache_path(a_network())
    whole = path.read_bytes()
    spoil(path, damage)
    assert kept_repainting(a_network()) is None
    assert prepare(a_network()) == list(range(1, 41))
    assert path.read_bytes() == whole


def test_it_is_computed_once_and_then_read(cache: Path) -> None:
    first = a_network()
    assert kept_repainting(first) is None
    assert not cache.exists()
    assert prepare(first) == list(range(1, 41))
    kept = [one for one in cache.rglob("*.safetensors") if one.parent.name == "repainting"]
    assert kept == [cache_path(first)]
    assert prepare(first) == []
    again = a_network()
    assert prepare(again) == []
    known = first.info.repainting
    assert known is not None
    found = kept_repainting(again)
    assert found is not None
    assert torch.equal(found.rows, known.rows)
    assert again.info.repainting is not None


def test_one_that_is_stopped_on_the_way_is_not_kept(cache: Path) -> None:
    work = prepare_repainting(a_network())
    assert next(work).done == 1
    del work
    assert kept_repainting(a_network()) is None


def test_without_room_for_a_cache_it_lives_as_long_as_the_generator(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    network = a_network()
    prepare(network)
    assert kept_repainting(network) is not None
    assert prepare(network) == []
    assert kept_repainting(a_network()) is None
    with pytest.raises(OutputError, match="is a file, not a folder"):
        save_repainting_of(network, a_sketch(), cache_path(network))


def test_it_is_found_beside_the_model_wherever_that_is(tmp_path: Path, cache: Path) -> None:
    sketch = a_sketch()
    save_pretrained(a_network(), tmp_path / "own")
    save_repainting_of(a_network(), sketch, tmp_path / "own" / SHIPPED_NAME)
    (tmp_path / "own").rename(tmp_path / "moved")
    assert nearly(kept_repainting(load_generator(tmp_path / "moved", device="cpu")), sketch)
    assert not (cache / "repainting").exists()
    # in half precision it is the same model
    save_pretrained(a_network(), tmp_path / "half", dtype=torch.float16)
    (tmp_path / "moved" / SHIPPED_NAME).rename(tmp_path / "half" / SHIPPED_NAME)
    assert nearly(kept_repainting(load_generator(tmp_path / "half", device="cpu")), sketch)


def test_one_beside_other_weights_is_as_good_as_none(tmp_path: Path) -> None:
    save_pretrained(random_network((4, 4), blocks=4), tmp_path / "own")
    save_repainting_of(a_network(), a_sketch(), tmp_path / "own" / SHIPPED_NAME)
    assert kept_repainting(load_generator(tmp_path / "own", device="cpu")) is None


def test_the_same_seed_gives_the_same_bits() -> None:
    network = a_network()
    assert torch.equal(a_sketch(network).rows, a_sketch(network).rows)


def test_derivatives_that_are_not_finite_are_refused() -> None:
    network = a_network()
    parameters = dict(network.named_parameters())
    name = next(name for name in parameters if name.startswith("blocks.") and "weight" in name)
    parameters[name].data.fill_(torch.nan)
    with pytest.raises(CheckpointError, match="the derivatives of random are NaN or infinite"):
        prepare(network)
    assert kept_repainting(network) is None


def test_a_generator_that_is_no_checkpoint_has_what_its_info_says(cache: Path) -> None:
    assert kept_repainting(ToyGenerator()) is None
    assert not cache.exists()


def test_the_default_model_comes_with_its_sketch(faces: PretrainedGenerator) -> None:
    path = find_model("faces-1024") / SHIPPED_NAME
    assert path.stat().st_size <= 4e6
    sketch = load_repainting(path, whose=fingerprint(faces), until_px=64)
    assert len(sketch.rows) == 256
    assert sketch.rows.shape[2] == faces.info.w_dim
    assert kept_repainting(faces) is not None
