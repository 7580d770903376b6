"""A lane with its real agent, store and link, and a centre in memory, over a real broker."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from console.ports import LaneView, LinkView
from edge.clock import BoxClock
from edge.lane import newest_first
from edge.lane_feed import LanePage, Sources
from edge.remote_orders import Afar, retention
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Effect, Record, Ring, Show
from lane_agent.model import Contact, Link, Moment, Policy, Read, ReadSource, Screen
from lane_agent.replay import restore
from lane_agent.state import Lane
from runtime.clocks import monotonic_ms, utc_ms
from runtime.mqtt import Broker, Connection, Incoming, Options
from simulation.broker import CORE, PrivateBroker
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.evidence import Evidence
from sync.journal import Journal
from sync.link import Limits
from sync.settings import EvidenceSettings, PictureClass
from sync.simulated.core_end import CoreSaid, SimulatedCore
from sync.store import LaneStore
from wire.envelope import KeyRing, Signer
from wire.messages import Reply
from wire.topics import ALL_UP

LANE = "szb-in-01"
CORE_KEY, LANE_KEY = Signer.generate("core"), Signer.generate(LANE)
QUICK = Limits(nonce_ms=100, fresh_ms=4_000, offline_ms=8_000, picture_rate=1_000_000)
PATIENCE = 40.0
COMMAND = Path(sys.executable).with_name("rocars-core")
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


class Box:
    """A lane's box without its devices: screens confirm at once, and nobody reads plates but the test."""

    def __init__(self, folder: Path, options: Options, boot: str = "b1", ring: KeyRing | None = None) -> None:
        self.store = LaneStore(folder / "lane.db")
        self.journal = Journal(self.store, boot=boot, software="test")
        self.boot = boot
        send = (PictureClass.STOPS,)
        self.evidence = Evidence(folder / "evidence", retention(EvidenceSettings()), now_ms=utc_ms)
        self.reader = Reader()
        self.afar = Afar(self.evidence, send)
        self.link = LinkClient(
            LANE,
            options=options,
            signer=LANE_KEY,
            ring=ring or CORE_KEY.ring(),
            journal=self.journal,
            codes=CodeLog(self.store),
            now_ms=monotonic_ms,
            on_event=self._tell,
            on_alarm=lambda kind, detail: self.agent.tell(e.TroubleReported(kind, detail)),
            on_order=self.afar.order,
            on_restart_reader=self.afar.restart_reader,
            evidence=self.evidence,
            asked_class=PictureClass.COMPLAINTS.value,
            limits=QUICK,
            tick_s=0.02,
        )
        self.agent = Agent(
            restore(newest_first(self.journal)),
            clock=BoxClock(self.link.core_time),
            journal=self.journal,
            codes=self.link,
            actuators=self,
            software="test",
        )
        self.sources = Sources(
            link=LinkView, frame=lambda: None, evidence={}.get, paint=self._paint, now=BoxClock(lambda: None).now
        )
        self.page = LanePage(self.agent, simulated=True, software="test", sources=self.sources)
        self.afar.attach(agent=self.agent, reader=self.reader, link=self.link)  # type: ignore[arg-type]

    def _tell(self, event: e.Event) -> None:
        self.agent.tell(event)

    async def _paint(self, *_: object) -> bytes | None:
        return None

    def show(self, order: Show) -> None:
        """Both screens confirm at once."""
        self.agent.tell(e.ScenePainted(Screen.XDB, order.xdb, order.serial))
        self.agent.tell(e.ScenePainted(Screen.AIOP, order.aiop, order.serial))

    def read_plate(self, visit: int) -> None:
        """The test reads."""

    def stop_reading(self, visit: int) -> None:
        """Nor does anything stop."""

    def ring(self, order: Ring) -> None:
        """No intercom."""

    def raise_alarm(self, alarm: Alarm) -> None:
        """In the journal."""

    def keep(self, record: Record) -> None:
        """In the journal."""

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """As the composition root wires it."""
        self.link.on_journal_grew()
        self.afar.stepped(event, effects, lane)
        self.page.stepped(event, at, effects, lane)

    async def happens(self, *events: e.Event) -> LaneView:
        """Each is journaled."""
        for event in events:
            await self.agent.ask(event)
        return self.page.view()

    async def starts(self) -> None:
        """A lane in order, and open."""
        policy = Policy(lane=LANE, journal=self.store.journal_id, point="SZB")
        await self.happens(e.AgentStarted(policy, self.boot, "test"))
        await self.happens(*(e.ContactChanged(contact, False, monotonic_ms()) for contact in Contact))
        if not self.agent.lane.opened:
            await self.happens(e.LaneOpened("chan"))

    async def arrives(self, vrn: str) -> str:
        """A vehicle comes, is read, and Immigration clears it; returns the visit's key."""
        self.evidence.put(PICTURE, kind="reads")
        await self.happens(e.ContactChanged(Contact.STOP_LOOP, True, monotonic_ms()))
        visit = self.agent.lane.visit
        assert visit is not None
        await self.happens(
            e.PlateSettled(visit.number, Read(vrn, None, 0.99, ReadSource.READER, (NAME,))),
            e.ContactChanged(Contact.IMMIGRATION_STARTED, True, monotonic_ms()),
            e.ContactChanged(Contact.IMMIGRATION_CLEARED, True, monotonic_ms()),
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
            await self.happens(e.ContactChanged(contact, active, monotonic_ms()))

    def journaled(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind, as the journal has them."""
        events = [json.loads(row.body)["event"] for row in self.journal.rows()]
        return [event for event in events if event["type"] == kind]


class Centre:
    """The core in memory, at its own connection."""

    def __init__(self, broker: PrivateBroker) -> None:
        self.core = SimulatedCore(LANE, signer=CORE_KEY, ring=LANE_KEY.ring(), clock=utc_ms)
        self.connection = Connection(
            options(broker, CORE, ALL_UP),
            will=lambda: None,
            on_up=lambda: None,
            on_down=lambda _: None,
            on_message=self._hear,
        )

    def _hear(self, incoming: Incoming) -> None:
        for said in self.core.hear(incoming.topic, incoming.payload):
            self.say(said)
        incoming.acknowledge()

    def say(self, said: CoreSaid) -> None:
        """Publishes."""
        self.connection.publish(said.topic, said.payload, qos=said.qos)

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


async def until(condition: Callable[[], object]) -> None:
    """Waits for a condition, for as long as it is patient."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - it comes to be in another process, or in paho's thread
            await asyncio.sleep(0.01)


def options(broker: PrivateBroker, user: str, *filters: str) -> Options:
    """A user of the private broker."""
    return Options(
        brokers=(Broker(broker.host, broker.port),),
        client_id=user,
        user_name=user,
        password=broker.password(user),
        subscriptions=tuple((name, 1) for name in filters),
    )


@contextlib.asynccontextmanager
async def at_work(box: Box) -> AsyncIterator[Box]:
    """A box that runs and is in order."""
    agent = asyncio.create_task(box.agent.run())
    try:
        await box.starts()
        await box.link.start()
        await until(lambda: box.agent.lane.link is Link.FRESH)
        yield box
        box.link.check()
    finally:
        await box.link.stop()
        agent.cancel()
        await asyncio.gather(agent, return_exceptions=True)
        box.store.close()


@contextlib.asynccontextmanager
async def site(broker: PrivateBroker, folder: Path) -> AsyncIterator[tuple[Centre, Box]]:
    """A centre and a lane."""
    centre = Centre(broker)
    centre.connection.start()
    try:
        await until(lambda: centre.connection.connected)
        async with at_work(Box(folder, options(broker, LANE))) as box:
            yield centre, box
    finally:
        await centre.connection.stop()
