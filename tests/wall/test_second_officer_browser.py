"""Two officers at the wall: one asks at the lane's page, everybody sees that it waits, the other opens the lane and approves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lane_agent import events as e
from lane_agent.model import Outcome
from simulation.broker import PrivateBroker
from simulation.point import ToldLane
from simulation.private_wall import lane_names
from tests.rigs.desk import expect, violations
from tests.wall.test_wall_browser import Place, tab_of

sync_api = pytest.importorskip("playwright.sync_api")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A point of two lanes with pages of their own."""
    names = lane_names(2)
    with PrivateBroker(tmp_path / "broker", lanes=names) as broker:
        made = Place(tmp_path / "point", broker, names, pages=True)
        yield made
        made.close()


async def two_must_agree(lane: ToldLane) -> None:
    """The lane starts with such settings; the link is not proved yet, which is a warning. A truck comes."""
    policy = replace(lane.agent.lane.policy, second_release=True, second_ms=300_000)
    await lane.happens(e.AgentStarted(policy, "boot-2", "0.1.0"))
    await lane.start()
    await lane.happens(e.AgentStarted(policy, "boot-3", "0.1.0"), e.LaneClosed("x", "y"), e.LaneOpened("chan"))
    await lane.arrives()
    await lane.reads("HB6685")
    await lane.immigration_clears()


def lane_page(tab: Any) -> Any:
    """The lane's own page, opened from the wall."""
    with tab.context.expect_page() as opened:
        tab.click("#lane-page")
    page = opened.value
    expect(page.locator("body[data-lane]:not(.stale)")).to_be_visible()
    return page


@pytest.mark.long
def test_one_asks_everybody_sees_it_and_another_approves(place: Place) -> None:
    """With seconds left and names at the wall; not by whoever asked; axe finds nothing, in either language."""
    lane = place.lanes["SZB-IN-01"]
    with sync_api.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        chan, wong = tab_of(browser, place, "chan"), tab_of(browser, place, "wong")
        place.do(lambda: two_must_agree(lane))
        for tab in (chan, wong):
            tab.click('[data-key="SZB-IN-01"] .open')
        his = lane_page(chan)
        his.click('[data-act="release"]')
        dialog = his.locator("#dialog-release")
        expect(dialog.locator(".second")).to_be_visible()
        expect(dialog.locator(".confirm")).to_have_text("Ask for approval")
        dialog.locator("[name=read]").check()
        dialog.locator("[name=typical]").first.check()
        assert violations(his) == []
        dialog.locator(".confirm").click()
        expect(his.locator("#second-became")).to_have_text("Waits for a second officer")
        expect(his.locator("#second-look")).to_be_hidden()

        need = '.need[data-kind="second"]'
        expect(wong.locator(f"{need} .who")).to_have_text("asked by chan@wall")
        expect(wong.locator(f"{need} .left")).to_contain_text(" s left")
        expect(wong.locator("#lane-approval")).to_contain_text("Waits for a second officer (Release): chan@wall")
        expect(chan.locator(f'{need} [data-do="take"]')).to_be_hidden()
        wong.click(f'{need} [data-do="take"]')
        expect(chan.locator(f"{need} .by")).to_have_text("taken: Wong K. Y.")
        assert violations(wong) == []

        hers = lane_page(wong)
        hers.click("#language")
        expect(hers.locator("#second-became")).to_have_text("等候第二名關員批准")
        assert violations(hers) == []
        hers.click("#second-look")
        hers.click("#dialog-second .approve")
        expect(hers.locator("#dialog-second .error")).to_have_text("請先細閱警告並剔選方格。")
        hers.locator("#dialog-second [name=read]").check()
        assert violations(hers) == []
        hers.click("#dialog-second .approve")
        expect(hers.locator("#told")).to_contain_text("已批准並執行")
        expect(wong.locator(need)).to_have_count(0)
        expect(wong.locator("#lane-approval")).to_contain_text("Approved by a second officer, and done")
        expect(wong.locator("#lane-approval")).to_contain_text("chan@wall → wong@wall")
        browser.close()
    visit = lane.agent.lane.visit
    assert visit is not None
    assert visit.outcome is Outcome.RELEASED
    over = [one for one in place.history() if one[2] == "over" and "/second/" in one[1]]
    assert [(who, detail) for _, _, _, who, detail in over] == [("wong@wall", "asked by chan@wall: approved")]
