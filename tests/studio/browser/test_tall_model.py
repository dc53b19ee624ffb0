"""A model whose pictures are twice as high as wide."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from generators.random_stylegan2 import random_network
from studio.browser.stage import Tab, open_tab
from studio.running import running_studio
from tugan.generators.saving import save_pretrained
from tugan.session.project_file import read_history

pytestmark = pytest.mark.xdist_group("studio")

HIGH, WIDE = 256, 128


@pytest.fixture
def tab(browser: Browser, tmp_path: Path) -> Iterator[Tab]:
    model = tmp_path / "tall"
    save_pretrained(random_network((4, 2), blocks=7), model)
    with (
        running_studio(tmp_path / "state", "--model", str(model)) as studio,
        open_tab(browser, studio.url) as opened,
    ):
        yield opened


def test_points_masks_and_exports_fit_a_tall_picture(tab: Tab) -> None:
    assert tab.first.shape == (HIGH, WIDE, 3)
    # lower than the picture is wide: a swapped axis would be refused, or land elsewhere
    tab.switch_live(on=False)
    tab.pull((40.0, 210.0), (60.0, 190.0))
    for end, (x, y) in (("handle", (40, 210)), ("goal", (60, 190))):
        assert np.allclose(tab.place(end, tab.newest), (x, y), atol=1.5)
    tab.keep("40-tall")
    dragged = tab.drag_to_end()
    assert dragged.shape == (HIGH, WIDE, 3)
    assert not np.array_equal(dragged, tab.first)
    tab.at("export").click()
    with tab.page.expect_download() as download:
        tab.at("export-png").click()
    exported = Image.open(io.BytesIO(download.value.path().read_bytes())).convert("RGB")
    assert exported.size == (WIDE, HIGH)
    np.testing.assert_array_equal(np.asarray(exported), dragged)


def test_a_mask_is_painted_where_the_hand_is(tab: Tab) -> None:
    tab.switch_live(on=False)
    tab.pull((40.0, 210.0), (60.0, 190.0))
    tab.at("tool-brush").click()
    for y in range(170, 250, 10):
        tab.pull((10.0, float(y)), (118.0, float(y)))
    expect(tab.stage).to_have_attribute("data-mask", "true")
    tab.keep("41-tall-mask")
    assert not np.array_equal(tab.drag_to_end(), tab.first)
    with tab.page.expect_download() as download:
        tab.at("save-project").click()
    # what it holds is tested on models that draw something: of random weights nothing is certain
    mask = read_history(download.value.path().read_bytes()).entry.document.mask
    assert mask is not None
    assert mask.shape == (HIGH, WIDE)
    assert mask[170:241, 10:119].mean() > 0.98
    assert not mask[:120].any()
