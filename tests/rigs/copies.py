"""The real parts of a core and two lanes, in one process, which can be put back to copies of the past (design §2.16).

Store, log, gateway, intake and projection of the core; store, journal, list, link machine and effect runner of the lanes.
Between them nothing but a list of messages, and a clock that the test moves.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from core.ledger.forgetting import Forgetter
from core.ledger.log import live
from core.ledger.new_epoch import make_strictest
from core.link.gateway import CoreMessage, LaneGateway, LaneMessage
from domain.alarms import LaneAlarmKind
from domain.times import DAY_MS
from lane_agent.events import Event
from lane_agent.model import Link
from runtime.mqtt import Broker, Options
from simulation.ledgers import has_database, put_back_database
from sync.client import JournalAnewError, LinkClient
from sync.codelog import CodeLog
from sync.journal import Journal
from sync.link import Limits
from sync.lookup import Lookup
from sync.store import LaneStore
from wire.envelope import Signer
from wire.records import HoldRecord

LANES = ("szb-in-01", "szb-in-02")
STEP_MS = 100
GRACE_MS = 3_000
LISTEN_MS = 3_000
KEEP_MS = 1_000
"""How long a row stays in the list after it has ended: as short as can be, so that every story has some that leave."""


class Wire:
    """A lane's connection: what it publishes waits to be taken."""

    def __init__(self, lane: LaneOfCopies) -> None:
        self._lane = lane
        self.connected, self.broker, self.last = True, "memory", None

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:  # noqa: ARG002 - as a connection
        """Taken while the lane is on the line."""
        if self._lane.up:
            self._lane.world.to_core.append(LaneMessage(topic, payload, retain))
        return self._lane.up

    def try_next_broker(self, reason: str) -> None:
        """There is one."""


class LaneOfCopies:
    """One lane: its files, and the link over them."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.folder = world, name, world.folder / name
        self.folder.mkdir()
        self.signer = Signer.generate(name)
        self.up, self.starts, self.copy_rows = True, 0, 0
        self.start()

    def start(self) -> None:
        """The agent starts on what its store holds."""
        self.starts += 1
        self.store = LaneStore(self.folder / "lane.db")
        self.journal = Journal(self.store, boot=f"{self.name} {self.starts}", software="test")
        self.codes = CodeLog(self.store)
        self.link = LinkClient(
            self.name,
            options=Options(brokers=(Broker("127.0.0.1", 1),), client_id=self.name, subscriptions=()),
            signer=self.signer,
            ring=self.world.signer.ring(),
            journal=self.journal,
            codes=self.codes,
            now_ms=lambda: self.world.now,
            on_event=self.is_told,
            on_alarm=self.alarms,
            limits=Limits(),
        )
        self.link._runner._connection = Wire(self)  # type: ignore[assignment]
        self.link._distrust_what_was_found()
        if self.up:
            self.link._machine.on_connected(self.starts, self.world.now)

    def is_told(self, event: Event) -> None:
        """The link tells the lane something."""

    def alarms(self, kind: LaneAlarmKind, detail: str) -> None:
        """The link calls people."""

    def does(self, what: Any) -> None:
        """One call of the link's task; a journal begun anew starts the agent again."""
        try:
            what()
            self.link._runner.carry_out()
        except JournalAnewError:
            self.store.close()
            self.start()

    def ticks(self) -> None:
        """Time passes."""
        self.does(lambda: self.link._machine.tick(self.world.now))

    def hears(self, topic: str, payload: bytes) -> None:
        """A message arrives."""
        self.does(lambda: self.link._machine.on_message(topic, payload, self.world.now))

    def writes(self) -> None:
        """A row; nobody ever writes the same twice."""
        body = b'{"at":{"utc_ms":1,"quality":""},"effects":[],"event":{"type":"T"},"n":%d}' % next(self.world.numbers)
        self.journal.append(body)
        self.does(self.link._on_growth)

    def goes(self, *, up: bool) -> None:
        """The line comes, or goes."""
        self.up = up
        machine = self.link._machine
        self.does(
            lambda: (
                machine.on_connected(self.starts * 1_000 + self.world.now, self.world.now)
                if up
                else machine.on_disconnected(self.world.now)
            )
        )

    def backs_up(self) -> None:
        """A copy of the store."""
        copied(self.folder / "lane.db", self.folder / "copy.db")

    def is_put_back(self) -> None:
        """The copy takes the store's place."""
        if (self.folder / "copy.db").exists():
            self.store.close()
            put_back(self.folder / "copy.db", self.folder / "lane.db")
            self.start()


def copied(store: Path, to: Path) -> None:
    """As of one moment."""
    to.unlink(missing_ok=True)
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def put_back(copy: Path, store: Path) -> None:
    """In its place."""
    for end in ("", "-wal", "-shm"):
        store.with_name(store.name + end).unlink(missing_ok=True)
    shutil.copy(copy, store)


