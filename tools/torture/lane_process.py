"""One lane as a process of its own: real store, link and shell; its hardware is a socket (`simulated`).

    python -m tools.torture.lane_process SETTINGS.json

| from the simulated | meaning |
|---|---|
| {"contact": "stop_loop", "active": true} | a level; the first of each after the start is no edge |
| {"sees": "AB1234"} | what the camera reads from now on, "" for nothing |
| {"painted": "xdb", "scene": "STOP", "serial": 7} | a screen has painted |
| {"officer": "open"}, {"officer": "take_over", "visit": 3} | a button of the officers' page |
| {"disk": "full"}, {"disk": "free"}, {"disk": "broken"} | see `disk` |

It answers with {"show": …}, {"status": …}; and says {"status": …} four times a second, so that its screens know it lives.
Without a simulated it ends: no lane outlives the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from domain.crossing import Direction
from edge.clock import BoxClock, ClockWatch
from edge.health import StoreWatch, look
from edge.lane import newest_first
from edge.wiring import core_ring, wall_facts
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Effect, Record, Ring, Show
from lane_agent.events import (
    AgentStarted,
    ContactChanged,
    Event,
    LaneOpened,
    OfficerTookOver,
    PlateSettled,
    ScenePainted,
    TroubleReported,
)
from lane_agent.model import Contact, Moment, Policy, Read, ReadSource, Screen
from lane_agent.replay import restore
from lane_agent.state import Lane
from lane_agent.wording import Scene
from runtime.clocks import Clocks, machine_boot, monotonic_ms
from runtime.mqtt import Broker, Options
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.journal import Journal
from sync.store import LaneStore
from tools.torture.disk import break_fsync, limit_files
from wire.envelope import Signer

SOFTWARE = "torture"
BEAT_S = 0.25
READ_S = 0.05
"""How long the simulated reader takes to settle."""

LIMITS = (
    ("immigration_start", 8_000),
    ("immigration", 8_000),
    ("read", 4_000),
    ("link", 2_000),
    ("decision", 4_000),
    ("unladen", 1_500),
    ("leave", 12_000),
)
"""Shorter waiting limits, by configuration: the kit has no driver who hesitates."""


class LaneSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where one lane's things are.

    Attributes:
        time_source: this box's clock is kept; what the machine's own kernel says of it does not count here.
        taken_over_s: wait after another client has taken its name.
    """

    lane: str
    point: str
    port: int
    password: str
    store: str
    key: str
    core_keys: str
    socket: str
    time_source: bool
    taken_over_s: float = 5.0


