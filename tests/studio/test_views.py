from pathlib import Path

import pytest

from generators.random_stylegan2 import random_network
from tugan.generators.saving import save_pretrained
from tugan.studio.views import model_views


def test_a_pulled_model_is_in_the_menu_and_a_damaged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path))
    save_pretrained(random_network((4, 4), domain="lions"), tmp_path / "models" / "lions")
    (tmp_path / "models" / "torn").mkdir()
    (tmp_path / "models" / "torn" / "config.json").write_text('{"family": ')
    found = {view.name: view.domain for view in model_views(())}
    assert found == {"faces-1024": "faces", "lions": "lions"}
