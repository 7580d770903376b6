"""Event to effect through the shell, journaled into a real store, beside bare commits of the same bytes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.crossing import Direction
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Show
from lane_agent.model import Bundle, Cargo, Codes, Contact, Link, Moment, Policy, Read, ReadSource, Screen
from lane_agent.state import Lane
from lane_agent.wording import Scene
from simulation.granting_core import GrantingCore
from simulation.hardwareless_lane import NoHardware
from sync.journal import Journal
from sync.store import LaneStore
from tools.bench.figures import FigureLine, timing

SOFTWARE = "bench"
WARM_UP = 5
USED = (
    Contact.STOP_LOOP,
    Contact.EXIT_LOOP,
    Contact.DROP_BOX,
    Contact.IMMIGRATION_STARTED,
    Contact.IMMIGRATION_CLEARED,
)


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """Nanoseconds from an event told to the effect handed over, and the entries made durable between the two."""

    name: str
    spent: int
    entries: tuple[bytes, ...]


def now() -> Moment:
    """The box's clocks."""
    return Moment(time.monotonic_ns() // 1_000_000, time.time_ns() // 1_000_000)


class BenchLane(NoHardware, GrantingCore):
    """A code book with one bundle for the vehicle that is asked for, and screens that paint at once."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.agent = Agent(Lane(), clock=self, journal=journal, codes=self, actuators=self, software=SOFTWARE)
        self.tell = self.agent.tell
        self.alarms: list[str] = []
        self.visit = 0
        self._wanted: Scene | None = None
        self._shown: asyncio.Future[tuple[int, int]] | None = None

    def now(self) -> Moment:
        """See `lane_agent.ports.Clock`."""
        return now()

    def look_up(self, vrn: str) -> Codes:
        """Release, for whoever comes; a new UBR each visit."""
        ubr, utc = f"{self.visit:010d}", now().utc_ms
        cargo = (Cargo(f"{self.visit:010d}", "release"),)
        bundle = Bundle(ubr, vrn, Direction.INBOUND, "", utc - 60_000, utc + 60_000, cargo)
        return Codes(vrn, Link.FRESH, utc, 5, self.epoch, self.visit, "00", bundles=(bundle,))

    def show(self, order: Show) -> None:
        """Takes the time, and confirms on behalf of both screens that it is painted."""
        at = time.perf_counter_ns()
        if order.xdb is self._wanted and self._shown is not None:
            self._shown.set_result((at, self.journal.head()[0]))
            self._wanted = None
        self.agent.tell(e.ScenePainted(Screen.XDB, order.xdb, order.serial))
        self.agent.tell(e.ScenePainted(Screen.AIOP, order.aiop, order.serial))

    def read_plate(self, visit: int) -> None:
        """The read is told by the benchmark."""
        self.visit = visit

    def raise_alarm(self, alarm: Alarm) -> None:
        """A lane in which something is wrong measures something else."""
        self.alarms.append(f"{alarm.kind} {alarm.detail}")

    async def start(self) -> None:
        """Open, fresh, nobody there."""
        policy = Policy(lane="bench", journal=self.journal.journal_id, point="SBC", manifest_sensor=True)
        for event in (
            e.AgentStarted(policy, "boot", SOFTWARE),
            e.LinkChanged(Link.FRESH),
            e.CodesVerified("epoch", 1),
            e.LaneOpened("bench"),
        ):
            await self.agent.ask(event)
        for contact in Contact:
            await self.contact(contact, active=False)

    async def contact(self, contact: Contact, *, active: bool) -> None:
        """A contact changes, and that is in the journal."""
        await self.agent.ask(e.ContactChanged(contact, active, now().mono_ms))

    async def timed(self, name: str, contact: Contact, scene: Scene) -> TimedEvent:
        """From a contact's closing to the order to paint `scene`."""
        before = self.journal.head()[0]
        self._wanted, self._shown = scene, asyncio.get_running_loop().create_future()
        start = time.perf_counter_ns()
        self.agent.tell(e.ContactChanged(contact, True, now().mono_ms))
        end, last = await asyncio.wait_for(self._shown, 10)
        return TimedEvent(name, end - start, tuple(row.body for row in self.journal.rows(before + 1, last)))

    async def passage(self) -> list[TimedEvent]:
        """One truck, from its arrival to its leaving; twice it was timed."""
        arrived = await self.timed("arrival to Please Stop", Contact.STOP_LOOP, Scene.STOP)
        await self.agent.ask(e.PlateSettled(self.visit, Read("LT3482", None, 0.97, ReadSource.READER)))
        await self.contact(Contact.IMMIGRATION_STARTED, active=True)
        await self.contact(Contact.IMMIGRATION_CLEARED, active=True)
        released = await self.timed("manifest to Clearance Completed", Contact.DROP_BOX, Scene.DONE)
        await self.contact(Contact.EXIT_LOOP, active=True)
        for contact in USED:
            await self.contact(contact, active=False)
        return [arrived, released]


class Floors:
    """The same bytes, made durable by the disk alone, and by SQLite alone.

    Args:
        folder: on the disk to be measured.
    """

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._db = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE bare (seq INTEGER PRIMARY KEY, body BLOB)")

    def fdatasync(self, entries: Sequence[bytes]) -> int:
        """Nanoseconds to append and sync each."""
        start = time.perf_counter_ns()
        for entry in entries:
            os.write(self._file, entry)
            os.fdatasync(self._file)
        return time.perf_counter_ns() - start

    def commit(self, entries: Sequence[bytes]) -> int:
        """Nanoseconds to insert and commit each."""
        start = time.perf_counter_ns()
        for entry in entries:
            self._db.execute("INSERT INTO bare (body) VALUES (?)", (entry,))
        return time.perf_counter_ns() - start

    def close(self) -> None:
        """Closes both files."""
        os.close(self._file)
        self._db.close()


@dataclass(frozen=True, slots=True)
class _Compared:
    sample: TimedEvent
    commit: int
    fdatasync: int


async def _drive(lane: BenchLane, floors: Floors, trucks: int) -> list[_Compared]:
    running = asyncio.create_task(lane.agent.run())
    found: list[_Compared] = []
    try:
        await lane.start()
        for truck in range(trucks + WARM_UP):
            for sample in await lane.passage():
                compared = _Compared(sample, floors.commit(sample.entries), floors.fdatasync(sample.entries))
                found += [compared] if truck >= WARM_UP else []
    finally:
        running.cancel()
        await asyncio.wait({running})
    if lane.alarms:
        raise RuntimeError(f"the benchmark's lane raised alarms: {lane.alarms[:3]}")
    return found


def measure_shell(folder: Path, trucks: int) -> list[FigureLine]:
    """Each thing timed against as many bare commits, and as many fdatasyncs, as it made entries durable."""
    floors = Floors(folder)
    with LaneStore(folder / "shell.db") as store:
        lane = BenchLane(Journal(store, boot="boot", software=SOFTWARE))
        found = asyncio.run(_drive(lane, floors, trucks))
    floors.close()
    lines = []
    for name in dict.fromkeys(each.sample.name for each in found):
        these = [each for each in found if each.sample.name == name]
        many = f"{len(these[-1].sample.entries)} x" if len(these[-1].sample.entries) > 1 else "one"
        measured = timing(name, [each.sample.spent for each in these])
        lines.append(FigureLine(measured, timing(f"{many} bare SQLite commit", [each.commit for each in these])))
        lines.append(FigureLine(measured, timing(f"{many} write and fdatasync", [each.fdatasync for each in these])))
    return lines
