"""Alarms at scale: faults of all kinds raised and cleared, with restarts; what stands at the end is what is wrong.

Rules of this file:
- The real agent, journal and store, and the real intake of a core; only the hardware and the wire are left out.
- A restart is a kill: what was not written is gone. Half of them hit the core as well.
- What is judged by: the lane's own faults, and a list of its own of every trouble that is on, every vehicle that ran, and
  how often each was raised. Standing alarms must be exactly these, at the lane and at the core, at every restart and at
  the end; and not one raising may be missing from the counts.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from core.link.alarm_watch import AlarmWatch
from core.link.compound import Compound
from core.link.intake import Intake
from core.link.projection import Projection
from domain.alarm_lifecycle import AlarmKey, lane_key
from domain.alarm_list import CLOSED, TAKEN
from domain.alarm_traits import Ends
from domain.alarms import LaneAlarmKind
from edge.alarm_desk import LaneAlarms
from edge.past_visits import newest_first
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Effect, Show
from lane_agent.model import Codes, Contact, Fault, Link, Moment, Policy, Screen
from lane_agent.replay import restore
from lane_agent.state import Lane
from simulation.granting_core import GrantingCore
from simulation.hardwareless_lane import NoHardware
from simulation.ledgers import database_at
from sync.alarm_rows import AlarmRows
from sync.journal import Journal
from sync.store import LaneStore
from wire.envelope import Signer
from wire.messages import EventMessage

LANE = "bench-in-01"
BEGINS_MS = 1_800_000_000_000
OF_DEVICES = tuple(fault for fault in Fault if fault not in {Fault.SCREEN, Fault.WAY_OUT, Fault.STUCK_CONTACT})
"""Faults that begin and end by a device's word; the lane ends the others itself."""

TROUBLES = tuple(
    AlarmKey(kind.value, 0, cause)
    for kind in LaneAlarmKind
    if kind.care.ends is Ends.CAUSE
    and kind
    not in {LaneAlarmKind.FAULT_RAISED, LaneAlarmKind.CONTACT_STUCK, LaneAlarmKind.HELP, LaneAlarmKind.HELP_STUCK}
    for cause in (("lane.crt", "authority.crt") if kind is LaneAlarmKind.CERTIFICATE_ENDS else ("",))
)


@dataclass(slots=True)
class SecondsClock:
    """A second passes with each look."""

    now_ms: int = 0

    def now(self) -> Moment:
        """The next second."""
        self.now_ms += 1_000
        return Moment(self.now_ms, BEGINS_MS + self.now_ms)


class BoxUnderFaults(NoHardware, GrantingCore):
    """One start of a box, until it is killed."""

    def __init__(self, folder: Path, clock: SecondsClock, boot: str) -> None:
        self.store = LaneStore(folder / "lane.db")
        self.journal = Journal(self.store, boot=boot, software="bench")
        self.alarms = LaneAlarms(AlarmRows(self.store))
        self.alarms.restore(self.journal)
        self.agent = Agent(
            restore(newest_first(self.journal)),
            clock=clock,
            journal=self.journal,
            codes=self,
            actuators=self,
            software="bench",
        )
        self.boot = boot

    def look_up(self, vrn: str) -> Codes:
        """Nothing is known of anybody."""
        return Codes(vrn, Link.FRESH, BEGINS_MS, 10, "e", 1, "00")

    def show(self, order: Show) -> None:
        """Both screens paint at once."""
        for screen, scene in ((Screen.XDB, order.xdb), (Screen.AIOP, order.aiop)):
            self.agent.tell(e.ScenePainted(screen, scene, order.serial))

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """As in `edge.lane`."""
        del event, lane
        self.alarms.stepped(at, effects, lambda: self.journal.head()[0])

    async def starts(self) -> None:
        """As in `edge.lane`: the lane, and the ends of what nobody may raise again."""
        ends = self.alarms.unproven()
        await self.happens(e.AgentStarted(Policy(lane=LANE, point="SZB"), self.boot, "bench"))
        await self.happens(*ends, *(e.ContactChanged(one, False, 0) for one in Contact))
        await self.happens(e.LinkChanged(Link.FRESH), e.CodesVerified("e", 1))
        if not self.agent.lane.opened:
            await self.happens(e.LaneOpened("chan"))

    async def happens(self, *events: e.Event) -> None:
        """Each in turn, as `LaneBox.tell` lets it through, and all that follows from it."""
        for event in events:
            if self.alarms.is_news(event):
                await self.agent.ask(event)
        for _ in range(20):  # what follows from it: paintings, answers, timers that are set
            await asyncio.sleep(0)


