"""A supervisor has the panels of a point say something: through the core's door, to lanes in memory, in a browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.model.people import Actor
from core.office.answers import CommandState
from core.office.requests import ListCommands, SendCommand, Status
from core.office.wall_door import WallDoor
from lane_agent.events import DriverNotified
from runtime.clocks import utc_ms
from simulation.broker import PrivateBroker
from simulation.private_wall import lane_names
from tests.rigs.desk import expect, violations
from tests.rigs.papers import Papers
from tests.wall.test_wall_browser import Place, tab_of

sync_api = pytest.importorskip("playwright.sync_api")


class Counter:
    """The core's counter at the walls' door, in a thread; a notice comes to the lane as the lane's own link brings it."""

    def __init__(self, folder: Path, lanes: list[str]) -> None:
        self.papers = Papers(folder, clock=utc_ms)
        self._section = self.papers.door(wall=tuple(lanes))
        self.place: Place | None = None
        self.sent: list[tuple[SendCommand, Actor]] = []
        self._loop, self._up = asyncio.new_event_loop(), threading.Event()
        self._task: asyncio.Task[None]
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(20)

    def _run(self) -> None:
        async def serve() -> None:
            self._task = asyncio.create_task(WallDoor(self._section, self._serve, self._listens).run(port=0))
            await asyncio.gather(self._task, return_exceptions=True)

        self._loop.run_until_complete(serve())
        self._loop.close()

    def _listens(self, port: int) -> None:
        self.port = port
        self._up.set()

    def _serve(self, request: Any, who: Actor) -> Any:
        if isinstance(request, Status):
            return {}
        if isinstance(request, ListCommands):
            sent, by = self.sent[int(request.id[1:]) - 1]
            fields = {"lane": sent.lane, "issuer": by.words, "name": sent.name, "visit": "", "text": "", "issued_ms": 0}
            return [CommandState(id=request.id, expires_ms=0, outcome="done", detail="", **fields)]
        self.sent.append((request, who))
        assert self.place is not None
        visit = int(request.visit.rsplit("/", 1)[1]) if request.visit else 0
        event = DriverNotified(request.text, f"{who.words}@centre", visit, 1_000 * request.revert_seconds)
        lane = self.place.lanes[request.lane]
        self.place.do(lambda: lane.happens(event))
        return f"c{len(self.sent)}"

    def close(self) -> None:
        """Nobody is served any more."""
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A core's counter and a point of two lanes."""
    names = lane_names(2)
    folder = tmp_path / "papers"
    folder.mkdir()
    made = Counter(folder, names)
    line = made.papers.line(made.port)
    core = "\n[core]\n" + "".join(
        f'{name} = "{getattr(line, name)}"\n' for name in ("host", "authority", "certificate", "key")
    )
    with PrivateBroker(tmp_path / "broker", lanes=names) as broker:
        made.place = Place(tmp_path / "point", broker, names, more=f"{core}port = {made.port}\n")
        yield made
        made.place.close()
    made.close()


@pytest.mark.long
def test_a_notice_is_chosen_from_the_list_and_seen_on_the_tile_until_3_is_shown(counter: Counter) -> None:
    """By the officer's name; for the vehicle that is here, and for every lane; in both languages; axe finds nothing."""
    place = counter.place
    assert place is not None
    lane = place.lanes["SZB-IN-01"]

    async def waits() -> None:
        await lane.arrives()
        await lane.gives_up("HB668")
        await lane.immigration_clears()

    async def cleared() -> None:
        lane.add_bundle("HB6685", "release")
        await lane.reads("HB6685")

    with sync_api.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        lee = tab_of(browser, place, "lee")
        place.do(waits)
        lee.click('[data-key="SZB-IN-01"] .open')
        lee.click('[data-order="notice"]')
        expect(lee.locator("#order-scope")).to_have_value("vehicle")
        assert violations(lee) == []
        lee.check('#order-notice-line [value="delay"]')
        lee.click("#order-send")
        expect(lee.locator("#said")).to_contain_text("SZB-IN-01: done")
        expect(lee.locator("#lane-notice")).to_contain_text(
            "Driver is told: Clearance takes longer. Please be patient · lee"
        )
        expect(lee.locator("#lane-screens .aiop img")).to_have_attribute("src", "/sign/aiop/NOPLATE?n=delay")
        expect(lee.locator("#lane-screens .xdb img")).to_have_attribute("src", "/sign/xdb/NOPLATE")
        assert violations(lee) == []
        lee.click('[data-order="notice"]')
        lee.select_option("#order-scope", "point")
        lee.check('#order-notice-line [value="system"]')
        lee.click("#order-send")
        expect(lee.locator("#said")).to_contain_text("SZB-OUT-01: done")
        lee.click("#language")
        lee.click('[data-key="SZB-OUT-01"] .open')
        expect(lee.locator("#lane-notice")).to_contain_text("現時不顯示；稍後告知司機: 系統故障 請耐心等候")
        assert violations(lee) == []
        lee.click('[data-key="SZB-IN-01"] .open')
        place.do(cleared)
        place.do(lane.happens)
        expect(lee.locator("#lane-screens .aiop img")).not_to_have_attribute("src", "/sign/aiop/NOPLATE?n=system")
        browser.close()
    assert [(one.name, one.text, bool(one.visit), who.words) for one, who in counter.sent] == [
        ("notice", "delay", True, "lee by wall"),
        ("notice", "system", False, "lee by wall"),
        ("notice", "system", False, "lee by wall"),
    ]
