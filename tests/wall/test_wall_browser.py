"""The wall in a browser, over lanes in memory at a real broker: two officers, a lane that is lost, both languages, axe."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from lane_agent.model import Contact
from runtime.clocks import utc_ms
from simulation.broker import PrivateBroker
from simulation.children import free_port
from simulation.point import ToldLane, lanes_of, serve_page
from simulation.private_wall import PrivatePoint, lane_names
from tests.rigs.desk import expect, violations
from wall.process import WallProcess
from wall.settings import load_wall

sync_api = pytest.importorskip("playwright.sync_api")


class Place:
    """A wall and its lanes in one loop, in a thread of its own."""

    def __init__(
        self, folder: Path, broker: PrivateBroker, names: list[str], *, pages: bool = False, more: str = ""
    ) -> None:
        self.port = free_port()
        self.point = PrivatePoint(folder, broker, names, port=self.port, pictures=pages)
        if more:  # further sections of the wall's settings
            self.point.config.write_text(self.point.config.read_text(encoding="utf-8") + more, encoding="utf-8")
        self.lanes: dict[str, ToldLane] = {}
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._over: asyncio.Event
        self._thread = threading.Thread(target=self._run, name="wall", daemon=True)
        self._thread.start()
        assert self._up.wait(60)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        self._wall = wall = WallProcess(load_wall(self.point.config), now_ms=utc_ms)
        settings = self.point.point(self.point.lanes)
        lanes = lanes_of(settings)
        self.lanes = {lane.name: lane for lane in lanes}
        agents = [asyncio.create_task(lane.agent.run()) for lane in lanes]
        agents += [asyncio.create_task(serve_page(lane, settings)) for lane in lanes if lane.name in settings.pages]
        serving = asyncio.create_task(wall.serve(self._over, lambda _: self._up.set()))
        for lane in lanes:
            lane.connection.start()
            await lane.start()
        await serving
        for lane in lanes:
            await lane.leave()
        for agent in agents:
            agent.cancel()
        await asyncio.gather(*agents, return_exceptions=True)

    def do(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Something happens in a lane."""
        asyncio.run_coroutine_threadsafe(work(), self._loop).result(30)

    def history(self) -> list[tuple[int, str, str, str, str]]:
        """What became of needs, by the wall's store."""
        return self._wall.store.deeds()

    def close(self) -> None:
        """The wall ends in good order."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A point of four lanes."""
    names = lane_names(4)
    with PrivateBroker(tmp_path / "broker", lanes=names) as broker:
        made = Place(tmp_path / "point", broker, names)
        yield made
        made.close()


def tab_of(browser: Any, place: Place, name: str) -> Any:
    """Somebody at the wall, logged in."""
    tab = browser.new_context(viewport={"width": 1280, "height": 720}, ignore_https_errors=True).new_page()
    tab.goto(f"http://127.0.0.1:{place.port}/")
    tab.fill("#name", name)
    tab.fill("#password", place.point.passwords[name])
    tab.click("button.go")
    expect(tab.locator("#grid .tile")).to_have_count(len(place.lanes))
    return tab


def test_a_run_through_is_taken_by_one_officer_and_seen_by_the_other(place: Place) -> None:
    """From the loop of a lane to two officers' pages; then a lane is lost; in both languages; axe finds nothing."""
    with sync_api.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        chan, wong = tab_of(browser, place, "chan"), tab_of(browser, place, "wong")
        lane = place.lanes["SZB-IN-01"]

        async def runs() -> None:
            await lane.arrives()
            lane.add_bundle("RT5093", "inspect")
            await lane.reads("RT5093")
            await lane.immigration_clears()
            await lane.leaves(Contact.EXIT_LOOP)

        place.do(runs)
        expect(wong.locator(".need")).to_have_attribute("data-kind", "ran")
        expect(wong.locator("#needs.beat")).to_be_visible()  # by which one that nobody takes blinks
        expect(wong.locator("#needs:not(.beat)")).to_be_visible()
        chan.click('.need [data-do="take"]')
        expect(wong.locator(".need .by")).to_have_text("taken: Chan T. M.")
        expect(wong.locator('.need [data-do="take"]')).to_have_text("Take over")
        chan.click('[data-key="SZB-IN-01"] .open')
        expect(chan.locator("#lane-title")).to_have_text("SZB-IN-01")
        assert violations(chan) == []
        place.do(place.lanes["SZB-IN-02"].leave)
        expect(chan.locator('[data-key="SZB-IN-02"] .says')).to_have_text("The lane's program was stopped")
        chan.click("#language")
        expect(chan.locator("#queue-title")).to_contain_text("待處理")
        expect(chan.locator("#grid .group").first).to_have_text("入境")
        expect(chan.locator(".need").first).to_be_visible()
        assert violations(chan) == []
        browser.close()
