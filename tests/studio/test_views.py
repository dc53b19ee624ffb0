import math
from pathlib import Path

import pytest

from generators.random_stylegan2 import random_network
from tugan.generators.saving import save_pretrained
from tugan.session.model_store import ModelStore
from tugan.studio.views import generator_view, model_views


def test_a_pulled_model_is_in_the_menu_and_a_damaged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path))
    save_pretrained(random_network((4, 4), domain="lions"), tmp_path / "models" / "lions")
    (tmp_path / "models" / "torn").mkdir()
    (tmp_path / "models" / "torn" / "config.json").write_text('{"family": ')
    found = {view.name: view.domain for view in model_views(())}
    assert found == {"faces-1024": "faces", "lions": "lions"}


def test_the_page_is_told_whether_anything_can_be_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path))
    for quick_sketch_s, is_ready in ((0, False), (math.inf, True)):
        store = ModelStore(
            "cpu",
            loaders={"small": lambda device: random_network((4, 4), blocks=3)},
            quick_sketch_s=quick_sketch_s,
        )
        view = generator_view(store.get("small"))
        # the page names it in the command that makes it ready
        assert (view.name, view.hold_ready) == ("small", is_ready)
