"""A lane with its real agent, store and link, and a core in memory, over a real broker."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from console.ports import LinkView
from edge.clock import BoxClock
from edge.driver_notice import NoticeLine
from edge.lane_feed import LanePage, Sources
from edge.remote_orders import Afar, retention
from lane_agent import events as e
from lane_agent.effects import Effect, TellDriver
from lane_agent.model import Contact, Link, Moment, Read, ReadSource
from lane_agent.state import Lane
from runtime.clocks import utc_ms
from runtime.mqtt import Options
from simulation.broker import PrivateBroker
from simulation.hardwareless_lane import LaneWithoutHardware
from sync.evidence import Evidence
from sync.link import Limits
from sync.settings import EvidenceSettings, PictureClass
from sync.simulated.core_end import SimulatedCore
from tests.rigs.mqtt import ConnectedCore, running, until
from wire.envelope import KeyRing, Signer
from wire.messages import Reply

LANE = "szb-in-01"
CORE_KEY, LANE_KEY = Signer.generate("core"), Signer.generate(LANE)
QUICK = Limits(nonce_ms=100, fresh_ms=4_000, offline_ms=8_000, picture_rate=1_000_000)
PICTURE = b"a picture of AB1234" * 2_000
NAME = hashlib.sha256(PICTURE).hexdigest()


class Reader:
    """A reader that can be restarted, while it runs."""

    def __init__(self) -> None:
        self.runs = True
        self.restarts = 0

    def restart(self) -> bool:
        """Counts."""
        self.restarts += self.runs
        return self.runs


class Box(LaneWithoutHardware):
    """A lane's box without its devices, with evidence and its officers' page; nobody reads plates but the test."""

    def __init__(self, folder: Path, options: Options, boot: str = "b1", ring: KeyRing | None = None) -> None:
        self.evidence = Evidence(folder / "evidence", retention(EvidenceSettings()), now_ms=utc_ms)
        self.reader = Reader()
        self.notice: NoticeLine | None = None
        self.afar = Afar(self.evidence, (PictureClass.STOPS,))
        super().__init__(
            folder / "lane.db",
            options,
            signer=LANE_KEY,
            ring=ring or CORE_KEY.ring(),
            boot=boot,
            policy={"point": "SZB"},
            on_order=self.afar.order,
            on_restart_reader=self.afar.restart_reader,
            evidence=self.evidence,
            asked_class=PictureClass.COMPLAINTS.value,
            limits=QUICK,
            tick_s=0.02,
        )
        self.sources = Sources(
            link=LinkView, frame=lambda: None, evidence={}.get, paint=self._paint, now=BoxClock(lambda: None).now
        )
        self.page = LanePage(self.agent, simulated=True, software="test", sources=self.sources)
        self.afar.attach(agent=self.agent, reader=self.reader, link=self.link)  # type: ignore[arg-type]

    async def _paint(self, *_: object) -> bytes | None:
        return None

    def tell_driver(self, order: TellDriver) -> None:
        """The line on the panel, where a test has one."""
        if self.notice is not None:
            self.notice.order(order)

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """As the composition root wires it."""
        super().stepped(event, at, effects, lane)
        self.afar.stepped(event, effects, lane)
        if self.notice is not None:
            self.notice.stepped(lane)
        self.page.stepped(event, at, effects, lane)

    async def starts(self) -> None:
        """A lane in order, and open."""
        await self.happens(*(self.switch(contact, False) for contact in Contact))
        if not self.agent.lane.opened:
            await self.happens(e.LaneOpened("chan"))

    async def arrives(self, vrn: str) -> str:
        """A vehicle comes, is read, and Immigration clears it; returns the visit's key."""
        self.evidence.put(PICTURE, kind="reads")
        await self.happens(self.switch(Contact.STOP_LOOP, True))
        visit = self.agent.lane.visit
        assert visit is not None
        await self.happens(
            e.PlateSettled(visit.number, Read(vrn, None, 0.99, ReadSource.READER, (NAME,))),
            self.switch(Contact.IMMIGRATION_STARTED, True),
            self.switch(Contact.IMMIGRATION_CLEARED, True),
        )
        return f"{LANE}/{self.store.journal_id}/{visit.number}"

    async def leaves(self) -> None:
        """And goes."""
        for contact, active in (
            (Contact.EXIT_LOOP, True),
            (Contact.STOP_LOOP, False),
            (Contact.EXIT_LOOP, False),
            (Contact.IMMIGRATION_STARTED, False),
            (Contact.IMMIGRATION_CLEARED, False),
        ):
            await self.happens(self.switch(contact, active))


class Centre(ConnectedCore):
    """A core in memory that sends orders."""

    def __init__(self, broker: PrivateBroker) -> None:
        super().__init__(broker, SimulatedCore(LANE, signer=CORE_KEY, ring=LANE_KEY.ring(), clock=utc_ms))

    async def orders(self, name: str, **fields: Any) -> tuple[str, str]:
        """Commands, and waits for the answer: outcome and detail."""
        said = self.core.command(name, **fields)
        before = self.replies()
        self.say(said)
        await until(lambda: len(self.replies()) > len(before))
        reply = self.replies()[-1]
        return reply.outcome, reply.detail

    def replies(self) -> list[Reply]:
        """Every answer so far."""
        return [body for body in self.core.heard if isinstance(body, Reply)]


@contextlib.asynccontextmanager
async def at_work(box: Box) -> AsyncIterator[Box]:
    """A box that runs and is in order."""
    async with box:
        await box.starts()
        await until(lambda: box.agent.lane.link is Link.FRESH)
        yield box
        box.link.check()


@contextlib.asynccontextmanager
async def site(broker: PrivateBroker, folder: Path) -> AsyncIterator[tuple[Centre, Box]]:
    """A centre and a lane."""
    centre = Centre(broker)
    async with running(centre), at_work(Box(folder, broker.options(LANE))) as box:
        yield centre, box
