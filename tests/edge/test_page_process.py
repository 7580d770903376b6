"""The page as a process of its own: whatever becomes of it the lane goes on, and whatever becomes of the agent it says so."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from console.agent_line import LaneByLine
from console.errors import RequestRefusedError
from console.line import LONGEST_QUESTION, ActWish, Question, packed
from console.ports import LaneView
from domain.crossing import Direction
from edge.clock import BoxClock
from edge.page_line import PageLine
from lane_agent.codec import to_plain
from lane_agent.events import AgentStarted, ContactChanged, LaneClosed, LaneOpened, OfficerReleased
from lane_agent.model import Contact
from runtime.clocks import monotonic_ms
from runtime.packets import packet
from simulation.children import free_port
from simulation.officer import SimulatedOfficer
from simulation.page_lane import PageLane
from tests.edge.conftest import LaneFolder

UNHEARD = LaneView(0, 1_000, "mkt-in-07", "MKT", Direction.INBOUND, simulated=True, open=False, row=0)


@pytest.fixture
def place() -> Iterator[Path]:
    """Where the agent listens; a short path, as sockets need."""
    with tempfile.TemporaryDirectory(prefix="rl-") as folder:
        yield Path(folder) / "page.sock"


@asynccontextmanager
async def agent(place: Path) -> AsyncIterator[tuple[PageLane, PageLine]]:
    """A lane without hardware that listens for its page."""

    async def paint(*_: object) -> bytes:
        return b"png"

    lane = PageLane(clock=BoxClock(lambda: None), paint=paint, visits=7)
    working = asyncio.create_task(lane.agent.run())
    await lane.start()
    line = PageLine(lane.page, place)
    await line.start()
    try:
        yield lane, line
    finally:
        await line.stop()
        working.cancel()


@asynccontextmanager
async def page(place: Path) -> AsyncIterator[LaneByLine]:
    """The page's end."""
    line = LaneByLine(place, unheard=UNHEARD, ticks=monotonic_ms)
    running = asyncio.create_task(line.run())
    try:
        yield line
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(holds: Callable[[], Any]) -> None:
    """Waits for it, twenty seconds at most."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 -- what it waits for is another process's, or a socket's
            await asyncio.sleep(0.01)


def test_an_act_over_the_line_is_the_lanes_and_its_view_comes_first(place: Path) -> None:
    """What the officer is answered with is never older than what he did."""

    async def story() -> None:
        async with agent(place) as (lane, _), page(place) as line:
            await until(lambda: line.view().inbox_wait_ms == 0)
            assert line.view().open
            assert await line.act(LaneClosed("chan", "end of shift")) == ""
            assert not line.view().open
            assert not lane.agent.lane.opened
            assert await line.act(OfficerReleased(99, "chan", "seen")) != ""

    asyncio.run(story())


def test_an_agent_that_is_gone_is_shown_as_one_that_does_not_answer(place: Path) -> None:
    """At once, with what was heard last; an act is not done, and says so; back by itself."""

    async def story() -> None:
        async with page(place) as line:
            assert line.view().lane == "mkt-in-07"
            assert line.view().inbox_wait_ms > 3_000
            async with agent(place):
                await until(lambda: line.view().inbox_wait_ms == 0)
                lane = line.view().lane
            await until(lambda: line.view().inbox_wait_ms > 3_000)
            assert line.view().lane == lane
            with pytest.raises(RequestRefusedError, match="Not done"):
                await line.act(LaneOpened("chan"))
            async with agent(place):
                await until(lambda: line.view().inbox_wait_ms == 0)

    asyncio.run(story())


def test_an_act_whose_answer_is_lost_is_said_to_be_unknown(place: Path) -> None:
    """It is sent once; nobody may believe that it was not done."""

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.transport.abort()

    async def story() -> None:
        server = await asyncio.start_unix_server(swallow, str(place))
        async with page(place) as line, server:
            await until(lambda: line._writer is not None)
            with pytest.raises(RequestRefusedError, match="may have been done or not"):
                await line.act(LaneOpened("chan"))

    asyncio.run(story())


def test_only_an_officers_events_come_over_the_line(place: Path) -> None:
    """A page that was taken over can act as officers can, and cannot invent what devices say."""

    async def story() -> None:
        async with agent(place) as (lane, _), page(place) as line:
            await until(lambda: line.view().inbox_wait_ms == 0)
            for event in (
                ContactChanged(Contact.STOP_LOOP, True, 1),
                AgentStarted(lane.agent.lane.policy, "boot", "x"),
            ):
                assert "no act of an officer" in await line._words(ActWish(to_plain(event)))
            assert "no event" in await line._words(ActWish({"type": "Nonsense"}))
            assert lane.agent.lane.visit is None

    asyncio.run(story())


@pytest.mark.parametrize(
    "said",
    [b"\xff" * 64, packet(b"\xc1"), (LONGEST_QUESTION + 1).to_bytes(4, "big"), packet(msgspec.msgpack.encode([1, 2]))],
)
def test_what_is_no_question_ends_the_connection_and_nothing_else(place: Path, said: bytes) -> None:
    """The next page is served."""

    async def story() -> None:
        async with agent(place):
            reader, writer = await asyncio.open_unix_connection(str(place))
            writer.write(said)
            async with asyncio.timeout(10):
                while await reader.read(65_536):
                    pass
            writer.transport.abort()
            async with page(place) as line:
                await until(lambda: line.view().inbox_wait_ms == 0)

    asyncio.run(story())


def test_a_page_that_asks_and_never_reads_is_cut_off(place: Path) -> None:
    """It would otherwise fill the agent's memory with pictures."""

    async def story() -> None:
        async with agent(place) as (_, desk):
            _, writer = await asyncio.open_unix_connection(str(place))
            wish = packed(Question(1, ActWish({"type": "x" * 60_000})))
            async with asyncio.timeout(20):
                while not writer.is_closing():
                    writer.write(wish * 20)
                    await asyncio.sleep(0.01)
            await until(lambda: not desk.connected)

    asyncio.run(story())


