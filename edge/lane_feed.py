"""What the officers' page shows, taken from the running lane: `console.ports.LaneFeed` over the agent.

Rules of this file: it shows what the lane's own state and the lane's own rules say, and judges nothing. What an officer
asks for goes through the agent's inbox like every other event; whether it counted is what the journal says.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace

from console.acts import ACTS
from console.ports import (
    AlarmView,
    BundleView,
    CameraPicture,
    EvidencePicture,
    HelpView,
    LaneView,
    LinkView,
    MessageView,
    NoticeView,
    OfficerAction,
    PastVisit,
    ScreenView,
    SecondAnswer,
    VisitView,
)
from devices.thumbnail import thumbnail
from domain.alarm_lifecycle import why_not_closed
from domain.alarm_list import CLOSED, SHELVED, TAKEN
from domain.alarm_traits import Ends
from domain.notices import LISTENING
from domain.visit_record import RecordKind, VisitEnded
from edge.alarm_desk import LaneAlarms, ListedAlarm, page_name
from edge.second_officer import SecondOfficer, needing
from lane_agent import events as e
from lane_agent.acceptance import SECOND, refusal
from lane_agent.agent import Agent
from lane_agent.effects import Effect, Record
from lane_agent.guards import exact_stop, identifier_missing
from lane_agent.held_up import is_waiting
from lane_agent.matching import standing_of_bundle, stopping_bundles
from lane_agent.model import Contact, Doubt, Fault, HelpCall, Moment, Outcome, Ruling, Screen
from lane_agent.state import Lane, Visit, visit_key
from lane_agent.table import TABLE
from lane_agent.wording import CARRIES_LISTENING, CARRIES_NOTICE, Scene

RAN = frozenset({"22 ran from inspection", "22 leaving against the signal", "22 through a closed lane"})
"""Rows of a vehicle that left against the signal."""
RAN_FROM_INSPECTION = "22 ran from inspection"
MESSAGES_KEPT = 50
VISITS_KEPT = 20
MESSAGE_MS = 12 * 3_600_000
"""Messages older than this, before the newest record, are not shown again after a restart."""
NUMBERS = {row.name: row.number for row in TABLE}

SignRenderer = Callable[[Screen, Scene, str, str], Awaitable[bytes | None]]


@dataclass(slots=True)
class Sources:
    """Where the page's other facts come from; each is asked at the moment of a view."""

    link: Callable[[], LinkView]
    frame: Callable[[], CameraPicture | None]
    evidence: Callable[[str], bytes | None]
    paint: SignRenderer
    now: Callable[[], Moment]
    read_ms: Callable[[], tuple[int, int] | None] = lambda: None
    notice: Callable[[], NoticeView | None] = lambda: None
    listener: Callable[[], str] = lambda: ""


@dataclass(slots=True)
class _Memory:
    """What the page remembers beside the lane's own state."""

    messages: deque[MessageView] = field(default_factory=lambda: deque(maxlen=MESSAGES_KEPT))
    past: deque[PastVisit] = field(default_factory=lambda: deque(maxlen=VISITS_KEPT))
    faults: dict[Fault, str] = field(default_factory=dict)
    faulty_since: dict[Fault, int] = field(default_factory=dict)
    painted: dict[Screen, Scene] = field(default_factory=dict)
    call: HelpView = field(default_factory=HelpView)
    rows_of: int = 0
    rows: dict[int, str] = field(default_factory=dict)
    """The rows that visit `rows_of` has been in: number to name, the newest last."""


