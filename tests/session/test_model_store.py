"""What a loaded model is ready for."""

import math
from pathlib import Path

import pytest
import torch

from generators.quick_sketch import keep_sketch, quick_sketch
from generators.random_stylegan2 import random_network
from session.conftest import Sit
from tugan.generators.protocol import Generator
from tugan.generators.repainting_store import cache_path, kept_repainting
from tugan.generators.toy import ToyGenerator
from tugan.session.events import Reported
from tugan.session.model_store import QUICK_HEAD_PX, ModelStore


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def small(device: torch.device) -> Generator:
    return random_network((4, 4), blocks=3)


def large(device: torch.device) -> Generator:
    network = random_network((4, 4), blocks=8)
    assert max(network.info.size_hw) > QUICK_HEAD_PX
    return network


def store(*, quick_sketch_s: float = math.inf) -> ModelStore:
    loaders = {"small": small, "large": large, "toy": lambda device: ToyGenerator()}
    return ModelStore("cpu", keep=3, loaders=loaders, quick_sketch_s=quick_sketch_s)


def test_a_small_model_is_made_ready_to_hold_while_it_is_loaded() -> None:
    model = store().get("small")
    assert model.hold_ready
    assert model.info.repainting is not None
    assert cache_path(random_network((4, 4), blocks=3)).is_file()


def test_one_that_takes_longer_is_not_waited_for_and_says_so(cache: Path) -> None:
    model = store(quick_sketch_s=0).get("small")
    assert not model.hold_ready
    assert kept_repainting(model.generator) is None
    assert not (cache / "repainting").exists()


def test_a_large_model_is_ready_once_that_was_computed() -> None:
    assert not store().get("large").hold_ready
    network = random_network((4, 4), blocks=8)
    keep_sketch(network, quick_sketch(network))
    model = store(quick_sketch_s=0).get("large")
    assert model.hold_ready


def test_it_is_ready_as_soon_as_a_drag_has_found_what_was_computed_meanwhile() -> None:
    model = store(quick_sketch_s=0).get("small")
    assert not model.hold_ready
    network = random_network((4, 4), blocks=3)
    keep_sketch(network, quick_sketch(network))
    kept_repainting(model.generator)  # as drags begin
    assert model.hold_ready


def test_without_room_for_a_cache_a_small_model_is_ready(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert store().get("small").hold_ready


def test_a_generator_without_weights_is_not_asked() -> None:
    assert not store().get("toy").hold_ready


def test_a_drag_that_holds_nothing_is_told_by_the_page_alone(sit: Sit) -> None:
    person = sit("toy")
    assert person.document.settings.hold > 0
    person.point((20, 20), (24, 20))
    person.drag()
    assert [one.text for one in person.of(Reported) if one.code == "caution"] == []
