"""The shell: nothing runs before it is durable, a failing store shows 3 to nobody, answers and timers keep their order.

Driven from the hardware's side: a disk that fills, screens that paint or do not, a clock that leaps from timer to timer.
"""

from __future__ import annotations

import asyncio
import json
import selectors
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Effect, Record, Ring, Show
from lane_agent.model import Contact, Fault, Link, Moment, Policy, Read, ReadSource, Screen
from lane_agent.prove.book import CORE_MS, VRN, Book
from lane_agent.replay import replay, restore
from lane_agent.state import Lane
from lane_agent.wording import Scene


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

    def stop_reading(self, visit: int) -> None:
        """The reader ends."""
        self._note()
        self.done_reading.append(visit)

    def ring(self, order: Ring) -> None:
        """The intercom."""
        self._note()
        self.rings.append(order.call)

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
class Lane1:
    """One lane with its shell, its disk, its site and its code book."""

    policy: Policy = field(default_factory=Policy)
    lane: Lane = field(default_factory=Lane)
    disk: Disk = field(default_factory=Disk)
    book: Book = field(default_factory=lambda: Book(frozenset({"live"})))

    def __post_init__(self) -> None:
        self.site = Site(self.disk)
        self.agent = Agent(
            self.lane, clock=LoopClock(), journal=self.disk, codes=self.book, hands=self.site, software="test"
        )
        self.site.agent = self.agent

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
        await settle()

    async def drive_to_release(self) -> None:
        """A laden truck comes, is read and cleared."""
        self.contact(Contact.STOP_LOOP)
        await settle()
        visit = self.agent.lane.visits
        self.tell(e.PlateSettled(visit, Read(VRN, None, 0.97, ReadSource.READER)))
        self.contact(Contact.IMMIGRATION_STARTED)
        await settle()
        self.contact(Contact.IMMIGRATION_STARTED, active=False)
        self.contact(Contact.IMMIGRATION_CLEARED)
        self.contact(Contact.IMMIGRATION_CLEARED, active=False)
        await settle()

    async def drive_off(self) -> None:
        """It leaves by the way out."""
        self.contact(Contact.STOP_LOOP, active=False)
        self.contact(Contact.EXIT_LOOP)
        self.contact(Contact.EXIT_LOOP, active=False)
        await settle()


async def settle() -> None:
    """Everything in the inbox is worked off; no time passes to speak of."""
    await asyncio.sleep(0.05)


def on_site(story: Callable[[Lane1], Awaitable[None]], **parts: object) -> Lane1:
    """Runs a story with a running agent, and stops it."""
    made: list[Lane1] = []

    async def main() -> None:
        lane = Lane1(**parts)  # type: ignore[arg-type]
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


async def _released(lane: Lane1) -> None:
    await lane.boot()
    await lane.drive_to_release()


def test_a_truck_is_released_through_the_shell() -> None:
    """Events go in, 3 comes out, and every step is in the journal, in order."""
    lane = on_site(_released)
    assert lane.site.shows[-1] == "DONE"
    assert [json.loads(entry)["event"]["type"] for entry in lane.disk.entries] == [
        type(event).__name__ for event in lane.site.steps
    ]
    assert list(replay(lane.disk.entries))[-1].lane == lane.agent.lane


def test_effects_run_only_after_their_event_is_durable() -> None:
    """Whatever the site was told, the entry that asked for it was on the disk before."""
    lane = on_site(_released)
    effects = [json.loads(entry)["effects"] for entry in lane.disk.entries]
    told = [number for number, found in enumerate(effects, 1) for one in found if one["type"] in TOLD]
    assert lane.site.durable == told


TOLD = {"Show", "Alarm", "Ring", "StartReading", "StopReading"}


def test_a_used_bundle_is_written_with_its_entry() -> None:
    """The journal learns in one write what was decided and which bundle it used."""
    assert on_site(_released).disk.uses == [("live", "lane/journal/1")]