class CoreUnderRows:
    """The core's half: its store, and what reads a lane's rows into it."""

    def __init__(self, folder: Path) -> None:
        file = folder / "core.db"
        self.store = CoreStore(database_at(file))
        log = ReplicatedLog(self.store, Signer.generate("core"))
        projection = Projection(self.store.connection, log, Compound(self.store.connection, within_ms=600_000))
        self.intake = Intake(self.store, projection)
        self.watch = AlarmWatch(self.store, lambda: BEGINS_MS)
        self.lane = LANE

    def takes(self, box: BoxUnderFaults, now_ms: int) -> None:
        """The rows that it lacks, and then the lane's state: as on a reconnection."""
        name = box.store.journal_id
        have = self.intake.standing(LANE, name).seq
        rows = [
            EventMessage(
                lane=LANE,
                journal=name,
                seq=row.seq,
                boot=row.boot,
                previous=row.previous,
                hash=row.hash,
                body=row.body,
            )
            for row in box.journal.rows(have + 1)
        ]
        self.intake.take(rows, now_ms=now_ms)
        self.watch.told(LANE, box.alarms.wall_facts(name, now_ms))

    def standing(self, now_ms: int) -> set[AlarmKey]:
        """The lane's alarms that stand here."""
        rows = self.store.connection.execute(
            "SELECT kind, visit, cause, ended_ms, closed_ms FROM alarms WHERE lane=%s AND of_core=0", (LANE,)
        ).fetchall()
        del now_ms
        return {AlarmKey(kind, visit, cause) for kind, visit, cause, ended, closed in rows if not ended and not closed}

    def counts(self) -> Counter[AlarmKey]:
        """How often each alarm of the lane was raised."""
        sql = "SELECT kind, visit, cause, sum(count) FROM alarms WHERE of_core=0 GROUP BY kind, visit, cause"
        rows = self.store.connection.execute(sql).fetchall()
        return Counter({AlarmKey(kind, visit, cause): count for kind, visit, cause, count in rows})


