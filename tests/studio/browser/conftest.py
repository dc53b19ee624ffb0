"""A real browser on a real studio.

A new session takes seconds of computing, so that tests share tabs: each test gets its tab as it
was when it was opened, as long as its history is not so long (100 entries) that its beginning goes.
Playwright's waits are shorter than pytest's limit, which would break its connection and with it
all later tests.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from studio.browser.stage import PATIENCE_MS, Tab, open_tab
from studio.running import RunningStudio

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Its path; without it these tests are skipped, except where nothing may be."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = "there is no Chromium here: apt-get install chromium"
        if os.environ.get("TUGAN_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


# Not of the whole session: Playwright's event loop counts as running in this thread until it is
# stopped, and tests elsewhere have loops of their own.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def first_tab(browser: Browser, studio: RunningStudio) -> Iterator[Tab]:
    """1440 x 900, light."""
    with open_tab(browser, studio.url) as opened:
        yield opened


@pytest.fixture(scope="package")
def second_tab(browser: Browser, studio: RunningStudio) -> Iterator[Tab]:
    """Of somebody else, with a session of their own."""
    with open_tab(browser, studio.url) as opened:
        yield opened


@pytest.fixture
def tab(first_tab: Tab) -> Iterator[Tab]:
    """The studio's page with its first picture and the sample drag."""
    first_tab.begin_anew()
    yield first_tab
    first_tab.check_faults()


@pytest.fixture
def other_tab(second_tab: Tab) -> Iterator[Tab]:
    """The same for somebody else."""
    second_tab.begin_anew()
    yield second_tab
    second_tab.check_faults()