class World:
    """A core, two lanes, and what is under way."""

    lane_class: type[LaneOfCopies] = LaneOfCopies

    def __init__(self, core_class: Any, signer: Signer, clock: Any, folder: Path) -> None:
        self.signer, self.clock, self.folder = signer, clock, folder
        self._core_class = core_class
        self.now = 1_000
        self.numbers = iter(range(1, 10**9))
        self.to_core: list[LaneMessage] = []
        self.held: dict[str, int] = {}
        self.lanes = [self.lane_class(self, name) for name in LANES]
        self.was_put_back = False
        self.open_core()

    def open_core(self) -> None:
        """The core starts on what its store holds, and listens."""
        self.core = self._core_class(self.folder / "core.db", [], self.signer, self.clock)
        self.core.log.check()
        self.core.log.keep_ms = KEEP_MS
        self.forgetter = Forgetter(self.core.store, self.core.log, ticks=lambda: self.now)
        self.exchange = LaneGateway(
            store=self.core.store,
            log=self.core.log,
            intake=self.core.intake,
            signer=self.signer,
            rings={lane.name: lane.signer.ring() for lane in self.lanes},
            clock=self.clock,
            listen_ms=LISTEN_MS,
            ticks=lambda: self.now,
        )

    def steps(self, seconds: float) -> None:
        """Time passes, messages go both ways, and after each step what must hold does."""
        for _ in range(round(1_000 * seconds / STEP_MS)):
            self.now += STEP_MS
            self.clock.now += STEP_MS
            for lane in self.lanes:
                lane.ticks()
            for _ in range(4):
                self._exchange()
            self._holds_are_held()

    def _exchange(self) -> None:
        heard, self.to_core = self.to_core, []
        answers = self.exchange.hear(heard)
        said = [*answers.now, *(one for answer in answers.later.values() for one in answer()), *self.exchange.tick()]
        self.forgets()
        for one in said:
            for lane in self.lanes:
                if lane.up and one.lane in {"", lane.name}:
                    lane.hears(one.topic, one.payload)

    def forgets(self) -> None:
        """Rows that have ended leave the list, as soon as the core may; those who are in it learn of it like of any change."""
        whole = self.exchange.whole
        if not whole.broken and not whole.listening() and self.forgetter.tick(self.clock()):
            self._tell(self.exchange.news())

    def _holds_are_held(self) -> None:
        for lane in self.lanes:
            if lane.link._machine.verdict(self.now) is Link.FRESH:
                for vrn, since in self.held.items():
                    assert self.now - since < GRACE_MS or Lookup(lane.codes).find(vrn).held, (lane.name, vrn)

    def holds(self, vrn: str) -> None:
        """A vehicle is held, once the core changes anything."""
        if self.exchange.whole.listening() or vrn in self.held:
            return
        with self.core.store.transaction():
            self.core.log.append([HoldRecord(vrn)], at_ms=self.clock())
        self.held[vrn] = self.now
        self._tell(self.exchange.news())

    def lifts(self, vrn: str) -> None:
        """And lifted."""
        if self.exchange.whole.listening() or self.held.pop(vrn, None) is None:
            return
        with self.core.store.transaction():
            self.core.log.append([HoldRecord(vrn, deleted=True)], at_ms=self.clock())
        self._tell(self.exchange.news())

    def _tell(self, news: list[CoreMessage]) -> None:
        for one in news:
            for lane in self.lanes:
                if lane.up:
                    lane.hears(one.topic, one.payload)

    def core_is_put_back(self, *, anew: bool) -> None:
        """To its copy, once every lane has what was signed; with a new epoch, or without.

        Once in a story: what lanes know of a new epoch by a snapshot alone they cannot show (docs/attacks.md).
        """
        if self.was_put_back or not has_database(self.folder / "copy.db"):
            return
        self.was_put_back = True
        for lane in self.lanes:
            lane.goes(up=True)
        self.steps(8.0)
        self.core.store.close()
        put_back_database(self.folder / "copy.db", self.folder / "core.db")
        self.open_core()
        if anew:
            self.begins_anew()

    def begins_anew(self) -> None:
        """`rocars-core restart-log`."""
        core, now = self.core, self.clock()
        with core.store.transaction():
            make_strictest(core.log, [])
            core.log.restart(at_ms=now, reason="test", keep=lambda row: live(row, now, grace_ms=DAY_MS))
        core.store.close()
        self.open_core()

    def becomes_quiet(self) -> None:
        """Everybody is on the line; a core that proves nothing any more begins a new epoch, as people would."""
        for lane in self.lanes:
            lane.goes(up=True)
        self.steps(20.0)
        if self.exchange.whole.broken or self.exchange.whole._claims:
            self.begins_anew()
            self.steps(20.0)
        for _ in range(8):
            self._holds_again()
            self.steps(20.0)

    def _holds_again(self) -> None:
        """People read at a lane which hold the new list says nothing of, and hold that vehicle; or lift it there, too."""
        for lane in self.lanes:
            found = re.search(r"says nothing of the hold of (\w+)", lane.link._machine.follower.doubt)
            if found is None:
                continue
            with self.core.store.transaction():
                self.core.log.append([HoldRecord(found[1])], at_ms=self.clock())
                self.core.log.append([HoldRecord(found[1], deleted=found[1] not in self.held)], at_ms=self.clock())
            self._tell(self.exchange.news())
