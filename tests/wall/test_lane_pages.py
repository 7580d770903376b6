"""The wall at a lane's own page: tickets that are good once, and the small pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from console.app import create_app
from console.errors import LiveUnavailableError
from console.live_line import live_pictures
from console.officers import OfficerBook, OfficerRole
from console.server import ConsoleServer
from console.settings import ConsoleSettings
from console.wall_visits import CHALLENGE_MS
from runtime.clocks import monotonic_ms
from runtime.live_packets import LivePicture
from simulation.page_lane import PageLane
from simulation.waiting import until
from tests.rigs.filmed import FilmedLane
from tests.rigs.page import PATIENT, ManualClock, painted
from tests.rigs.wall import NOW, book_of
from wall.errors import LanePageError
from wall.lane_pages import LanePages
from wall.pictures import PictureBoard
from wire.envelope import Signer, public_to_pem

NAME = PATIENT.lane


class LaneAtHome:
    """A lane's page, served on loopback, that lets one wall in."""

    def __init__(self, folder: Path) -> None:
        self.signer, self.keys, self.clock = Signer.generate("wall"), folder / "walls", ManualClock()
        self.keys.mkdir()
        (self.keys / "wall.pub").write_bytes(public_to_pem(self.signer.public))
        book_of(folder)
        self.settings = ConsoleSettings(officers=folder / "officers.json", port=0, walls=self.keys)
        self.lane = PageLane(clock=self.clock, paint=painted, policy=PATIENT)
        self.url = ""
        self.film = folder / "page.live"
        """Where its camera's stream would be."""
        self.opened = self.closed = 0
        """How often that was."""
        self.browsers: list[httpx.AsyncClient] = []

    def pages(self, signer: Signer | None = None, lane: str = NAME) -> LanePages:
        """A wall that knows it."""
        board = PictureBoard()
        made = LanePages(
            {lane: self.url}, signer=signer or self.signer, authority=None, board=board, now_ms=lambda: NOW
        )
        self.board = board
        return made

    async def _stream(self) -> AsyncGenerator[LivePicture, None]:
        self.opened += 1
        try:
            async for one in live_pictures(self.film):
                yield one
        finally:
            self.closed += 1

    def visited(self, visit: Callable[[LaneAtHome], Awaitable[None]]) -> None:
        """Serves it while somebody visits."""

        async def run() -> None:
            app, stream = create_app(
                feed=self.lane.page,
                settings=self.settings,
                officers=OfficerBook(self.settings.officers),
                ticks=self.clock.ticks,
                viewed=lambda _: None,
                live=self._stream,
            )
            server = ConsoleServer(app, stream, self.settings)
            self.url = server.bind()
            tasks = [asyncio.create_task(server.serve()), asyncio.create_task(self.lane.agent.run())]
            await server.ready()
            try:
                await self.lane.start()
                await visit(self)
            finally:
                for browser in self.browsers:
                    await browser.aclose()
                server.stop()
                await tasks[0]
                tasks[1].cancel()

        asyncio.run(run())


async def enters(home: LaneAtHome, where: str, ticket: str) -> tuple[int, httpx.AsyncClient]:
    """A browser with a ticket: what the lane answered, and the browser with its cookie."""
    client = httpx.AsyncClient(base_url=home.url)
    home.browsers.append(client)
    return (await client.post(where, data={"ticket": ticket})).status_code, client


def test_an_officer_of_the_wall_acts_at_the_lane_in_his_own_name(tmp_path: Path) -> None:
    """The lane's page knows who came, through which wall; a ticket is good once."""

    async def visit(home: LaneAtHome) -> None:
        where, ticket = await home.pages().ticket(NAME, "chan", OfficerRole.OFFICER)
        status, client = await enters(home, where, ticket)
        assert status == 200
        page = (await client.get("/")).text
        assert 'data-officer="chan@wall"' in page
        headers = {"X-CSRF-Token": page.split('name="csrf" content="')[1].split('"')[0]}
        asked = {"action": "order_manual", "reason": "exercise"}
        assert (await client.post("/action", json=asked, headers=headers)).status_code == 200
        assert (await enters(home, where, ticket))[0] == 403
        (home.keys / "wall.pub").unlink()
        assert (await client.post("/action", json=asked, headers=headers)).status_code == 401

    LaneAtHome(tmp_path).visited(visit)


