"""An officer at the page, for tests in a real browser: the lane behind it, and the browser in front."""

from __future__ import annotations

from typing import Any

import pytest

from lane_agent.model import Contact

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
PASSWORD = "correct horse battery"


class Desk:
    """An officer at the page: the lane behind it, and the browser in front."""

    def __init__(self, served: Any, tab: Any) -> None:
        self.served = served
        self.lane = served.lane
        self.tab = tab
        self.drive = served.drive

    def log_in(self, name: str = "chan") -> None:
        """By the form, with the keyboard."""
        self.tab.goto(self.served.url)
        expect(self.tab.locator("#name")).to_be_focused()
        self.tab.keyboard.type(name)
        self.tab.keyboard.press("Tab")
        self.tab.keyboard.type(PASSWORD)
        self.tab.keyboard.press("Enter")
        expect(self.tab.locator("body[data-lane]:not(.stale)")).to_be_visible()

    def truck(self) -> None:
        """A laden truck is in the lane without a bundle, and its driver has not pressed Unladen Vehicle."""
        self.drive(self.lane.arrives)
        self.drive(self.lane.reads, "HB6685", "粤Z7K83港")
        self.drive(self.lane.identifier_reads, "rfid", "HB6685")
        self.drive(self.lane.immigration_clears)
        self.drive(self.lane.limit_expires)

    def runs_from_inspection(self, vrn: str = "RT5093") -> None:
        """A truck is told to go to the compound and leaves by the exit."""
        self.drive(self.lane.arrives)
        self.lane.add_bundle(vrn, "inspect")
        self.drive(self.lane.reads, vrn, "粤Z7K83港")
        self.drive(self.lane.immigration_clears)
        self.drive(self.lane.leaves, Contact.EXIT_LOOP)

    def button(self, action: str) -> Any:
        """A button of the page itself."""
        return self.tab.locator(f'[data-act="{action}"]')


def violations(tab: Any) -> list[str]:
    """What axe finds on the page as it is."""
    axe = pytest.importorskip("axe_core_python.sync_playwright").Axe()
    found = axe.run(tab)["violations"]
    return [f"{one['id']}: {[node['html'][:90] for node in one['nodes']]}" for one in found]
