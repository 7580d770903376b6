"""A wall in memory: two lanes that say what a test wants them to, a store in a folder, and everybody who may use it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher

from console.access import Access
from console.officers import OfficerBook, OfficerRole
from lane_agent.model import Screen
from lane_agent.wording import Scene
from wall.app import WallParts, WallRoutes
from wall.desk import WallDesk
from wall.lane_pages import LanePages
from wall.oidc import OidcClient
from wall.orders import CoreLine
from wall.past import PastDesk
from wall.pictures import PictureBoard
from wall.settings import (
    CameraSection,
    CoreLineSection,
    LaneSection,
    OidcSection,
    WallBrokerSection,
    WallPageSection,
    WallSection,
    WallSettings,
)
from wall.store import WallStore
from wire.messages import LaneState, Presence

PASSWORD = "correct horse battery"
PEOPLE = {
    "chan": OfficerRole.OFFICER,
    "wong": OfficerRole.OFFICER,
    "lee": OfficerRole.SUPERVISOR,
    "view": OfficerRole.VIEWER,
    "tech": OfficerRole.TECHNICIAN,
}
NOW = 1_795_287_600_000
LANES = ("A-1", "A-2")


class TestClock:
    """Wall clock and ticks, moved by the test."""

    __test__ = False

    def __init__(self) -> None:
        self.ms = NOW

    def __call__(self) -> int:
        """Now."""
        return self.ms


def book_of(folder: Path) -> OfficerBook:
    """One of each role, all with `PASSWORD`; the hash is a cheap one."""
    book = OfficerBook(folder / "officers.json", hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for name, role in PEOPLE.items():
        book.add(name, PASSWORD, shown=name.title(), role=role)
    return book


def settings_in(
    folder: Path,
    lanes: tuple[str, ...] = LANES,
    port: int = 0,
    oidc: OidcSection | None = None,
    *,
    cameras: tuple[CameraSection, ...] = (),
    video_link: str = "",
) -> WallSettings:
    """Of lanes of one group."""
    return WallSettings(
        wall=WallSection(point="Test Point", store=folder / "wall.db", lane_keys=folder, video_link=video_link),
        page=WallPageSection(officers=folder / "officers.json", port=port),
        brokers=(WallBrokerSection(host="127.0.0.1", port=1883),),
        lanes=tuple(LaneSection(id=name, group="Inbound") for name in lanes),
        oidc=oidc,
        cameras=cameras,
    )


def online(lane: str, session: int = 1) -> Presence:
    """A lane is at the broker."""
    return Presence(lane=lane, status="online", session=session, software="0.1.0")


def state(lane: str, serial: int, *, session: int = 1, **facts: Any) -> LaneState:
    """A lane's state, open and waiting unless told otherwise."""
    usual: dict[str, Any] = {"open": True, "row": "2 waiting", "link": "fresh", "xdb": "WELCOME", "aiop": "WELCOME"}
    return LaneState(lane=lane, session=session, serial=serial, facts=usual | {"alarms_of": "j"} | facts)


class Painted:
    """Signs that are one pixel."""

    async def paint(self, screen: Screen, scene: Scene, parameter: str, notice: str = "") -> bytes | None:
        """A picture that tells what was asked."""
        return f"{screen.value}/{scene.value}/{parameter}{notice}".encode()


class WallRig:
    """A wall over `folder`; `hears` is what lanes say, and `core` where it asks of the past and orders."""

    def __init__(
        self,
        folder: Path,
        core: CoreLineSection | None = None,
        *,
        lanes: tuple[str, ...] = LANES,
        pages: LanePages | None = None,
        oidc: OidcClient | None = None,
        port: int = 0,
        cameras: tuple[CameraSection, ...] = (),
        video_link: str = "",
    ) -> None:
        self.clock = TestClock()
        self.store = WallStore(folder / "wall.db")
        self.settings = settings_in(
            folder, lanes, port, None if oidc is None else oidc.section, cameras=cameras, video_link=video_link
        )
        self.officers = book_of(folder)
        self.desk = WallDesk(self.settings, history=self.store, officers=self.officers, now_ms=self.clock)
        self.desk.brokers = lambda: {"127.0.0.1:1883": True}
        self.access = Access(settings=self.settings.page, officers=self.officers, ticks=self.clock, lane="wall")
        self.pictures = PictureBoard()
        self.past = PastDesk(CoreLine(core))
        self.orders = CoreLine(core)
        self.routes = WallRoutes(
            WallParts(
                self.desk,
                self.access,
                self.pictures,
                Painted(),
                self.clock,
                self.orders,
                pages,
                oidc,
                past=self.past,
            )
        )

    def hears(self, *messages: Presence | LaneState) -> None:
        """Lanes say something."""
        for message in messages:
            if self.desk.point.hear(message, self.clock()):
                self.desk.lane_moved(message.lane)

    def asked(self, ask: Callable[[WallRig, httpx.AsyncClient], Awaitable[None]]) -> None:
        """Runs a test against the page, without a server between."""
        asyncio.run(self.asking(ask))

    async def asking(self, ask: Callable[[WallRig, httpx.AsyncClient], Awaitable[None]]) -> None:
        """As `asked`, within a loop that runs."""
        transport = httpx.ASGITransport(app=self.routes.app())
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                await ask(self, client)
            await asyncio.gather(self.past.line.hang_up(), self.orders.hang_up())
        finally:
            self.store.close()


async def log_in(client: httpx.AsyncClient, name: str) -> dict[str, str]:
    """Logs somebody in by the form; the headers of what they then ask."""
    form = (await client.get("/login")).text
    token = form.split('name="token" value="')[1].split('"')[0]
    found = await client.post("/login", data={"name": name, "password": PASSWORD, "token": token})
    assert found.status_code == 303, found.text
    page = (await client.get("/")).text
    return {"X-CSRF-Token": page.split('name="csrf" content="')[1].split('"')[0]}
