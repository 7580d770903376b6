"""The chosen lane's camera, live in a browser at the wall."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.server import ConsoleServer
from devices.simulated.rtsp_camera import RtspCamera
from tests.rigs.desk import expect, violations
from tests.rigs.filmed import FilmedLane
from tests.rigs.films import access_units
from tests.rigs.wall import PASSWORD, WallRig
from tests.wall.test_lane_pages import NAME, LaneAtHome
from wall.settings import CameraSection

sync_api = pytest.importorskip("playwright.sync_api")


class WallAtHome:
    """A wall of one lane with a rear camera, both served from a thread."""

    def __init__(self, folder: Path) -> None:
        for name in ("lane", "wall"):
            (folder / name).mkdir()
        self._folder = folder
        self.film = FilmedLane(folder / "lane" / "page.live")
        self.home = LaneAtHome(folder / "lane")
        self.rear = RtspCamera(access_units(40, every=20, fps=20), fps=20)
        self.url = ""
        self._up, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: self.home.visited(self._serve), daemon=True)
        self._thread.start()
        assert self._up.wait(30)

    async def _serve(self, home: LaneAtHome) -> None:
        self._loop = asyncio.get_running_loop()
        rear = CameraSection(name="rear", lanes=(NAME,), url=f"rtsp://127.0.0.1:{self.rear.port}/rear")
        rig = WallRig(self._folder / "wall", lanes=(NAME,), pages=home.pages(), cameras=(rear,))
        server = ConsoleServer(rig.routes.app(), rig.routes, rig.settings.page)
        self.url = server.bind()
        serving = asyncio.create_task(server.serve())
        await server.ready()
        self._up.set()
        await self._over.wait()
        server.stop()
        await serving
        rig.store.close()

    def close(self) -> None:
        """Ends both."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(20)
        self.film.close()


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[WallAtHome]:
    """A wall."""
    made = WallAtHome(tmp_path)
    with made.rear:
        yield made
    made.close()


def test_the_chosen_lane_plays_and_a_stream_that_stands_is_marked_as_old(wall: WallAtHome) -> None:
    """Until it plays again; closed, it is let go."""
    with sync_api.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab: Any = browser.new_page(viewport={"width": 1280, "height": 720})
        tab.goto(wall.url)
        tab.fill("#name", "view")
        tab.fill("#password", PASSWORD)
        tab.click("button.go")
        tab.click(f'[data-key="{NAME}"] .open')
        live, note = tab.locator("#live"), tab.locator("#live-note")
        expect(live).to_be_visible()
        expect(note).to_contain_text("Live, 0.")
        assert violations(tab) == []
        wall.film.hold()
        expect(note).to_contain_text("OLD picture, not live")
        expect(live).to_have_class("old")
        wall.film.play()
        expect(note).to_contain_text("Live, 0.")
        tab.locator("#lane-cameras button", has_text="Rear").press("Enter")
        expect(tab.locator("#lane-cameras [aria-pressed=true]")).to_have_text("Rear")
        expect(note).to_contain_text("Live, ", timeout=15_000)
        expect(live).to_have_attribute("aria-label", f"Live video of {NAME}, camera: Rear")
        assert (wall.rear.plays, tab.locator("#still").is_visible()) == (1, False)
        assert violations(tab) == []
        tab.locator("#lane-cameras button", has_text="Lane").click()
        expect(note).to_contain_text("Live, 0.")
        tab.click("#lane-close")
        expect(live).to_be_hidden()
        browser.close()
