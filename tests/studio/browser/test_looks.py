"""Light and dark, for those who listen, too."""

import pytest
from playwright.sync_api import expect

from studio.browser.axe import serious_faults
from studio.browser.stage import Tab

pytestmark = pytest.mark.xdist_group("studio")


def test_light_and_dark_have_no_serious_faults(tab: Tab) -> None:
    page = tab.page.locator("html")
    expect(page).to_have_attribute("data-theme", "light")
    assert serious_faults(tab) == []
    tab.at("tool-brush").click()
    tab.at("advanced").click()
    tab.at("export").click()
    assert serious_faults(tab) == []
    tab.at("advanced").click()
    tab.at("theme").click()
    expect(page).to_have_attribute("data-theme", "dark")
    tab.keep("13-dark")
    assert serious_faults(tab) == []
    tab.at("theme").click()
    expect(page).to_have_attribute("data-theme", "light")


def test_the_keys_have_no_serious_faults(tab: Tab) -> None:
    tab.page.keyboard.press("?")
    expect(tab.at("shortcut-sheet")).to_be_visible()
    assert serious_faults(tab) == []
