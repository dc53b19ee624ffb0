"""Faults that a screen reader's user would meet."""

from axe_playwright_python.sync_playwright import Axe

from studio.browser.stage import Tab


def serious_faults(tab: Tab) -> list[str]:
    """Name and first place of each serious or critical one."""
    found = Axe().run(tab.page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
