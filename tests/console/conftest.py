"""A served page over a simulated lane, on loopback, in a thread of its own; and a browser to look at it with."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from console.app import create_app
from console.officers import OfficerBook
from console.ports import EvidenceViewed
from console.server import ConsoleServer
from console.settings import ConsoleSettings
from console.simulated.lane import SimulatedLane
from console.simulated.script import ScriptedWorld

NIGHT_MS = 1_795_287_600_000  # 22 Nov 2026, 03:00 in Hong Kong
PASSWORD = "correct horse battery"
CHROMIUM = Path("/usr/bin/chromium")


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.ms = 0

    def ticks(self) -> int:
        """Milliseconds since the test began."""
        return self.ms

    def utc_ms(self) -> int:
        """The same, on the wall of the control room."""
        return NIGHT_MS + self.ms


@dataclass
class Served:
    """A page being served: its address, its lane, and a way to drive the lane from the test's thread."""

    url: str
    lane: SimulatedLane
    clock: Clock
    officers: OfficerBook
    viewed: list[EvidenceViewed]
    loop: asyncio.AbstractEventLoop
    server: ConsoleServer

    def drive(self, do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs something of the lane's hardware side in the lane's own loop."""

        async def run() -> Any:
            return do(*args, **kwargs)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)


@pytest.fixture
def clock() -> Clock:
    """The test's clock."""
    return Clock()


@pytest.fixture
def officers(tmp_path: Path) -> OfficerBook:
    """One officer, with a hash that is quick to check."""
    book = OfficerBook(tmp_path / "officers.json", hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    book.add("chan", PASSWORD, shown="CHAN Tai-man")
    return book


@pytest.fixture
def serve(clock: Clock, officers: OfficerBook, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serves a page with any settings; `world=True` adds the simulation panel."""
    running: list[tuple[Served, threading.Thread]] = []

    def begin(*, world: bool = False, **settings: Any) -> Served:
        ready: list[Served] = []
        started = threading.Event()
        chosen = ConsoleSettings(officers=tmp_path / "officers.json", port=0, **settings)

        async def run() -> None:
            viewed: list[EvidenceViewed] = []
            lane = SimulatedLane(utc_ms=clock.utc_ms, ticks=clock.ticks)
            app, stream = create_app(
                feed=lane,
                settings=chosen,
                officers=officers,
                ticks=clock.ticks,
                viewed=viewed.append,
                simulation=ScriptedWorld(lane, utc_ms=clock.utc_ms) if world else None,
            )
            server = ConsoleServer(app, stream, chosen)
            url = server.bind().rstrip("/")
            serving = asyncio.create_task(server.serve())
            await server.ready()
            ready.append(Served(url, lane, clock, officers, viewed, asyncio.get_running_loop(), server))
            started.set()
            await serving

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
