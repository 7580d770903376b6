"""A served page over a lane in memory, on loopback, in a thread of its own; and a browser to look at it with."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from console.agent_line import LaneByLine
from console.app import create_app
from console.live_line import live_pictures
from console.officers import OfficerBook
from console.ports import EvidenceViewed, OfficerAction
from console.server import ConsoleServer
from console.settings import ConsoleSettings
from edge.lane_feed import not_counted
from edge.page_line import PageLine
from lane_agent.codec import effect_from, event_from
from lane_agent.model import Policy
from runtime.clocks import monotonic_ms
from simulation.night import ScriptedNight
from simulation.page_lane import PageLane
from tests.rigs.page import PATIENT, ManualClock, painted

PASSWORD = "correct horse battery"
CHROMIUM = Path("/usr/bin/chromium")


@dataclass
class Served:
    """A page being served: its address, its lane, and a way to drive the lane from the test's thread."""

    url: str
    lane: PageLane
    clock: ManualClock
    officers: OfficerBook
    viewed: list[EvidenceViewed]
    loop: asyncio.AbstractEventLoop
    server: ConsoleServer
    working: asyncio.Task[None]
    first_entry: int
    """Of the journal; what came before was the lane's start."""

    def drive(self, do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs something of the lane's world in the lane's own loop."""

        async def run() -> Any:
            became = do(*args, **kwargs)
            return await became if inspect.isawaitable(became) else became

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    @property
    def acted(self) -> list[OfficerAction]:
        """What officers did at this page and the lane counted, by its journal."""
        entries = [json.loads(body) for body in self.lane.journal.entries[self.first_entry :]]
        counted = [one for one in entries if not not_counted(effect_from(effect) for effect in one["effects"])]
        events = [event_from(one["event"]) for one in counted]
        return [event for event in events if isinstance(event, OfficerAction)]

    def hang(self) -> None:
        """The agent stops working its inbox, in which an event then waits."""

        async def stop() -> None:
            self.working.cancel()
            await asyncio.wait({self.working})

        self.drive(stop)

    def work(self) -> None:
        """The agent works its inbox again."""

        async def start() -> None:
            self.working = asyncio.create_task(self.lane.agent.run())

        self.drive(start)


@pytest.fixture
def clock() -> ManualClock:
    """The test's clock."""
    return ManualClock()


@pytest.fixture
def officers(tmp_path: Path) -> OfficerBook:
    """One officer, with a hash that is quick to check."""
    book = OfficerBook(tmp_path / "officers.json", hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    book.add("chan", PASSWORD, shown="CHAN Tai-man")
    return book


@pytest.fixture
def serve(clock: ManualClock, officers: OfficerBook, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serves a page with any settings; `world=True` adds the simulation panel, `live` the camera's stream, whose times are real."""
    running: list[tuple[Served, threading.Thread]] = []

    def begin(*, world: bool = False, live: Path | None = None, policy: Policy = PATIENT, **settings: Any) -> Served:
        ready: list[Served] = []
        started = threading.Event()
        chosen = ConsoleSettings(officers=tmp_path / "officers.json", **{"port": 0, **settings})

        async def run() -> None:
            viewed: list[EvidenceViewed] = []
            lane = PageLane(clock=clock, paint=painted, policy=policy, visits=4_180)
            working = asyncio.create_task(lane.agent.run())
            await lane.start()
            desk = PageLine(lane.page, tmp_path / f"page-{len(running)}.sock")
            await desk.start()
            view = lane.page.view()
            line = LaneByLine(tmp_path / f"page-{len(running)}.sock", unheard=view, ticks=clock.ticks)
            hearing = asyncio.create_task(line.run())
            await line.changed(0)
            app, stream = create_app(
                feed=line,
                settings=chosen,
                officers=officers,
                ticks=clock.ticks if live is None else monotonic_ms,
                viewed=viewed.append,
                simulation=ScriptedNight(lane) if world else None,
                live=None if live is None else lambda: live_pictures(live),
            )
            server = ConsoleServer(app, stream, chosen)
            url = server.bind().rstrip("/")
            serving = asyncio.create_task(server.serve())
            await server.ready()
            loop, entries = asyncio.get_running_loop(), len(lane.journal.entries)
            ready.append(Served(url, lane, clock, officers, viewed, loop, server, working, entries))
            started.set()
            await serving
            ready[0].working.cancel()
            hearing.cancel()
            await desk.stop()

        thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
        thread.start()
        assert started.wait(10)
        running.append((ready[0], thread))
        return ready[0]

    yield begin
    for served, thread in running:
        with contextlib.suppress(RuntimeError):  # a test may have stopped it: its loop is closed
            served.loop.call_soon_threadsafe(served.server.stop)
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, once for a file's tests: its driver keeps an event loop running in this thread."""
    playwright = pytest.importorskip("playwright.sync_api")
    assert CHROMIUM.exists(), "chromium is not installed: apt-get install chromium"
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield running
        running.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A fresh tab that must not report an error of its own."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if "Content Security Policy" in told.text else None)
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def desk(serve: Callable[..., Any], tab: Any) -> Any:
    """An officer who is logged in, with a truck in the lane."""
    from tests.rigs.desk import Desk

    found = Desk(serve(), tab)
    found.truck()
    found.log_in()
    return found
