"""The menu of models, with a checkpoint of the user's beside the catalogue."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from studio.browser.stage import Tab, open_tab
from studio.running import running_studio

pytestmark = pytest.mark.xdist_group("studio")


@pytest.fixture
def checkpoint(oracle_dir: Path) -> Path:
    """A StyleGAN2 of 128 px with random weights, as NVIDIA's programs save it."""
    return oracle_dir / "nvidia-stylegan2-128.pkl"


@pytest.fixture
def tab(browser: Browser, tmp_path: Path, checkpoint: Path) -> Iterator[Tab]:
    """Of a studio that was started with the checkpoint."""
    with (
        running_studio(tmp_path, "--model", str(checkpoint)) as studio,
        open_tab(browser, studio.url) as opened,
    ):
        opened.wait_for_rest()
        yield opened


def test_the_model_is_changed_in_the_menu_and_back_by_undo(tab: Tab, checkpoint: Path) -> None:
    menu = tab.at("model-menu")
    expect(menu).to_have_value(str(checkpoint))
    assert [text.split()[0] for text in menu.locator("option").all_inner_texts()] == [
        "faces",
        checkpoint.stem,
    ]
    small = tab.drawn()
    assert small.shape == (128, 128, 3)
    large = tab.picture_after(lambda: menu.select_option("faces-1024"))
    expect(menu).to_have_value("faces-1024")
    assert large.shape == (1024, 1024, 3)
    tab.keep("30-another-model")
    again = tab.picture_after(lambda: tab.at("undo").click())
    assert np.array_equal(again, small)
    expect(menu).to_have_value(str(checkpoint))
    # and a drag works on the one that was chosen
    large = tab.picture_after(lambda: tab.at("redo").click())
    tab.switch_live(on=False)
    tab.pull((600.0, 760.0), (640.0, 720.0))
    assert not np.array_equal(tab.drag_to_end(), large)