def test_the_answer_of_the_code_book_comes_before_anything_else() -> None:
    """However full the inbox is, the next step after a question is its answer."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.contact(Contact.STOP_LOOP)
        await settle()
        read = e.PlateSettled(1, Read(VRN, None, 0.97, ReadSource.READER))
        lane.tell(read, e.LinkChanged(Link.STALE), e.LinkChanged(Link.FRESH), e.SecondVehicleSeen(1))
        await settle()

    lane = on_site(story)
    kinds = [type(event).__name__ for event in lane.site.steps]
    assert kinds[kinds.index("PlateSettled") + 1] == "CodesFound"


def test_a_code_book_that_cannot_be_read_is_a_fault() -> None:
    """The visit is the officer's, and the lane does not ask for ever."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.book.readable = False
        await lane.drive_to_release()

    lane = on_site(story)
    assert Fault.CODES in lane.agent.lane.faults
    assert "DONE" not in lane.site.shows
    assert lane.site.alarms.count("FaultRaised") == 1


def test_a_timer_fires_after_its_time_and_not_before() -> None:
    """A vehicle Immigration never begins with: the officer's after its limit."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.contact(Contact.STOP_LOOP)
        await asyncio.sleep(2.5)
        assert "Overdue" not in lane.site.alarms
        await asyncio.sleep(1)
        assert "Overdue" in lane.site.alarms

    on_site(story, policy=Policy(limits=(("immigration_start", 3_000),)))


def test_a_cancelled_timer_does_not_fire() -> None:
    """Screens that confirm in time end the watch over them."""

    async def story(lane: Lane1) -> None:
        await _released(lane)
        await asyncio.sleep(5)

    lane = on_site(story)
    assert Fault.SCREEN not in lane.agent.lane.faults


def test_screens_that_do_not_confirm_3_lose_it() -> None:
    """After half a second without a confirmation 3 is taken back."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.contact(Contact.STOP_LOOP)
        await settle()
        lane.tell(e.PlateSettled(1, Read(VRN, None, 0.97, ReadSource.READER)))
        lane.contact(Contact.IMMIGRATION_STARTED)
        lane.contact(Contact.IMMIGRATION_CLEARED)
        while "DONE" not in lane.site.shows:
            lane.site.paints = "WATCH" not in lane.site.shows
            if not lane.site.paints:
                face = lane.agent.lane.face
                lane.tell(*(e.ScenePainted(screen, face.xdb, face.serial) for screen in Screen))
            await asyncio.sleep(0)
        await asyncio.sleep(0.4)
        assert lane.site.shows[-1] == "DONE"
        await asyncio.sleep(0.2)

    lane = on_site(story)
    assert lane.site.shows[-1] == "OFFICER"
    assert "Withdrawn" in lane.site.alarms


def test_a_full_disk_shows_3_to_nobody() -> None:
    """The store fails before the decision: officer's face, an alarm, no 3, not for an officer either."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.disk.full = True
        await lane.drive_to_release()
        lane.tell(e.OfficerReleased(1, "chan", "seen"))
        await settle()

    lane = on_site(story)
    assert "DONE" not in lane.site.shows
    assert lane.site.shows[-1] == "OFFICER"
    assert "FaultRaised" in lane.site.alarms


def test_a_disk_that_fills_at_the_very_decision_shows_no_3() -> None:
    """The step that would show 3 cannot be written: it is made again with the store at fault."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.disk.no_room_for = b'"xdb":"DONE"'
        await lane.drive_to_release()

    lane = on_site(story)
    assert "WATCH" in lane.site.shows
    assert "DONE" not in lane.site.shows
    assert lane.disk.uses == []
    assert list(replay(lane.disk.entries))[-1].lane == lane.agent.lane


def test_a_disk_that_fills_while_3_stands_takes_it_back() -> None:
    """The next thing that happens finds the store failing, and 3 is withdrawn."""

    async def story(lane: Lane1) -> None:
        await _released(lane)
        assert lane.site.shows[-1] == "DONE"
        lane.disk.full = True
        lane.tell(e.LinkChanged(Link.STALE))
        await settle()

    lane = on_site(story)
    assert lane.site.shows[-1] == "OFFICER"
    assert "Withdrawn" in lane.site.alarms


