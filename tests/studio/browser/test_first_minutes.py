"""The first five minutes, as a person lives them."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from studio.browser.pictures import change, went_right
from studio.browser.stage import SAMPLE, Tab

pytestmark = pytest.mark.xdist_group("studio")

NOSE = (512.0, 600.0)


def test_the_story(tab: Tab) -> None:
    """Open, start what is placed, look back, undo, pull at the nose, keep the picture."""
    tab.keep("1-opened")
    before = tab.drawn()
    assert before.shape == (1024, 1024, 3)
    assert before.std() > 30, "a picture, not a blank"
    corner_of_mouth = tab.place("handle", SAMPLE)

    smiling = tab.drag_to_end()
    assert tab.ending == "reached"
    expect(tab.at("outcome")).to_contain_text("at their goals")
    tab.keep("2-dragged")
    goal = tab.place("goal", SAMPLE)
    np.testing.assert_allclose(tab.place("handle", SAMPLE), goal, atol=4)
    assert tab.place("handle", SAMPLE) != corner_of_mouth
    assert np.abs(smiling - before).mean() > 5

    tab.point_at((300, 300))
    tab.page.keyboard.down("Tab")
    expect(tab.stage).to_have_attribute("data-comparing", "true")
    tab.until_drawn(before)
    tab.keep("3-compared")
    tab.page.keyboard.up("Tab")
    expect(tab.stage).to_have_attribute("data-comparing", "false")
    tab.until_drawn(smiling)

    np.testing.assert_array_equal(tab.picture_after(tab.at("undo").click), before)
    np.testing.assert_array_equal(tab.picture_after(tab.at("redo").click), smiling)

    tab.clear_points()
    tab.click(NOSE)
    tab.click((NOSE[0] + 40, NOSE[1]))
    turned = tab.drag_to_end()
    assert 25 <= went_right(smiling, turned, NOSE) <= 55
    tab.keep("4-own-point")

    tab.at("export").click()
    tab.keep("5-export")
    with tab.page.expect_download() as download:
        tab.at("export-png").click()
    exported = np.asarray(Image.open(io.BytesIO(download.value.path().read_bytes())).convert("RGB"))
    np.testing.assert_array_equal(exported, turned)


def test_live_the_picture_follows_the_hand(tab: Tab) -> None:
    before = tab.drawn()
    tab.clear_points()
    tab.point_at(NOSE)
    tab.page.mouse.down()
    for offset in range(12, 49, 6):  # less than 4 CSS px would be a click
        frames = tab.told("frames")
        tab.point_at((NOSE[0] + offset, NOSE[1]))
        tab.wait_for_frame(drawn=frames)
        expect(tab.stage).to_have_attribute("data-phase", "live")
    expect(tab.at("progress")).to_contain_text("px behind")
    assert went_right(before, tab.drawn(), NOSE) > 15, "it stood still while the hand moved"
    tab.keep("6-live")
    let_go = tab.picture_after(tab.page.mouse.up)
    assert 30 <= went_right(before, let_go, NOSE) <= 62
    np.testing.assert_array_equal(tab.picture_after(tab.at("undo").click), before)


def test_a_mask_keeps_what_is_outside(tab: Tab) -> None:
    """What may not change does not, even where the handle then cannot go all of its way."""
    before = tab.drawn()
    free = tab.drag_to_end()
    np.testing.assert_array_equal(tab.picture_after(tab.at("undo").click), before)
    tab.at("tool-brush").click()
    painted = (340, 600, 840, 960)
    for y in range(700, 861, 40):
        tab.pull((440, y), (740, y))
    expect(tab.stage).to_have_attribute("data-mask", "true")
    expect(tab.at("mask-clear")).to_be_enabled()
    tab.keep("7-mask")
    held = tab.drag_to_end()
    assert tab.ending in ("reached", "no-progress")
    assert change(before, held, outside=painted) < 0.5 * change(before, free, outside=painted)
    assert change(before, held, outside=painted) < 3
    inside = np.abs(held - before)[660:840, 450:720].mean()
    assert inside > 2 * change(before, held, outside=painted), "the mouth does move"


def test_seeds_can_be_locked_rolled_and_chosen(tab: Tab) -> None:
    before = tab.drawn()
    seeds = tab.all_named("gallery-seed-")
    expect(seeds.locator("img")).to_have_count(12)
    tab.keep("8-gallery")
    names = [one.get_attribute("data-testid") for one in seeds.all()]
    tab.all_named("gallery-lock-").nth(3).click()
    tab.at("reroll").click()
    expect(seeds.nth(1)).not_to_have_attribute("data-testid", names[1] or "")
    rolled = [one.get_attribute("data-testid") for one in seeds.all()]
    assert rolled[3] == names[3]
    assert set(rolled[:3] + rolled[4:]).isdisjoint(names)
    chosen = tab.at(rolled[3] or "")
    another = tab.picture_after(chosen.click)
    assert np.abs(another - before).mean() > 5
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(tab.all_named("point-handle-")).to_have_count(0)
    expect(seeds.locator("img")).to_have_count(12)
    tab.keep("9-another-face")
    np.testing.assert_array_equal(tab.picture_after(tab.at("undo").click), before)
    expect(tab.at(f"point-goal-{SAMPLE}")).to_have_count(1)