@dataclass(slots=True)
class AlarmsRun:
    """What the run came to.

    Attributes:
        raised, cleared: faults and troubles, by the run's own count.
        restarts: of the lane; core_restarts: of the core with it.
        differ: (when, where, alarms that stand and should not, alarms that should and do not).
        lost: raisings that are missing from the core's counts.
        most: standing at one time.
    """

    raised: int = 0
    cleared: int = 0
    restarts: int = 0
    core_restarts: int = 0
    vehicles: int = 0
    most: int = 0
    lost: int = 0
    standing: int = 0
    lines: int = 0
    rows: int = 0
    seconds: float = 0.0
    differ: list[tuple[str, str, list[str], list[str]]] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether everything that stood was wrong, everything wrong stood, and nothing was lost."""
        return not self.differ and not self.lost

    def plain(self) -> dict[str, Any]:
        """For programs."""
        names = ("raised", "cleared", "restarts", "core_restarts", "vehicles", "most", "standing", "lost", "rows")
        return {name: getattr(self, name) for name in names} | {
            "seconds": round(self.seconds, 1),
            "differ": self.differ,
        }


class _Story:
    def __init__(self, folder: Path, *, faults: int, restarts: int, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(seed)
        self._clock = SecondsClock()
        self._faults, self._restarts = faults, restarts
        self._on: set[AlarmKey] = set()
        self._ran: set[int] = set()
        self._raised: Counter[AlarmKey] = Counter()
        self._core = CoreUnderRows(folder)
        self.came = AlarmsRun()

    async def run(self) -> AlarmsRun:
        began, came = time.monotonic(), self.came
        for number in range(self._restarts + 1):
            box = BoxUnderFaults(self._folder, self._clock, f"boot-{number}")
            work = asyncio.create_task(box.agent.run())
            await box.starts()
            for key in sorted(self._on, key=lambda one: one.text):  # whoever sees it says so again
                await self._raise(box, key)
            goal = self._faults * (number + 1) // (self._restarts + 1)
            while came.raised < goal:
                await self._something(box)
            if number == self._restarts:
                for key in sorted(self._on, key=lambda one: one.text):
                    await self._clear(box, key)
            await self._judge(box, f"restart {number + 1}" if number < self._restarts else "end")
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            came.rows = box.journal.head()[0]
            box.store.close()  # a kill: what the writer behind had not written yet is gone
            if number < self._restarts:
                came.restarts += 1
                self._core_dies()
        came.lost = sum((self._raised - self._core.counts()).values())
        self._core.store.close()
        came.seconds = time.monotonic() - began
        return came

    def close(self) -> None:
        """The core's database; also after a story that broke off."""
        self._core.store.close()

    def _core_dies(self) -> None:
        if self._chance.random() < 0.5:
            self._core.store.close()
            self._core = CoreUnderRows(self._folder)
            self.came.core_restarts += 1

    async def _something(self, box: BoxUnderFaults) -> None:
        every = [*(AlarmKey(LaneAlarmKind.FAULT_RAISED.value, 0, one.value) for one in OF_DEVICES), *TROUBLES]
        match self._chance.choices(("on", "off", "vehicle", "officer", "saved", "core"), (40, 36, 6, 10, 4, 4))[0]:
            case "on":
                self.came.raised += 1
                await self._raise(box, self._chance.choice(every))
            case "off" if self._on:
                await self._clear(box, self._chance.choice(sorted(self._on, key=lambda one: one.text)))
            case "vehicle":
                await self._vehicle(box)
            case "officer":
                await self._officer(box)
            case "saved":
                box.alarms.save(box.journal)
            case "core":
                self._core.takes(box, self._now())
            case _:
                pass

    def _now(self) -> int:
        return BEGINS_MS + self._clock.now_ms

    async def _raise(self, box: BoxUnderFaults, key: AlarmKey) -> None:
        self._on.add(key)
        self._raised[key] += 1
        if key.kind == LaneAlarmKind.FAULT_RAISED:
            await box.happens(e.FaultRaised(Fault(key.cause), "bench"))
        else:
            await box.happens(e.TroubleReported(key.kind, "bench", key.cause))

    async def _clear(self, box: BoxUnderFaults, key: AlarmKey) -> None:
        self._on.discard(key)
        self.came.cleared += 1
        fault = key.kind == LaneAlarmKind.FAULT_RAISED
        await box.happens(e.FaultCleared(Fault(key.cause)) if fault else e.TroubleEnded(key.kind, key.cause))

    async def _vehicle(self, box: BoxUnderFaults) -> None:
        """One comes and drives through without a release: an alarm until an officer closes it."""
        for contact, active in (
            (Contact.STOP_LOOP, True),
            (Contact.STOP_LOOP, False),
            (Contact.EXIT_LOOP, True),
            (Contact.EXIT_LOOP, False),
        ):
            await box.happens(e.ContactChanged(contact, active, self._clock.now_ms))
        self.came.vehicles += 1
        visit = box.agent.lane.visits
        self._ran.add(visit)
        self._raised[lane_key(LaneAlarmKind.RUN_THROUGH, visit)] += 1

    async def _officer(self, box: BoxUnderFaults) -> None:
        stands = box.alarms.standing(self._now())
        if not stands:
            return
        alarm = self._chance.choice(stands).alarm
        by_hand = alarm.care.ends is Ends.PERSON and bool(alarm.taken_by)
        await box.happens(e.AlarmHandled(alarm.key.text, CLOSED if by_hand else TAKEN, "chan", "seen"))
        if by_hand:
            self._ran.discard(alarm.key.visit)

    async def _judge(self, box: BoxUnderFaults, when: str) -> None:
        faults = {AlarmKey(LaneAlarmKind.FAULT_RAISED.value, 0, one.value) for one in box.agent.lane.faults}
        wrong = faults | self._on | {lane_key(LaneAlarmKind.RUN_THROUGH, visit) for visit in self._ran}
        self.came.most = max(self.came.most, len(wrong))
        self._core.takes(box, self._now())
        for where, stands in (
            ("lane", {one.alarm.key for one in box.alarms.standing(self._now())}),
            ("core", self._core.standing(self._now())),
        ):
            self.came.standing = len(stands)
            if stands != wrong:
                extra, missing = sorted(one.text for one in stands - wrong), sorted(one.text for one in wrong - stands)
                self.came.differ.append((when, where, extra, missing))


def run(*, json_file: Path | None, faults: int, restarts: int, seed: int) -> bool:
    """Runs it and prints what it came to; whether standing alarms were the live faults throughout, and none was lost."""
    with tempfile.TemporaryDirectory(prefix="alarms-") as folder:
        story = _Story(Path(folder), faults=faults, restarts=restarts, seed=seed)
        try:
            came = asyncio.run(story.run())
        finally:
            story.close()
    for name, value in came.plain().items():
        print(f"{name:14} {value}")
    if json_file is not None:
        json_file.write_text(json.dumps(came.plain(), indent=2) + "\n", encoding="utf-8")
    return came.well
