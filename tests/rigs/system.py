"""The system whole: a core, two lanes with their agents, and a broker between them that lies but cannot sign.

All in one process, on a clock that the test moves; every class that decides is the one that ships. What must hold:

- A bundle releases at most one crossing by the system's own word, whatever the broker does, and none that this lane's
  officer has let through on it before.
- A vehicle whose hold was signed over three seconds ago, and never lifted, is shown 3 by nobody but an officer, and is
  held by every lane that is fresh.
- A row that is in a lane's journal arrives at the core. A row that a lane knew as acknowledged, and that neither has any
  more, is an alarm.

Bounds that docs/attacks.md states are not played: a second restore of the core; a broker that lies in the seconds after a
restore, when the core learns of grants from the rows that it gets back; and a lane's store that is put back to before a
release of which no row has reached the core.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.link.gateway import CoreMessage, LaneMessage
from domain.alarms import CoreAlarmKind, LaneAlarmKind
from domain.crossing import RELEASE
from domain.times import DAY_MS
from edge.past_visits import newest_first
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import CancelTimer, Effect, Show, StartTimer
from lane_agent.model import Contact, Link, Moment, Policy, Read, ReadSource, Ruling, Screen, TimeQuality
from lane_agent.replay import restore
from lane_agent.state import Lane
from lane_agent.wording import Scene
from simulation.hardwareless_lane import NoHardware
from simulation.ledgers import has_database
from tests.rigs.copies import GRACE_MS, LaneOfCopies, World
from wire.codec import encode
from wire.envelope import Signer
from wire.messages import Ack
from wire.records import BundleRecord, CargoRecord
from wire.topics import LaneTopics, read_up

REMEMBERED = 400
"""Messages that the broker keeps to send again."""

DELAY_MS = 1_300
LIMITS = (("claim", 2_000), ("read", 60_000), ("immigration", 120_000), ("immigration_start", 120_000))


@dataclass(frozen=True)
class Vehicle:
    """One crossing: which, counted, and the mark."""

    number: int
    vrn: str


class AgentByHand(Agent):
    """The agent, its turns and its timers moved by the test instead of a loop."""

    def __init__(self, *args: Any, **ports: Any) -> None:
        super().__init__(*args, **ports)
        self.due: dict[str, tuple[int, e.TimerFired]] = {}

    def _start_timer(self, order: StartTimer) -> None:
        self.due[order.timer] = (self._clock.now().mono_ms + order.ms, e.TimerFired(order.timer, order.serial))

    def _cancel_timer(self, order: CancelTimer) -> None:
        self.due.pop(order.timer, None)

    def looks_at_timers(self) -> None:
        """Those whose time has come fire."""
        now = self._clock.now().mono_ms
        for timer, (at_ms, fired) in sorted(self.due.items()):
            if at_ms <= now:
                del self.due[timer]
                self.tell(fired)

    def turns(self) -> bool:
        """One turn of `run`; False where there was nothing to do."""
        if not self._inbox and self._release is None:
            return False
        self._write_what_waits()
        self._work_inbox()
        _run(self._carry_out_release())
        return True


def _run(work: Coroutine[Any, Any, None]) -> None:
    """To its end; nothing of it waits for anything but its next turn."""
    try:
        while True:
            work.send(None)
    except StopIteration:
        pass


class LaneOfSystem(NoHardware, LaneOfCopies):
    """A lane's end with its agent, and the vehicle on its stop loop."""

    world: SystemWorld

    def __init__(self, world: SystemWorld, name: str) -> None:
        self.vehicle: Vehicle | None = None
        self.active: set[Contact] = set()
        self.shown = Scene.OFFICER
        self.troubles: list[LaneAlarmKind] = []
        self.acknowledged: set[bytes] = set()
        self.cursor = self.last_3 = 0
        self.by_officer: dict[str, Vehicle] = {}
        super().__init__(world, name)

    # -- the box ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The agent starts on what the store holds; its contacts are as they are."""
        super().start()
        self.cursor = min(self.cursor, self.journal.acknowledged)
        policy = Policy(lane=self.name, journal=self.store.journal_id, point="SZB", limits=LIMITS)
        ports: dict[str, Any] = {"journal": self.journal, "codes": self.link, "actuators": self, "software": "test"}
        self.agent = AgentByHand(restore(newest_first(self.journal)), clock=self, **ports)
        self.agent.tell(e.AgentStarted(policy, self.journal.boot, "test"))
        if not self.agent.lane.opened:
            self.agent.tell(e.LaneOpened("chan"))
        for contact in Contact:
            self._switch(contact, active=contact in self.active)

    def now(self) -> Moment:
        """`lane_agent.ports.Clock`."""
        core = self.link.core_time()
        if core is None:
            return Moment(self.world.now, self.world.clock(), TimeQuality.UNSURE)
        return Moment(self.world.now, core[0], TimeQuality.PROVEN)

    def works(self) -> None:
        """Link and agent, until neither has anything left to do."""
        while self.link._inbox or self.agent._inbox or self.agent._release is not None:
            if self.link._inbox:
                self.does(self.link._inbox.popleft())
            else:
                self.agent.turns()

    def ticks(self) -> None:
        """Time passes."""
        self.agent.looks_at_timers()
        super().ticks()
        self.works()

    def hears(self, topic: str, payload: bytes) -> None:
        """A message arrives."""
        super().hears(topic, payload)
        self.works()

    def is_put_back(self) -> None:
        """Not while a release is known here only (docs/attacks.md, A5): whoever puts a store back waits for its rows.

        What its officer did since the copy is not known here any more; where no row came through, nowhere.
        """
        if self.last_3 <= self.journal.acknowledged:
            self.is_put_back_unheard()

    def is_put_back_unheard(self) -> None:
        """Whatever the core knows."""
        self.by_officer.clear()
        self.last_3 = 0
        super().is_put_back()
        self.works()

    def restarts(self) -> None:
        """The agent ends and starts again."""
        self.store.close()
        self.start()
        self.works()

    def is_told(self, event: e.Event) -> None:
        """The link tells the agent."""
        self.agent.tell(event)

    def alarms(self, kind: LaneAlarmKind, detail: str) -> None:
        """The link calls people."""
        self.troubles.append(kind)
        self.agent.tell(e.TroubleReported(kind, detail))

    def keeps_count(self) -> None:
        """Which rows are acknowledged, as the lane knows it."""
        now = self.journal.acknowledged
        self.acknowledged |= (
            {row.body for row in self.journal.rows(self.cursor + 1, now)} if now > self.cursor else set()
        )
        self.cursor = now

    # -- hardware -----------------------------------------------------------------------------------------------------

    def show(self, order: Show) -> None:
        """Both screens paint at once; before they show 3, what must hold does."""
        self.shown = order.xdb
        if Scene.DONE in (order.xdb, order.aiop):
            self.world.shows_3(self)
        self.agent.tell(e.ScenePainted(Screen.XDB, order.xdb, order.serial))
        self.agent.tell(e.ScenePainted(Screen.AIOP, order.aiop, order.serial))

    def read_plate(self, visit: int) -> None:
        """The reader sees whoever stands there."""
        if self.vehicle is not None:
            self.agent.tell(e.PlateSettled(visit, Read(self.vehicle.vrn, None, 0.99, ReadSource.READER)))

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable: the link sends the journal on."""
        del event, at, effects
        visit = lane.visit
        self.link.watch(visit.read.vrn if visit is not None and visit.read is not None else None)
        self.link.on_journal_grew()

    def _switch(self, contact: Contact, *, active: bool) -> None:
        (self.active.add if active else self.active.discard)(contact)
        self.agent.tell(e.ContactChanged(contact, active, self.world.now))

    def _pulse(self, contact: Contact) -> None:
        self._switch(contact, active=True)
        self._switch(contact, active=False)
        self.works()

    # -- what happens at the kiosk --------------------------------------------------------------------------------------

    def comes(self, vrn: str) -> None:
        """A vehicle stops at the line, if there is room, and Immigration begins with it."""
        if self.vehicle is None:
            self.vehicle = Vehicle(next(self.world.numbers), vrn)
            self._switch(Contact.STOP_LOOP, active=True)
            self._pulse(Contact.IMMIGRATION_STARTED)

    def is_cleared(self) -> None:
        """Immigration clears whoever stands there."""
        if self.vehicle is not None:
            self._pulse(Contact.IMMIGRATION_CLEARED)

    def is_released(self) -> None:
        """An officer lets the vehicle go."""
        visit = self.agent.lane.visit
        if self.vehicle is not None and visit is not None:
            self.agent.tell(e.OfficerReleased(visit.number, "chan", "looked at"))
            self.works()

    def drives_off(self) -> None:
        """Over the way out."""
        if self.vehicle is not None:
            self.vehicle = None
            self._switch(Contact.STOP_LOOP, active=False)
            self._pulse(Contact.EXIT_LOOP)

    def passes(self, vrn: str) -> Scene:
        """A whole crossing; what was shown at its end."""
        self.comes(vrn)
        self.world.steps(0.4)
        self.is_cleared()
        self.world.steps(0.6)
        shown = self.shown
        self.drives_off()
        self.world.steps(0.2)
        return shown


class Lie(StrEnum):
    """What the broker may do with messages that it lets through."""

    DROP = "drop"  # every third
    DOUBLE = "double"
    DELAY = "delay"
    REVERSE = "reverse"


class LyingBroker:
    """What lies between lanes and core; everything that it takes it has acknowledged itself."""

    def __init__(self) -> None:
        self.lies: set[Lie] = set()
        self.swallowed: set[tuple[str, str]] = set()
        self.seen: list[tuple[str, Any]] = []
        self._later: list[tuple[int, str, Any]] = []
        self._count = 0

    def heals(self) -> None:
        """It does what a broker does."""
        self.lies.clear()
        self.swallowed.clear()

    def carries(self, way: str, messages: list[tuple[str, Any]], now: int) -> list[Any]:
        """Which of these (kind, message) come through now; `way` is "up", or the lane that is to hear."""
        through: list[Any] = []
        for kind, one in messages:
            self.seen = [*self.seen[-REMEMBERED:], (way, one)]
            self._count += 1
            if (kind and (way, kind) in self.swallowed) or (Lie.DROP in self.lies and self._count % 3 == 0):
                continue
            if Lie.DELAY in self.lies:
                self._later.append((now + DELAY_MS, way, one))
            else:
                through += [one, one] if Lie.DOUBLE in self.lies else [one]
        if Lie.REVERSE in self.lies:
            through.reverse()
        late = [one for at_ms, to, one in self._later if to == way and (at_ms <= now or Lie.DELAY not in self.lies)]
        self._later = [
            (at_ms, to, one)
            for at_ms, to, one in self._later
            if to != way or not (at_ms <= now or Lie.DELAY not in self.lies)
        ]
        return late + through


class SystemWorld(World):
    """Core, broker, lanes, and what must hold of them together."""

    lane_class = LaneOfSystem
    lanes: list[LaneOfSystem]  # type: ignore[assignment]

    def __init__(self, *parts: Any) -> None:
        self.broker = LyingBroker()
        self.released: dict[str, set[Vehicle]] = defaultdict(set)
        self.steps_done = self.threes = self.bundles = 0
        super().__init__(*parts)
        self.steps(4.5)

    # -- messages -----------------------------------------------------------------------------------------------------

    def _exchange(self) -> None:
        said, self.to_core = self.to_core, []
        named = [(_swallowable(one), one) for one in said]
        answers = self.exchange.hear([one for way in [*(x.name for x in self.lanes)] for one in self._up(way, named)])
        later = [one for answer in answers.later.values() for one in answer()]
        self._tell([*answers.now, *later, *self.exchange.tick()])
        self.forgets()

    def _up(self, lane: str, named: list[tuple[tuple[str, str], LaneMessage]]) -> list[LaneMessage]:
        mine = [(kind, one) for (sender, kind), one in named if sender == lane]
        return self.broker.carries(f"{lane} up", mine, self.now)

    def _tell(self, news: list[CoreMessage]) -> None:
        for lane in self.lanes:
            mine = [(one.topic.rsplit("/", 1)[-1], one) for one in news if one.lane in {"", lane.name}]
            for one in self.broker.carries(f"{lane.name} down", mine, self.now):
                if lane.up:
                    lane.hears(one.topic, one.payload)

    def says_again(self, number: int) -> None:
        """The broker sends an old message again."""
        if not self.broker.seen:
            return
        way, one = self.broker.seen[number % len(self.broker.seen)]
        self._hears_again(way, one)

    def says_all_again(self, way: str, kind: str) -> None:
        """Every message of this kind that it remembers."""
        for to, one in [*self.broker.seen]:
            if to == way and one.topic.endswith(f"/{kind}"):
                self._hears_again(to, one)

    def _hears_again(self, way: str, one: Any) -> None:
        name, up = way.split()
        lane = next(lane for lane in self.lanes if lane.name == name)
        if up == "up":
            self.to_core.append(one)
        elif lane.up:
            lane.hears(one.topic, one.payload)

    def forges_ack(self, lane: LaneOfSystem) -> None:
        """The broker acknowledges everything in the core's name, with a key of its own."""
        last, digest = lane.journal.head_at_core()
        ack = Ack(lane=lane.name, journal=lane.journal.journal_id, seq=last, hash=digest)
        topic = LaneTopics(lane.name).ack
        if lane.up:
            lane.hears(topic, Signer.generate(self.signer.kid).seal(topic, encode(ack)))

    # -- what must hold -----------------------------------------------------------------------------------------------

    def shows_3(self, lane: LaneOfSystem) -> None:
        """A lane is about to show 3."""
        visit, vehicle = lane.agent.lane.visit, lane.vehicle
        assert visit is not None
        assert vehicle is not None, f"{lane.name} shows 3 to nobody"
        if visit.ruling is Ruling.RELEASE:
            lane.by_officer |= dict.fromkeys(visit.used, vehicle)
            return
        self.threes += 1
        lane.last_3 = lane.journal.head()[0]
        assert visit.used, f"{lane.name} releases {vehicle} on nothing"
        assert visit.read is not None
        assert visit.read.vrn == vehicle.vrn
        for ubr in visit.used:
            self.released[ubr].add(vehicle)
            assert len(self.released[ubr]) == 1, f"UBR {ubr} released {self.released[ubr]}, now at {lane.name}"
            assert lane.by_officer.get(ubr, vehicle) == vehicle, f"{lane.name} used UBR {ubr} for another before"
        since = self.held.get(vehicle.vrn)
        assert since is None or self.now - since < GRACE_MS, f"{lane.name} shows 3 to {vehicle}, held since {since}"

    def _holds_are_held(self) -> None:
        super()._holds_are_held()
        self.steps_done += 1
        for lane in self.lanes:
            lane.keeps_count()

    # -- what people do -----------------------------------------------------------------------------------------------

    def lodges(self, vrn: str) -> str:
        """A bundle for this vehicle, all of whose cargo may go; "" while the core changes nothing."""
        if self.exchange.whole.listening():
            return ""
        self.bundles += 1
        now, ubr = self.clock(), f"{4_000_000_000 + self.bundles}"
        bundle = BundleRecord(
            ubr=ubr,
            vrn=vrn,
            direction="inbound",
            point="SZB",
            earliest_ms=now - 60_000,
            valid_until_ms=now + DAY_MS,
            cargo=(CargoRecord(f"{5_000_000_000 + self.bundles}", RELEASE),),
        )
        with self.core.store.transaction():
            self.core.log.append([bundle], at_ms=now)
        self._tell(self.exchange.news())
        return ubr

    def core_is_put_back(self, *, anew: bool) -> None:
        """With every lane on the line and an honest broker, until the rows are back (docs/attacks.md, A5 and A6)."""
        if self.was_put_back or not has_database(self.folder / "copy.db"):
            return
        self.broker.heals()
        super().core_is_put_back(anew=anew)
        self.steps(10.0)

    def core_restarts(self) -> None:
        """On the store that it had."""
        self.core.store.close()
        self.open_core()

    def ends_well(self) -> None:
        """Nobody lies any more; everybody is on the line, and every row arrives."""
        self.broker.heals()
        for lane in self.lanes:
            lane.goes(up=True)
        for _ in range(24):
            self.steps(5.0)
            if all(
                lane.link._machine.verdict(self.now) is Link.FRESH and not lane.link.status().waiting
                for lane in self.lanes
            ):
                break
            if self.exchange.whole.broken or self.exchange.whole._claims:
                self.begins_anew()
            self._holds_again()
        there = {bytes(body) for (body,) in self.core.store.connection.execute("SELECT body FROM events")}
        for lane in self.lanes:
            doubt = lane.link._machine.follower.doubt
            assert lane.link._machine.verdict(self.now) is Link.FRESH, (lane.name, doubt, lane.link.status())
            lost = [row.seq for row in lane.journal.rows() if row.body not in there]
            assert not lost, f"rows {lost} of {lane.name} never arrive"
            if lane.acknowledged - there:
                assert self._was_told(lane), (
                    f"{len(lane.acknowledged - there)} acknowledged rows of {lane.name} are lost"
                )

    def _was_told(self, lane: LaneOfSystem) -> bool:
        sql = "SELECT count(*) FROM alarms WHERE lane=%s AND kind IN (%s, %s)"
        kinds = (CoreAlarmKind.ROWS_MISSING, CoreAlarmKind.LANE_WENT_BACK)
        told = self.core.store.connection.execute(sql, (lane.name, *kinds)).fetchone()[0]
        return bool(told) or LaneAlarmKind.STORE_WENT_BACK in lane.troubles

    def closes(self) -> None:
        """Every store."""
        for lane in self.lanes:
            lane.store.close()
        self.core.store.close()


def _swallowable(one: LaneMessage) -> tuple[str, str]:
    return read_up(one.topic) or ("", "")
