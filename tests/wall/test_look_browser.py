"""Looking back and numbers in a browser, at a running core: a search, a story, an export, a day; both languages; axe."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.clocks import utc_ms
from simulation.broker import PrivateBroker
from tests.rigs.desk import expect, violations
from tests.rigs.past import DAY, LANES, PastPoint
from wall.process import WallProcess
from wall.settings import load_wall

sync_api = pytest.importorskip("playwright.sync_api")


class ServedPast:
    """A point with a past, its core running, and its wall served in a thread of its own."""

    def __init__(self, folder: Path, broker: PrivateBroker) -> None:
        self.past = PastPoint(folder, broker)
        asyncio.run(self.past.core.start_ready())
        self.url = ""
        self._up, self._loop = threading.Event(), asyncio.new_event_loop()
        self._over: asyncio.Event
        self._thread = threading.Thread(target=self._run, name="wall", daemon=True)
        self._thread.start()
        assert self._up.wait(60)

    def _run(self) -> None:
        async def serve() -> None:
            self._over = asyncio.Event()
            wall = WallProcess(load_wall(self.past.point.config), now_ms=utc_ms)

            def ready(address: str) -> None:
                self.url = address.rstrip("/")
                self._up.set()

            await wall.serve(self._over, ready)

        self._loop.run_until_complete(serve())
        self._loop.close()

    def close(self) -> None:
        """The wall ends in good order, and the core."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)
        self.past.core.end()

    def tab(self, browser: Any, name: str, width: int = 1280, height: int = 720) -> Any:
        """Somebody at the wall, logged in."""
        tab = browser.new_context(viewport={"width": width, "height": height}).new_page()
        tab.goto(f"{self.url}/login")
        tab.fill("#name", name)
        tab.fill("#password", self.past.point.passwords[name])
        tab.click("button.go")
        expect(tab.locator("#grid")).to_be_attached()
        return tab


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedPast]:
    """All of it."""
    with PrivateBroker(tmp_path / "broker", lanes=LANES) as broker:
        made = ServedPast(tmp_path, broker)
        yield made
        made.close()


def test_an_officer_finds_a_truck_by_keyboard_reads_its_story_and_exports_it(served: ServedPast) -> None:
    """From the wall to the file; axe finds nothing in either language."""
    with sync_api.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = served.tab(browser, "chan")
        tab.click('a[href="/look"]')
        tab.fill("#since", f"{DAY}T00:00")
        tab.focus("#text")
        tab.keyboard.type("rt5093")
        tab.keyboard.press("Enter")
        expect(tab.locator("tbody tr")).to_have_count(2)
        assert violations(tab) == []
        tab.locator("tbody tr", has_text="RT50931").locator("a").press("Enter")
        expect(tab.locator("h1 .plate")).to_have_text("RT50931")
        expect(tab.locator(".pictures img").first).to_have_js_property("complete", value=True)
        assert violations(tab) == []
        tab.focus("#moment")
        tab.keyboard.press("End")
        expect(tab.locator("#replay-says")).to_have_text("board: Welcome · panel: Welcome")
        tab.click("#back")
        expect(tab.locator("#replay .glass.xdb img")).to_have_attribute("src", "/sign/xdb/WELCOME")
        tab.select_option("#speed", "30")
        tab.fill("#moment", "0")
        tab.click("#play")
        expect(tab.locator(".course li[aria-current] b")).to_have_text("Contact: Stop line loop off")
        tab.fill("#purpose", "complaint 12")
        with tab.expect_download(timeout=120_000) as getting:
            tab.keyboard.press("Enter")
        assert getting.value.suggested_filename.startswith("RT50931_SZB-IN-01-journal-3_")
        told = served.past.core.command("verify", str(getting.value.path()))
        assert "complaint 12" in told
        assert "pages: made by the wall wall for chan by wall" in told
        expect(tab.locator("#said")).to_contain_text("keep the file as it is")
        tab.click("#language")
        expect(tab.locator("#t-course")).to_contain_text("完整過程")
        assert violations(tab) == []
        tab.goto(f"{served.url}/numbers?day={DAY}")
        expect(tab.locator(".cards dd").first).to_have_text("4")
        assert violations(tab) == []
        browser.close()