class LanePage:
    """`console.ports.LaneFeed` for one running agent.

    Args:
        agent: the lane's shell.
        simulated: whether this is a simulated lane; shown on the page.
        software: version.
        sources: the page's other facts.
        alarms: the lane's; left out, they are made here of what the lane does, and end with the process.
    """

    def __init__(
        self, agent: Agent, *, simulated: bool, software: str, sources: Sources, alarms: LaneAlarms | None = None
    ) -> None:
        self._agent = agent
        self._simulated = simulated
        self._software = software
        self._sources = sources
        self._memory = _Memory()
        self._sequence = 0
        self._own_alarms = alarms is None
        self._alarms = alarms or LaneAlarms()
        self._messages = 0
        self.second = SecondOfficer(
            ask=agent.ask,
            refused=not_counted,
            view=self.view,
            mono_ms=lambda: sources.now().mono_ms,
            limit_ms=lambda: agent.lane.policy.second_ms,
            moved=self.moved,
        )
        self._moved = asyncio.Condition()
        self._notices: set[asyncio.Task[None]] = set()
        self._pictures: dict[Screen, tuple[tuple[Scene, str, str], bytes]] = {}

    def recall(self, records: Iterable[tuple[Record, Moment]]) -> None:
        """Takes the records of earlier boots, oldest first, so that visits and the last messages survive a restart."""
        newest = 0
        for record, at in records:
            self._remember_record(record, at)
            newest = at.utc_ms
        messages = self._memory.messages
        while messages and newest - messages[-1].at_ms > MESSAGE_MS:
            messages.pop()

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable."""
        self._remember_event(event, at)
        for effect in effects:
            if isinstance(effect, Record):
                self._remember_record(effect, at)
        if self._own_alarms:
            self._alarms.stepped(at, effects, lambda: 0)
        call = self._memory.call
        self._memory.call = HelpView() if lane.help is HelpCall.NONE else replace(call, state=lane.help)
        since = self._memory.faulty_since
        self._memory.faulty_since = {fault: since.get(fault, at.utc_ms) for fault in lane.faults}
        self.moved()

    def moved(self) -> None:
        """Something that a view shows has changed."""
        self._sequence += 1
        notice = asyncio.get_running_loop().create_task(self._notify(), name="page-moved")
        self._notices.add(notice)
        notice.add_done_callback(self._notices.discard)

    async def _notify(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    def _remember_event(self, event: e.Event, at: Moment) -> None:
        match event:
            case e.ScenePainted(screen, scene, _):
                self._memory.painted[screen] = scene
            case e.FaultRaised(fault, detail):
                self._memory.faults[fault] = detail
            case e.ContactChanged(Contact.HELP, True, _):
                if self._memory.call.state is HelpCall.NONE:
                    self._memory.call = HelpView(HelpCall.RINGING, at.utc_ms)
            case e.CallLost():
                self._memory.call = replace(self._memory.call, by="")
            case _:
                pass

    def _remember_record(self, record: Record, at: Moment) -> None:
        match record.kind:
            case RecordKind.WORDS_RECEIVED:
                self._remember_words(record, at)
            case RecordKind.ROW_ENTERED:
                self._remember_row(record)
            case RecordKind.HELP_ANSWERED | RecordKind.OFFICER_SENT:
                self._memory.call = replace(self._memory.call, by=dict(record.facts).get("officer", ""))
            case RecordKind.VISIT_ENDED:
                self._remember_visit(record)
            case _:
                pass

    def _remember_words(self, record: Record, at: Moment) -> None:
        facts = dict(record.facts)
        self._messages += 1
        name = f"message-{at.utc_ms}-{self._messages}"
        self._memory.messages.appendleft(
            MessageView(name, at.utc_ms, facts.get("issuer", ""), facts.get("text", ""), record.visit)
        )

    def _remember_row(self, record: Record) -> None:
        memory, facts = self._memory, dict(record.facts)
        if memory.rows_of != record.visit:
            memory.rows_of, memory.rows = record.visit, {}
        number = int(facts["row"])
        memory.rows.pop(number, None)
        memory.rows[number] = facts["name"]

    def _remember_visit(self, record: Record) -> None:
        rows = self._memory.rows if self._memory.rows_of == record.visit else {}
        self._memory.past.appendleft(past_visit(record, rows))

    def view(self) -> LaneView:
        """The lane as it is now (see `console.ports.LaneFeed`)."""
        lane, memory = self._agent.lane, self._memory
        refused = _refusals(lane)
        second = needing(refused)
        return LaneView(
            sequence=self._sequence,
            at_ms=self._sources.now().utc_ms,
            lane=lane.policy.lane,
            point=lane.policy.point,
            direction=lane.policy.direction,
            simulated=self._simulated,
            open=lane.opened,
            row=NUMBERS.get(lane.row, 0),
            row_name=lane.row,
            refuses=tuple(one for one in refused if one[0] not in second),
            second=second,
            approval=self.second.shown,
            notice=self._sources.notice(),
            listener=self._sources.listener(),
            manual=tuple(sorted(lane.manual, key=lambda reason: reason.value)),
            debt=lane.debt or (lane.visit is not None and lane.visit.unclear is not None),
            bypassed=tuple(sorted(lane.bypassed, key=lambda contact: contact.value)),
            faults=tuple((fault, memory.faults.get(fault, "")) for fault in sorted(lane.faults, key=lambda f: f.value)),
            faulty_since=tuple(memory.faulty_since.items()),
            visit=_visit(lane),
            start=lane.boot,
            help=replace(memory.call, state=lane.help),
            alarms=tuple(_alarm_view(one) for one in self._alarms.listed(self._sources.now().utc_ms)),
            messages=tuple(memory.messages),
            link=self._sources.link(),
            screens=self._screens(lane),
            past=_past(memory.past, exit_to_compound=lane.policy.exit_to_compound),
            inbox_wait_ms=self._agent.inbox_wait_ms(),
            read_ms=self._sources.read_ms(),
            software=self._software,
        )

    def _screens(self, lane: Lane) -> tuple[ScreenView, ...]:
        told = {Screen.XDB: lane.face.xdb, Screen.AIOP: lane.face.aiop}
        painted = self._memory.painted
        return tuple(
            ScreenView(screen, told[screen], painted.get(screen), screen in lane.face.painted, lane.face.parameter)
            for screen in Screen
        )

    async def changed(self, after: int) -> LaneView:
        """Waits until the view's sequence exceeds `after`."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._sequence > after)
        return self.view()

    async def frame(self) -> CameraPicture | None:
        """The newest camera picture."""
        return self._sources.frame()

    async def small_frame(self, width: int) -> CameraPicture | None:
        """The newest camera picture made small, outside the agent's loop."""
        frame = self._sources.frame()
        if frame is None:
            return None
        small = await asyncio.to_thread(thumbnail, frame.jpeg, width)
        return None if small is None else CameraPicture(small, frame.age_ms)

    async def screen_png(self, screen: Screen) -> bytes | None:
        """What that screen was told to show, painted by the display's own painter."""
        face = self._agent.lane.face
        scene = face.xdb if screen is Screen.XDB else face.aiop
        wanted = (scene, face.parameter, self._below(scene) if screen is Screen.AIOP else "")
        kept = self._pictures.get(screen)
        if kept is not None and kept[0] == wanted:
            return kept[1]
        picture = await self._sources.paint(screen, *wanted)
        if picture is not None:
            self._pictures[screen] = wanted, picture
        return picture

    def _below(self, scene: Scene) -> str:
        """What the panel says below this message."""
        if self._sources.listener() and scene in CARRIES_LISTENING:
            return LISTENING
        notice = self._sources.notice()
        return "" if notice is None or scene not in CARRIES_NOTICE else notice.notice.value

    async def evidence(self, digest: str) -> EvidencePicture | None:
        """A stored evidence picture."""
        body = await asyncio.to_thread(self._sources.evidence, digest)
        return None if body is None else EvidencePicture(body)

    async def act(self, action: OfficerAction) -> str:
        """Puts an officer's event to the lane; once it is in the journal, why the lane refused it, "" if it did not."""
        if getattr(action, "second", ""):
            return SECOND.why  # nobody writes another's approval into his own act
        return not_counted(await self._agent.ask(action))

    async def ask_second(self, action: OfficerAction) -> str:
        """Asks for a second officer's approval (see `console.ports.LaneFeed`)."""
        return await self.second.ask(action)

    async def answer_second(self, answer: SecondAnswer) -> str:
        """A second officer approves or refuses (see `console.ports.LaneFeed`)."""
        return await self.second.answer(answer)

    async def acknowledge(self, alarm: str, officer: str) -> bool:
        """Notes who takes an alarm, or has read a message; False if it is no longer kept."""
        known = self._alarms.open_one(alarm)
        if known is not None:
            await self._agent.ask(e.AlarmHandled(known.key.text, TAKEN, officer))
        elif not _mark(self._memory.messages, alarm, officer):
            return False
        self.moved()
        return True

    async def close_alarm(self, alarm: str, officer: str, reason: str) -> str:
        """An officer closes an alarm (see `console.ports.LaneFeed`)."""
        known = self._alarms.open_one(alarm)
        if known is None:
            return "it is over, or no longer kept here"
        why = why_not_closed(known, self._sources.now().utc_ms)
        if not why:
            await self._agent.ask(e.AlarmHandled(known.key.text, CLOSED, officer, reason))
            self.moved()
        return why

    async def shelve_alarm(self, alarm: str, officer: str, reason: str, minutes: int) -> str:
        """An officer shelves an alarm (see `console.ports.LaneFeed`)."""
        known = self._alarms.open_one(alarm)
        if known is None:
            return "it is over, or no longer kept here"
        if known.care.ends is Ends.PERSON or known.key.visit:
            return "a vehicle or a person waits for it"
        until_ms = self._sources.now().utc_ms + minutes * 60_000
        await self._agent.ask(e.AlarmHandled(known.key.text, SHELVED, officer, reason, until_ms))
        self.moved()
        return ""