class Box:
    """One lane's process. As `edge.lane.LaneBox`, without the parts that have processes of their own."""

    def __init__(self, settings: LaneSettings, writer: asyncio.StreamWriter) -> None:
        self.settings = settings
        self._writer = writer
        self._sees = ""
        self._reading = 0
        self.boot = secrets.token_hex(8)
        self.store = LaneStore(Path(settings.store))
        self.journal = Journal(self.store, boot=self.boot, software=SOFTWARE)
        self.codes = CodeLog(self.store)
        self.link = self._link()
        self.clock = BoxClock(self.link.core_time)
        self.agent = Agent(
            restore(newest_first(self.journal)),
            clock=self.clock,
            journal=self.journal,
            codes=self.link,
            actuators=self,
            software=SOFTWARE,
        )

    def _link(self) -> LinkClient:
        settings = self.settings
        options = Options(
            brokers=(Broker("127.0.0.1", settings.port),),
            client_id=settings.lane,
            subscriptions=(),
            user_name=settings.lane,
            password=settings.password,
            retry_max=2.0,
            taken_over=settings.taken_over_s,
        )
        return LinkClient(
            settings.lane,
            options=options,
            signer=Signer.of(settings.lane, Path(settings.key).read_bytes()),
            ring=core_ring(Path(settings.core_keys)),
            journal=self.journal,
            codes=self.codes,
            now_ms=monotonic_ms,
            utc_ms=Clocks(disciplined=lambda: settings.time_source).kept_utc,
            machine_boot=machine_boot(),
            on_event=self.tell,
            on_alarm=lambda kind, detail: self.tell(TroubleReported(kind, detail)),
            software=SOFTWARE,
        )

    def tell(self, event: Event) -> None:
        """Puts an event into the lane's inbox."""
        self.agent.tell(event)

    def say(self, **what: Any) -> None:
        """One line to the simulated."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps(what).encode() + b"\n")

    # -- hands --------------------------------------------------------------------------------------------------------

    def show(self, order: Show) -> None:
        """Both screens paint."""
        self.say(show={"serial": order.serial, "xdb": order.xdb.value, "aiop": order.aiop.value})

    def read_plate(self, visit: int) -> None:
        """The reader begins; it reads what is seen now, or shall be."""
        self._reading = visit
        if self._sees:
            asyncio.get_running_loop().call_later(READ_S, self._settled, visit, self._sees)

    def stop_reading(self, visit: int) -> None:
        """The reader stops."""
        del visit
        self._reading = 0

    def _settled(self, visit: int, vrn: str) -> None:
        self.tell(PlateSettled(visit, Read(vrn, None, 0.99, ReadSource.READER)))

    def ring(self, order: Ring) -> None:
        """No intercom here."""

    def raise_alarm(self, alarm: Alarm) -> None:
        """The journal has it."""

    def keep(self, record: Record) -> None:
        """The journal has it."""

    def stepped(self, event: Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable."""
        del event, at, effects
        visit = lane.visit
        self.link.watch(visit.read.vrn if visit is not None and visit.read is not None else None)
        self.link.on_journal_grew()
        self.link.publish_state(wall_facts(lane))
        self.say_status()

    def say_status(self) -> None:
        """How the lane is."""
        found, lane = self.link.status(), self.agent.lane
        facts = wall_facts(lane) | {"link": found.link.value, "version": found.version, "waiting": found.waiting}
        self.say(status=facts | {"doubt": found.doubt, "refused": found.refused, "xdb": lane.face.xdb.value})

    # -- the simulated's words ---------------------------------------------------------------------------------------------

    def obey(self, word: dict[str, Any]) -> None:
        """One line from the simulated."""
        match word:
            case {"contact": str(name), "active": bool(active)}:
                self.tell(ContactChanged(Contact(name), active, monotonic_ms()))
            case {"sees": str(vrn)}:
                self._sees = vrn
                if vrn and self._reading and self.agent.lane.visit and self.agent.lane.visit.read is None:
                    self.read_plate(self._reading)
            case {"painted": str(screen), "scene": str(scene), "serial": int(serial)}:
                self.tell(ScenePainted(Screen(screen), Scene(scene), serial))
            case {"officer": "open"}:
                self.tell(LaneOpened("chan"))
            case {"officer": "take_over", "visit": int(visit)}:
                self.tell(OfficerTookOver(visit, "chan", "by hand"))
            case {"disk": "broken"}:
                break_fsync()
            case {"disk": str(room)}:
                limit_files(full=room == "full")
            case _:
                raise ValueError(f"the simulated says what no lane knows: {word}")

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Obeys until the simulated is gone."""
        while line := await reader.readline():
            self.obey(json.loads(line))

    async def _beat(self) -> None:
        while True:
            self.link.check()
            self.say_status()
            await asyncio.sleep(BEAT_S)

    def _watch(self) -> StoreWatch:
        return StoreWatch(
            look=lambda: look(Path(self.settings.store).parent),
            tell=lambda found: None if isinstance(found, Alarm) else self.tell(found),
            every_s=1.0,
            min_free_mb=0,
            warn_free_mb=0,
        )

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Runs until SIGTERM, or until the simulated is gone."""
        policy = Policy(
            lane=self.settings.lane,
            journal=self.store.journal_id,
            point=self.settings.point,
            direction=Direction.INBOUND,
            limits=LIMITS,
        )
        self.tell(AgentStarted(policy, self.boot, SOFTWARE))
        await self.link.start()
        works = (
            self.agent.run(),
            self._beat(),
            self._watch().run(),
            ClockWatch(self.tell, core=self.link.clock_doubt).run(),
        )
        tasks = [asyncio.create_task(work) for work in works]
        ears = asyncio.create_task(self.listen(reader))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ears.cancel)
        try:
            await asyncio.wait([ears, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in (ears, *tasks):
                task.cancel()
            await asyncio.gather(ears, *tasks, return_exceptions=True)
            await self.link.stop()
            self.store.close()


async def _main(settings: LaneSettings) -> None:
    reader, writer = await asyncio.open_unix_connection(settings.socket)
    with contextlib.closing(writer):
        await Box(settings, writer).run(reader)


def main() -> None:
    """Runs the lane that a settings file describes."""
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=LaneSettings)))


if __name__ == "__main__":
    main()
