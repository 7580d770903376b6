"""A shift in a browser: begun by one click that turns the sound on, ended with nothing left, read by the next; both languages; axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.broker import PrivateBroker
from simulation.private_wall import lane_names
from tests.rigs.desk import expect, violations
from tests.wall.test_wall_browser import Place, tab_of

sync_api = pytest.importorskip("playwright.sync_api")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A point of two lanes."""
    names = lane_names(2)
    with PrivateBroker(tmp_path / "broker", lanes=names) as broker:
        made = Place(tmp_path / "point", broker, names)
        yield made
        made.close()


@pytest.mark.long
def test_a_shift_begins_with_sound_and_ends_with_nothing_left_in_the_officers_name(
    place: Place, tmp_path: Path
) -> None:
    """Two officers; what one has goes to the other by the dialog; the note is there when the next begins."""
    pictures = tmp_path / "pictures"
    with sync_api.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        chan, wong = tab_of(browser, place, "chan"), tab_of(browser, place, "wong")
        lane = place.lanes["SZB-IN-01"]

        async def in_doubt() -> None:
            await lane.arrives()
            await lane.reads("HB6685")
            await lane.immigration_clears()
            await lane.limit_expires()

        place.do(in_doubt)
        expect(chan.locator(".need")).to_have_count(1)
        expect(chan.locator("#sound")).to_have_text("♪ Off")
        chan.click("#shift")
        expect(chan.locator("#shift-last")).to_contain_text("Nobody has ended a shift here yet.")
        expect(chan.locator("#shift-open")).to_have_text("Open now: 1 waiting, 0 taken.")
        assert violations(chan) == []
        chan.screenshot(path=pictures / "begin-en.png")
        chan.click("#shift-do")
        expect(chan.locator("#shift")).to_contain_text("On shift ")
        expect(chan.locator("#sound")).to_have_text("♪ On")
        wong.click("#shift")
        expect(wong.locator("#shift-on")).to_contain_text("Chan T. M.")
        wong.click("#shift-do")
        expect(chan.locator("#shift")).to_be_visible()
        chan.click('.need [data-do="take"]')
        expect(wong.locator(".need .by")).to_have_text("taken: Chan T. M.")

        chan.click("#shift")
        expect(chan.locator("#shift-do")).to_be_disabled()
        chan.fill("#shift-note", "SZB-IN-01: the barrier opens slowly.\nTechnician is called.")
        chan.select_option("#shift-mine select", "wong")
        assert violations(chan) == []
        chan.screenshot(path=pictures / "end-en.png")
        chan.click("#shift-mine button")
        expect(wong.locator(".need .by")).to_have_text("taken: Wong K. Y.")
        expect(chan.locator("#shift-do")).to_be_enabled()
        chan.click("#shift-do")
        expect(chan.locator("#shift")).to_have_text("Begin shift")
        expect(chan.locator("#sound")).to_have_text("♪ Off")

        chan.click("#language")
        expect(chan.locator("#shift")).to_have_text("開始當值")
        chan.click("#shift")
        expect(chan.locator("#shift-last")).to_contain_text("Technician is called.")
        expect(chan.locator("#shift-on")).to_contain_text("其他當值人員：Wong K. Y.")
        assert violations(chan) == []
        chan.screenshot(path=pictures / "begin-zh.png")
        browser.close()