def _alarm_view(listed: ListedAlarm) -> AlarmView:
    alarm = listed.alarm
    return AlarmView(
        id=page_name(alarm),
        kind=alarm.key.kind,
        at_ms=alarm.at_ms,
        detail=alarm.detail,
        visit=alarm.key.visit,
        seen_by=alarm.taken_by,
        count=alarm.count,
        state=listed.state,
        priority=listed.priority,
        escalated=listed.escalated,
        ended_ms=alarm.ended_ms,
        closed_by=alarm.closed_by,
        by_hand=alarm.care.ends is Ends.PERSON,
        cause=alarm.key.cause,
        shelved_by=alarm.shelved_by,
        shelved_ms=alarm.shelved_ms,
    )


def not_counted(effects: Iterable[Effect]) -> str:
    """Why the lane did not count an event, by its own words; "" if it did."""
    ignored = (one for one in effects if isinstance(one, Record) and one.kind == RecordKind.IGNORED)
    return next((dict(one.facts)["why"] for one in ignored), "")


def past_visit(record: Record, rows: dict[int, str]) -> PastVisit:
    """A `VisitEnded` record as the page, and `rocars-lane visits`, list it; the only place of the box that reads it so.

    Args:
        record: the record.
        rows: the rows that the visit has been in, number to name, the newest last. The row of a past visit is the one
            that decided it; without a decision, the one that held last.
    """
    ended = VisitEnded.from_facts(record.facts)
    row = next(reversed(rows), 0) if ended.row is None else ended.row
    return PastVisit(
        id=record.visit,
        arrived_ms=ended.arrived_ms or 0,
        left_ms=ended.left_ms or 0,
        vrn=ended.vrn,
        mainland=ended.mainland,
        outcome=Outcome(ended.outcome),
        row=row,
        row_name=rows.get(row, ""),
        doubt=Doubt(ended.doubt) if ended.doubt else None,
        ruling=Ruling(ended.ruling) if ended.ruling else Ruling.NONE,
        officer=ended.officer,
        reason=ended.reason,
        evidence=ended.evidence,
        ran=_ran(ended, rows),
    )


