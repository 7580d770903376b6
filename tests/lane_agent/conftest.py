"""One lane with its real shell on a site of fakes, driven from the hardware's side.

A disk that fills, screens that paint or do not, a clock that leaps from timer to timer.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Effect, LookAgain, Record, Ring, Show, TellDriver
from lane_agent.model import Contact, Link, Moment, Policy, Read, ReadSource, Screen
from lane_agent.state import Lane
from tools.proof.code_book import CORE_MS, VRN, ScenarioCodeBook


class LeapingSelector(selectors.SelectSelector):
    """Never sleeps: hands the wait to its loop's clock."""

    leap: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; if nothing is, time leaps to the next timer."""
        ready = super().select(0)
        if not ready and timeout:
            self.leap(timeout)
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only when everybody waits."""

    def __init__(self) -> None:
        selector = LeapingSelector()
        super().__init__(selector)
        self.now_s = 1_000.0
        selector.leap = self._leap

    def time(self) -> float:
        """Seconds, simulated."""
        return self.now_s

    def _leap(self, seconds: float) -> None:
        self.now_s += seconds


class LoopClock:
    """The loop's clock as the lane's."""

    def now(self) -> Moment:
        """The present moment."""
        ms = round(asyncio.get_running_loop().time() * 1000)
        return Moment(ms, CORE_MS + ms)


@dataclass
class Disk:
    """Where the journal is kept; it can be filled and emptied, or have no room for entries with certain bytes."""

    full: bool = False
    no_room_for: bytes = b"\0"
    entries: list[bytes] = field(default_factory=list)
    uses: list[tuple[str, str]] = field(default_factory=list)

    def append(self, entry: bytes, *, uses: Sequence[tuple[str, str]] = ()) -> int:
        """Keeps an entry, unless the disk is full."""
        if self.full or self.no_room_for in entry:
            raise OSError(28, "no space left on device")
        self.entries.append(entry)
        self.uses += uses
        return len(self.entries)


@dataclass
class Site:
    """Screens, reader, intercom and officers' alarms; it writes down what it was told and how much was durable then."""

    disk: Disk
    paints: bool = True
    agent: Agent | None = None
    shows: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    rings: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    reading: list[int] = field(default_factory=list)
    done_reading: list[int] = field(default_factory=list)
    sought: list[LookAgain] = field(default_factory=list)
    durable: list[int] = field(default_factory=list)
    steps: list[e.Event] = field(default_factory=list)

    def _note(self) -> None:
        self.durable.append(len(self.disk.entries))

    def show(self, order: Show) -> None:
        """Both screens paint at once, if they paint."""
        self._note()
        self.shows.append(order.xdb.value)
        if self.paints and self.agent is not None:
            self.agent.tell(e.ScenePainted(Screen.XDB, order.xdb, order.serial))
            self.agent.tell(e.ScenePainted(Screen.AIOP, order.aiop, order.serial))

    def read_plate(self, visit: int) -> None:
        """The reader begins."""
        self._note()
        self.reading.append(visit)

    def look_again(self, order: LookAgain) -> None:
        """The reader keeps what it was asked to look for."""
        self._note()
        self.sought.append(order)

    def stop_reading(self, visit: int) -> None:
        """The reader ends."""
        self._note()
        self.done_reading.append(visit)

    def ring(self, order: Ring) -> None:
        """The intercom."""
        self._note()
        self.rings.append(order.call)

    def tell_driver(self, order: TellDriver) -> None:
        """A line on the panel."""
        assert order.notice
        self._note()

    def raise_alarm(self, alarm: Alarm) -> None:
        """An alarm at the lane."""
        self._note()
        self.alarms.append(alarm.kind)

    def keep(self, record: Record) -> None:
        """A record was made."""
        self.records.append(record.kind)

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is through."""
        self.steps.append(event)
        self.newest = (at, effects, lane)


@dataclass
class ShellRig:
    """One lane with its shell, its disk, its site and its code book."""

    policy: Policy = field(default_factory=Policy)
    lane: Lane = field(default_factory=Lane)
    disk: Disk = field(default_factory=Disk)
    book: ScenarioCodeBook = field(default_factory=lambda: ScenarioCodeBook(frozenset({"live"})))

    def __post_init__(self) -> None:
        self.site = Site(self.disk)
        self.agent = Agent(
            self.lane, clock=LoopClock(), journal=self.disk, codes=self.book, actuators=self.site, software="test"
        )
        self.book.tell = self.agent.tell
        self.site.agent = self.agent

    async def settle(self) -> None:
        """Everything in the inbox is worked off; no time passes to speak of."""
        await asyncio.sleep(0.05)

    def tell(self, *events: e.Event) -> None:
        """Events reach the inbox one after the other."""
        for event in events:
            self.agent.tell(event)

    def contact(self, contact: Contact, *, active: bool = True) -> None:
        """A contact changes now."""
        self.tell(e.ContactChanged(contact, active, LoopClock().now().mono_ms))

    async def boot(self) -> None:
        """Started, all contacts reported, opened, fresh."""
        self.tell(e.AgentStarted(self.policy, "boot", "test"))
        for contact in Contact:
            self.contact(contact, active=False)
        self.tell(e.LaneOpened("chan"), e.LinkChanged(Link.FRESH))
        await self.settle()

    async def drive_to_release(self) -> None:
        """A laden truck comes, is read and cleared."""
        self.contact(Contact.STOP_LOOP)
        await self.settle()
        visit = self.agent.lane.visits
        self.tell(e.PlateSettled(visit, Read(VRN, None, 0.97, ReadSource.READER)))
        self.contact(Contact.IMMIGRATION_STARTED)
        await self.settle()
        self.contact(Contact.IMMIGRATION_STARTED, active=False)
        self.contact(Contact.IMMIGRATION_CLEARED)
        self.contact(Contact.IMMIGRATION_CLEARED, active=False)
        await self.settle()

    async def released(self) -> None:
        """Started, and a laden truck is shown 3."""
        await self.boot()
        await self.drive_to_release()

    async def drive_off(self) -> None:
        """It leaves by the way out."""
        self.contact(Contact.STOP_LOOP, active=False)
        self.contact(Contact.EXIT_LOOP)
        self.contact(Contact.EXIT_LOOP, active=False)
        await self.settle()


def play(story: Callable[[ShellRig], Awaitable[None]], **parts: object) -> ShellRig:
    """Runs a story with a running agent, and stops it."""
    made: list[ShellRig] = []

    async def main() -> None:
        lane = ShellRig(**parts)  # type: ignore[arg-type]
        made.append(lane)
        running = asyncio.create_task(lane.agent.run(), name="agent")
        try:
            await story(lane)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    loop = LeapingLoop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    return made[0]


@pytest.fixture
def on_site() -> Callable[..., ShellRig]:
    """Plays a story, an async function of the rig, and returns the rig afterwards; keywords are the rig's parts."""
    return play