def test_what_happened_meanwhile_is_written_in_order_when_the_disk_works_again() -> None:
    """Nothing is lost and nothing is twice: the whole journal replays to the lane as it is."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.disk.full = True
        await lane.drive_to_release()
        await asyncio.sleep(3)
        lane.disk.full = False
        await asyncio.sleep(2)
        assert Fault.STORE not in lane.agent.lane.faults
        await lane.drive_off()

    lane = on_site(story)
    assert list(replay(lane.disk.entries))[-1].lane == lane.agent.lane
    assert [json.loads(entry)["event"]["type"] for entry in lane.disk.entries] == [
        type(event).__name__ for event in lane.site.steps
    ]


def test_a_store_that_fails_at_the_start_is_a_fault_all_the_same() -> None:
    """`AgentStarted` begins without faults; entries that wait to be written are one."""

    async def story(lane: Lane1) -> None:
        lane.disk.full = True
        await lane.boot()
        assert Fault.STORE in lane.agent.lane.faults
        await lane.drive_to_release()

    lane = on_site(story)
    assert "DONE" not in lane.site.shows


def test_nobody_can_say_that_the_store_works_before_it_has_taken_everything() -> None:
    """A cleared fault that comes from elsewhere is not believed while entries wait."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.disk.full = True
        lane.tell(e.LinkChanged(Link.STALE))
        await settle()
        lane.tell(e.FaultCleared(Fault.STORE))
        await settle()
        assert Fault.STORE in lane.agent.lane.faults

    on_site(story)


def test_after_the_disk_works_again_the_next_truck_is_released() -> None:
    """The fault ends with its cause, between visits."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.disk.full = True
        lane.tell(e.LinkChanged(Link.STALE), e.LinkChanged(Link.FRESH))
        await asyncio.sleep(2)
        lane.disk.full = False
        await asyncio.sleep(2)
        await lane.drive_to_release()

    assert on_site(story).site.shows[-1] == "DONE"


def test_a_new_agent_takes_up_where_the_journal_ends() -> None:
    """Killed with a truck under 3: the next agent hands it to the officer, screens first."""
    first = on_site(_released)

    async def story(lane: Lane1) -> None:
        lane.tell(e.AgentStarted(lane.policy, "boot2", "test"))
        for contact in Contact:
            lane.contact(contact, active=contact is Contact.STOP_LOOP)
        lane.tell(e.LinkChanged(Link.FRESH))
        await settle()

    second = on_site(story, lane=restore(reversed(first.disk.entries)), disk=first.disk)
    assert "DONE" not in second.site.shows
    assert second.site.shows[-1] == "OFFICER"
    assert second.site.alarms[0] == "RestartedWithVehicle"
    assert second.site.reading == [1]
    assert list(replay(second.disk.entries))[-1].lane == second.agent.lane


def test_asking_waits_until_the_step_is_durable() -> None:
    """An officer's act comes back with its effects, a refused one with the reason."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        effects = await lane.agent.ask(e.OfficerReleased(9, "chan", "mistaken"))
        assert [dict(effect.facts)["why"] for effect in effects if isinstance(effect, Record)] == [
            "belongs to another visit"
        ]
        assert await lane.agent.ask(e.LaneClosed("chan", "end of shift"))
        assert lane.disk.entries[-1].count(b"end of shift") == 2

    on_site(story)


def test_an_idle_agent_still_makes_progress() -> None:
    """The watchdog looks at `progress`: it grows although nothing happens, and nothing waits."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        before = lane.agent.progress
        await asyncio.sleep(10)
        assert lane.agent.progress > before
        assert lane.agent.inbox_wait_ms() == 0

    on_site(story)


def test_help_reaches_the_intercom() -> None:
    """Ring, answer, end."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        lane.contact(Contact.HELP)
        lane.contact(Contact.HELP, active=False)
        lane.tell(e.HelpAnswered("chan"), e.HelpEnded("chan", "advised"))
        await settle()

    assert on_site(story).site.rings == ["ring", "answer", "end"]


@pytest.mark.parametrize("trucks", [3])
def test_trucks_one_after_the_other(trucks: int) -> None:
    """Each has its own visit, its own 3 and its own base record; reading begins and ends with it."""

    async def story(lane: Lane1) -> None:
        await lane.boot()
        for _ in range(trucks):
            await lane.drive_to_release()
            await lane.drive_off()

    lane = on_site(story)
    assert lane.site.shows.count(Scene.DONE.value) == trucks
    assert lane.site.records.count("VisitEnded") == trucks
    assert lane.site.reading == lane.site.done_reading == list(range(1, trucks + 1))