def _ran(ended: VisitEnded, rows: dict[int, str]) -> str:
    """The row by which a vehicle left against the signal, "" if it did not.

    One sent to the compound that clears the stop loop before a loop on the way out sees it ends its visit with that very
    edge, and no row is entered any more (design §2.1).
    """
    if (name := rows.get(22, "")) in RAN:
        return name
    wrong_way = ended.outcome == Outcome.EXAMINE.value and ended.how == Contact.EXIT_LOOP.value
    return RAN_FROM_INSPECTION if wrong_way else ""


def _past(visits: Iterable[PastVisit], *, exit_to_compound: bool) -> tuple[PastVisit, ...]:
    """Where the exit leads to the compound, nobody runs from inspection over it."""
    obeyed = exit_to_compound
    return tuple(replace(one, ran="") if obeyed and one.ran == RAN_FROM_INSPECTION else one for one in visits)


def _mark(listed: deque[MessageView], wanted: str, officer: str) -> bool:
    """Whether what is wanted is listed; it then says who has seen it."""
    for place, known in enumerate(listed):
        if known.id == wanted:
            listed[place] = replace(known, seen_by=officer)
            return True
    return False


def _visit(lane: Lane) -> VisitView | None:
    visit = lane.visit
    if visit is None:
        return None
    return VisitView(
        id=visit.number,
        arrived_ms=visit.arrived.utc_ms,
        manual=visit.manual,
        read=visit.read,
        candidates=visit.candidates,
        near=visit.codes.near if visit.codes else (),
        identifiers=visit.identifiers,
        identifier_wanted=identifier_missing.holds(lane),
        immigration=visit.immigration,
        unladen=visit.unladen,
        held_up=is_waiting(lane),
        manifest=visit.manifest if lane.policy.manifest_sensor else None,
        codes=visit.codes,
        bundles=_bundles(lane, visit),
        must_stop=exact_stop.holds(lane),
        doubt=visit.doubt,
        outcome=visit.outcome,
        ruling=visit.ruling,
        evidence=visit.evidence,
        officer=visit.officer,
        reason=visit.reason,
    )


def _bundles(lane: Lane, visit: Visit) -> tuple[BundleView, ...]:
    codes = visit.codes
    if codes is None:
        return ()
    key = visit_key(lane, visit.number)
    stopping = stopping_bundles(codes, lane.policy, key)
    return tuple(
        BundleView(bundle, standing_of_bundle(bundle, codes, lane.policy, key), bundle in stopping)
        for bundle in codes.bundles
    )


def _refusals(lane: Lane) -> tuple[tuple[str, str], ...]:
    """The acts that the lane would refuse now: it is asked by its own checks, with examples of the events."""
    visit = lane.visit.number if lane.visit else 0
    return tuple((act.name, why) for act in ACTS if (why := refusal(lane, act.request.example(visit))))