def child(pid: int, word: str) -> int:
    """The child process whose command line has that word, 0 for none."""
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for one in tasks.read_text().split():
            if word in Path(f"/proc/{one}/cmdline").read_text():
                return int(one)
    return 0


def test_the_lane_outlives_its_page_and_starts_it_again(lane_folder: LaneFolder) -> None:
    """Killed, it is back; the agent is the same one, and an officer logs in."""

    async def story() -> None:
        port, lane = free_port(), lane_folder
        lane.change("port = 18830", f"port = {free_port()}")
        lane.file.write_text(lane.file.read_text() + f"port = {port}\n")
        for name in ("paint", "evidence"):
            (lane.folder / "demo" / name).mkdir()
        program = Path(sys.executable).with_name("rocars-lane")
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(program, "run", "--config", lane.file, stderr=quiet, stdin=quiet)
        officer = SimulatedOfficer(f"http://127.0.0.1:{port}/", "chan", "a long walk to the lane")
        try:
            async with asyncio.timeout(60):
                first = await _page_of(process.pid, 0)
                os.kill(first, signal.SIGKILL)
                await _page_of(process.pid, first)
                await _log_in(officer)
                await until(lambda: officer.view)
            assert process.returncode is None
            assert not officer.view["stuck"]
        finally:
            officer.leave()
            process.terminate()
            await process.wait()

    asyncio.run(story())


async def _page_of(pid: int, before: int) -> int:
    await until(lambda: child(pid, "edge.page_process") not in {0, before})
    return child(pid, "edge.page_process")


async def _log_in(officer: SimulatedOfficer) -> None:
    while True:
        try:
            return await officer.log_in()
        except (OSError, httpx.HTTPError):
            await asyncio.sleep(0.2)