def test_a_viewer_who_comes_from_the_wall_acts_at_no_lane(tmp_path: Path) -> None:
    """The role comes with the ticket."""

    async def visit(home: LaneAtHome) -> None:
        _, client = await enters(home, *await home.pages().ticket(NAME, "view", OfficerRole.VIEWER))
        page = (await client.get("/")).text
        headers = {"X-CSRF-Token": page.split('name="csrf" content="')[1].split('"')[0]}
        found = await client.post("/action", json={"action": "order_manual", "reason": "x"}, headers=headers)
        assert (found.status_code, found.json()["words"]) == (403, "Your account may watch, and not act.")

    LaneAtHome(tmp_path).visited(visit)


@pytest.mark.parametrize("wrong", ["another key", "too old", "another lane", "rubbish"])
def test_a_ticket_that_is_not_good_lets_nobody_in(tmp_path: Path, wrong: str) -> None:
    """Signed by another key, late, made for another lane, or none at all."""

    async def visit(home: LaneAtHome) -> None:
        signer = Signer.generate("wall") if wrong == "another key" else None
        name = "other" if wrong == "another lane" else NAME
        where, ticket = await home.pages(signer, name).ticket(name, "chan", OfficerRole.OFFICER)
        if wrong == "too old":
            home.clock.ms += CHALLENGE_MS + 1
        status, client = await enters(home, where, "x" if wrong == "rubbish" else ticket)
        assert status == 403
        assert (await client.get("/")).status_code == 303

    LaneAtHome(tmp_path).visited(visit)


def test_the_tiles_get_a_small_picture_with_its_age(tmp_path: Path) -> None:
    """Over one connection, as a viewer's; a lane without the wall's key gives none."""

    async def visit(home: LaneAtHome) -> None:
        fetching = asyncio.create_task(home.pages().run())
        await until(lambda: NAME in home.board.newest, 20)
        fetching.cancel()
        _, at_ms, jpeg = home.board.newest[NAME]
        assert jpeg.startswith(b"\xff\xd8")
        assert at_ms == NOW - 120
        (home.keys / "wall.pub").unlink()
        async with httpx.AsyncClient(base_url=home.url) as client:
            assert (await client.get("/picture/lane/stream")).status_code == 401
        with pytest.raises(LanePageError, match="does not let this wall in"):
            await LanePages(
                {NAME: "http://127.0.0.1:1"}, signer=home.signer, authority=None, board=home.board, now_ms=monotonic_ms
            ).ticket(NAME, "chan", OfficerRole.OFFICER)

    LaneAtHome(tmp_path).visited(visit)


def test_ten_watch_a_lane_live_over_one_connection_and_a_lane_without_a_stream_says_so(tmp_path: Path) -> None:
    """The lane's page has opened its camera's stream once."""
    film = FilmedLane(tmp_path / "page.live")

    async def first(watching: AsyncGenerator[LivePicture | None, None]) -> LivePicture:
        while (one := await anext(watching)) is None:
            pass
        return one

    async def visit(home: LaneAtHome) -> None:
        hub = home.pages().live(NAME)
        ten = [hub.watch() for _ in range(10)]
        assert all(one.codec for one in await asyncio.gather(*(first(one) for one in ten)))
        assert len({(await first(one)).body for one in ten}) == 1
        assert home.opened == 1
        for one in ten:
            await one.aclose()
        await until(lambda: home.closed == 1, 20)
        await asyncio.to_thread(film.close)
        with pytest.raises(LiveUnavailableError, match="No live video"):
            await hub.stream(lambda: True)

    LaneAtHome(tmp_path).visited(visit)
