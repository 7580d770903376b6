"""What each event changes in the lane's facts. Total over `Event`; what is decided and shown follows in `step`.

3 is screen 3, Clearance Completed; 4 is screen 4, to the examination compound.
"""

from __future__ import annotations

from typing import assert_never

from domain.alarms import LaneAlarmKind
from domain.marks import is_near_miss
from domain.visit_record import RecordKind
from lane_agent import claims, debt, held_up, help_call, immigration, passage
from lane_agent import events as e
from lane_agent.acceptance import refusal
from lane_agent.alarming import fault_alarm, handled
from lane_agent.change import (
    Change,
    ask_codes,
    cancel_timer,
    clear_fault,
    doubt,
    hand_over,
    is_shown_3,
    owe_answer,
    raise_fault,
    record,
    spend_release,
    visit_number,
    visit_with,
)
from lane_agent.contacts import CONTACTS, TELLTALES, WAYS_OUT
from lane_agent.effects import Alarm, AlarmEnded, Effect, Record, Ring, StartReading, TellDriver
from lane_agent.frozen import replace
from lane_agent.matching import must_stop, sort_bundles
from lane_agent.model import (
    Codes,
    Contact,
    Doubt,
    Face,
    Fault,
    HelpCall,
    Link,
    ManualReason,
    Moment,
    Outcome,
    Read,
    ReadSource,
    Ruling,
    Screen,
)
from lane_agent.rules import RULES, Rules
from lane_agent.state import Lane, visit_key
from lane_agent.table import TABLE


def receive(lane: Lane, event: e.Event, at: Moment, rules: Rules = RULES) -> Change:
    """What the event changes. One that does not count now (`acceptance`) only leaves a record.

    The level of a contact is kept all the same, since the next edge is judged by it.
    """
    why = refusal(lane, event, rules.accept, rules.contacts)
    if isinstance(event, e.ContactChanged):
        return _contact(lane, event, at, why)
    if isinstance(event, e.ImmigrationSignalled):
        return immigration.heard(lane, event, at, why)
    if isinstance(event, e.ScenePainted) and event.serial == 0 and is_shown_3(lane):
        return _fell_back(lane, event.screen)
    if why:
        return lane, (Record(RecordKind.IGNORED, visit_number(lane), (("event", type(event).__name__), ("why", why))),)
    return _apply(lane, event, at)


def _fell_back(lane: Lane, screen: Screen) -> Change:
    """A screen that lost the agent shows its safe face (serial 0). The two screens then differ, so 3 is withdrawn (design §2.11)."""
    lane = raise_fault(lane, Fault.SCREEN, Doubt.NOT_CONFIRMED)
    return lane, (fault_alarm(Fault.SCREEN, visit_number(lane), f"{screen.value} fell back to its safe face"),)


def _apply(lane: Lane, event: e.Event, at: Moment) -> Change:
    match event:
        case e.AgentStarted():
            return _started(lane, event)
        case e.ContactChanged() | e.ImmigrationSignalled():
            return lane, ()  # above: they are heard, counted or not
        case e.PlateSettled():
            return _plate(lane, event.read)
        case e.PlateUnread():
            return _unread(lane, event), ()
        case e.PlateDoubted():
            return _doubted(lane, event), ()
        case e.PlateSeenAgain():
            return held_up.look(lane)
        case e.SecondVehicleSeen():
            return doubt(lane, Doubt.SECOND_VEHICLE), ()
        case e.IdentifierRead():
            return immigration.name(lane, event), ()
        case e.LinkChanged():
            return _link(lane, event.link), ()
        case e.CodesVerified():
            return replace(lane, manual=lane.manual - {ManualReason.UNVERIFIED}), ()
        case e.CodesChanged():
            return _codes_changed(lane, event)
        case e.CodesFound():
            return _codes_found(lane, event), ()
        case e.ClaimAnswered():
            return claims.answered(lane, event)
        case e.ScenePainted():
            return _painted(lane, event.screen)
        case e.ShowLapsed():
            return _lapsed(lane), ()
        case e.TimerFired():
            return _timer(lane, event, at)
        case e.FaultRaised():
            return _fault(lane, event)
        case e.FaultCleared():
            return clear_fault(lane, event.fault), ()
        case e.TroubleReported():
            return lane, (Alarm(event.kind, visit_number(lane), event.detail, event.cause),)
        case e.TroubleEnded():
            return lane, (AlarmEnded(event.kind, visit_number(lane), event.cause),)
        case e.AlarmHandled():
            return lane, (handled(event),)
        case e.ApprovalHandled():
            return lane, (_approval(lane, event),)
        case e.WordsReceived():
            return lane, (record(RecordKind.WORDS_RECEIVED, lane, issuer=event.issuer, text=event.text),)
        case e.DriverNotified():
            facts = {"issuer": event.issuer, "notice": event.notice, "seconds": event.ms // 1_000}
            line = TellDriver(event.notice, event.issuer, event.visit, event.ms)
            return lane, (record(RecordKind.DRIVER_NOTIFIED, lane, **facts), line)
        case e.HelpAnswered() | e.HelpEnded() | e.AudioChanged() | e.CallLost() | e.OfficerSent():
            return help_call.went_on(lane, event)
        case e.CallReported():
            told = record(RecordKind.CALL_REPORTED, lane, call=event.call, who=event.who, detail=event.detail)
            return lane, (told,)
        case _:
            return _officer(lane, event, at)


def _approval(lane: Lane, event: e.ApprovalHandled) -> Record:
    facts = {"act": event.act, "deed": event.deed, "officer": event.officer, "second": event.second}
    return record(RecordKind.APPROVAL_HANDLED, lane, **facts, reason=event.reason, why=event.why)


def _officer(lane: Lane, event: e.OfficerEvent, at: Moment) -> Change:
    match event:
        case e.OfficerReleased():
            return _released(lane, event)
        case e.OfficerInspected():
            lane = visit_with(lane, ruling=Ruling.INSPECT, officer=event.officer, reason=event.reason)
            return (doubt(lane, Doubt.ORDERED) if is_shown_3(lane) else lane), ()
        case e.OfficerCorrected():
            return _corrected(lane, event)
        case e.OfficerTookOver():
            lane = visit_with(lane, officer=event.officer, reason=event.reason, paper=event.paper)
            return passage.end_visit(lane, at, "by hand")
        case e.LaneOpened():
            lane = replace(lane, opened=True)
            came_closed = lane.visit is not None and lane.visit.began_closed
            lane = hand_over(visit_with(lane, began_closed=False), Doubt.BEGAN_CLOSED) if came_closed else lane
            return lane, (record(RecordKind.LANE_OPENED, lane, officer=event.officer),)
        case e.LaneClosed():
            return _closed(lane), (record(RecordKind.LANE_CLOSED, lane, officer=event.officer, reason=event.reason),)
        case e.ManualOrdered():
            lane = replace(lane, manual=lane.manual | {ManualReason.ORDER})
            return lane, (record(RecordKind.MANUAL_ORDERED, lane, officer=event.officer, reason=event.reason),)
        case e.ManualEnded():
            lane = replace(lane, manual=lane.manual - {ManualReason.ORDER})
            return lane, (record(RecordKind.MANUAL_ENDED, lane, officer=event.officer),)
        case e.LoopBypassed():
            facts = {
                "loop": event.contact.value,
                "bypassed": event.bypassed,
                "officer": event.officer,
                "reason": event.reason,
                "second": event.second,
            }
            return passage.bypass(lane, event.contact, bypassed=event.bypassed), (
                record(RecordKind.LOOP_BYPASSED, lane, **facts),
            )
        case e.VehicleAnnounced():
            return passage.arrive(lane, at, Doubt.ANNOUNCED)
        case e.DebtWrittenOff():
            return debt.write_off(lane, event, at)
        case _:
            assert_never(event)


def _closed(lane: Lane) -> Lane:
    """The lane closes; a vehicle at the kiosk that has not been shown 3 is the officer's (row 1)."""
    lane = replace(lane, opened=False)
    visit = lane.visit
    if visit is None or visit.began_closed or visit.outcome is Outcome.RELEASED:
        return lane
    return hand_over(lane, Doubt.CLOSED_MEANWHILE)


def _started(lane: Lane, event: e.AgentStarted) -> Change:
    """After a start nothing outside is known: contacts, link, faults and screens are learnt again.

    A visit that was open goes to the officer (design §2.8), since nobody saw what happened meanwhile. An officer's order for
    manual mode stays, and so does a bypass.
    """
    kept = lane.manual & {ManualReason.ORDER, ManualReason.BYPASS}
    manual = kept | {ManualReason.LINK, ManualReason.UNVERIFIED}
    lane = replace(
        lane,
        policy=event.policy,
        boot=event.boot,
        link=Link.OFFLINE,
        manual=manual,
        faults=frozenset(),
        known=frozenset(),
        contacts=frozenset(),
        way_out_lives=False,
        help=HelpCall.NONE,
        face=Face(),
        row="",
        stage="",
        timers=(),
    )
    lane, owed = owe_answer(lane) if lane.debt else (lane, ())
    visit = lane.visit
    if visit is None:
        return lane, owed
    outcome = Outcome.WITHDRAWN if visit.outcome is Outcome.RELEASED else visit.outcome
    lane = visit_with(spend_release(lane), outcome=outcome, lookup=0, answered=False, leaving=False)
    told = (StartReading(visit.number), Alarm(LaneAlarmKind.RESTARTED_WITH_VEHICLE, visit.number))
    return hand_over(lane, Doubt.RESTART), owed + told


def _contact(lane: Lane, event: e.ContactChanged, at: Moment, why: str) -> Change:
    first = event.contact not in lane.known
    was = event.contact in lane.contacts
    levels = lane.contacts | {event.contact} if event.active else lane.contacts - {event.contact}
    lane = replace(lane, known=lane.known | {event.contact}, contacts=levels)
    if event.contact in lane.bypassed:
        return lane, ()
    if event.active == was and not (first and event.contact is Contact.STOP_LOOP):
        return lane, ()
    lane = passage.line_opened(lane) if not event.active else lane
    if lane.debt and event.active and not first and event.contact in debt.ANSWERS:
        return debt.pay(lane, event.contact)
    if why:
        ignored = Record(RecordKind.IGNORED, visit_number(lane), (("event", event.contact.value), ("why", why)))
        lane, owed = passage.begun_with_another(lane, event.contact) if not first else (lane, ())
        return lane, (ignored, *owed)
    if event.contact is Contact.STOP_LOOP:
        return passage.stop_loop_changed(lane, event, at, edge=not first)
    if event.contact in WAYS_OUT:
        return passage.way_out_changed(lane, event, at, edge=not first)
    if event.contact is Contact.HELP:
        return help_call.button(lane, pressed=event.active)
    if event.contact in TELLTALES:
        return lane, (_telltale(event),)
    if CONTACTS[event.contact].witness or not event.active:
        return lane, ()
    return _speaks_for_visit(lane, event.contact, at)


def _telltale(event: e.ContactChanged) -> Effect:
    """A contact that only people need to know of."""
    kind = TELLTALES[event.contact]
    return Alarm(kind, 0, CONTACTS[event.contact].says) if event.active else AlarmEnded(kind, 0)


def _speaks_for_visit(lane: Lane, contact: Contact, at: Moment) -> Change:
    match contact:
        case Contact.UNLADEN:
            contradicts = is_shown_3(lane) and lane.visit is not None and bool(lane.visit.used)
            lane = visit_with(lane, unladen=True)
            told = (record(RecordKind.UNLADEN_DECLARED, lane, pressed_ms=at.utc_ms),)
            return (doubt(lane, Doubt.CONTRADICTION) if contradicts else lane), told
        case Contact.DROP_BOX:
            return visit_with(lane, manifest=True), ()
        case _:
            return immigration.signalled(lane, contact, at)


def _plate(lane: Lane, read: Read) -> Change:
    visit = lane.visit
    if visit is None or (visit.read is not None and visit.read.source is ReadSource.OFFICER):
        return lane, ()
    lane = visit_with(lane, evidence=(*visit.evidence, *read.evidence))
    if visit.read is not None:
        return _second_read(lane, visit.read, read), ()
    lane = visit_with(lane, read=read, unread="")
    others = {vrn for _, vrn in visit.identifiers}
    return ask_codes(doubt(lane, Doubt.PLATES_DISAGREE) if others - {read.vrn} else lane)


def _second_read(lane: Lane, first: Read, second: Read) -> Lane:
    """The first read is kept; a second may only add the Mainland plate that it lacked (design §5)."""
    witnesses = {first.mainland, second.mainland} - {None, ""}
    if first.vrn != second.vrn or len(witnesses) > 1:
        return doubt(lane, Doubt.PLATES_DISAGREE)
    return visit_with(lane, read=replace(first, mainland=first.mainland or second.mainland))


def _unread(lane: Lane, event: e.PlateUnread) -> Lane:
    visit = lane.visit
    had = visit.evidence if visit else ()
    return visit_with(lane, unread=event.reason, candidates=event.candidates, evidence=(*had, *event.evidence))


def _doubted(lane: Lane, event: e.PlateDoubted) -> Lane:
    """The reader takes back what it settled. It cannot take back what an officer typed."""
    visit = lane.visit
    if visit is None or visit.read is None or visit.read.source is ReadSource.OFFICER or visit.read.vrn != event.vrn:
        return lane
    lane = visit_with(lane, candidates=event.candidates, evidence=(*visit.evidence, *event.evidence))
    return doubt(lane, Doubt.PLATES_DISAGREE)


def _fault(lane: Lane, event: e.FaultRaised) -> Change:
    """A fault. One of the code book also ends the lookup that is open: no answer may ever come, and nothing may wait for it."""
    effects: tuple[Effect, ...] = (fault_alarm(event.fault, visit_number(lane), event.detail),)
    lane = raise_fault(lane, event.fault)
    visit = lane.visit
    if event.fault is not Fault.CODES or visit is None or not visit.lookup:
        return lane, effects
    if visit.ruling is Ruling.RELEASE and not is_shown_3(lane):
        lane = spend_release(lane)
        effects = (*effects, Alarm(LaneAlarmKind.RELEASE_REFUSED, visit.number, "the code book does not answer"))
    return visit_with(lane, lookup=0), effects


def _link(lane: Lane, link: Link) -> Lane:
    """FRESH means that epoch, version and state hash are those the core signed (design §3), so the codes are verified too."""
    manual = lane.manual
    if link is Link.OFFLINE:
        manual |= {ManualReason.LINK}
    elif link is Link.FRESH:
        manual -= {ManualReason.LINK, ManualReason.UNVERIFIED}
    return replace(lane, link=link, manual=manual)


def _codes_changed(lane: Lane, event: e.CodesChanged) -> Change:
    visit = lane.visit
    if visit is None or visit.read is None:
        return lane, ()
    vrn = visit.read.vrn
    if event.vrn != vrn and not is_near_miss(event.vrn, vrn):
        return lane, ()
    if event.hold and visit.outcome is Outcome.RELEASED:
        lane = doubt(lane, Doubt.HOLD_AFTER_DONE)
    return ask_codes(lane)


def _codes_found(lane: Lane, event: e.CodesFound) -> Lane:
    lane = visit_with(lane, codes=event.codes, answered=True, lookup=0)
    if not is_shown_3(lane):
        return lane
    if must_stop(event.codes, lane.policy, visit_key(lane, event.visit)):
        return doubt(lane, Doubt.HOLD_AFTER_DONE)
    return _grounds_still_there(lane, event.codes)


def _grounds_still_there(lane: Lane, codes: Codes) -> Lane:
    """While 3 stands by the system's own word: no bundle against an unladen press (row 11), none of its own lost."""
    visit = lane.visit
    if visit is None or visit.ruling is Ruling.RELEASE:
        return lane
    key = visit_key(lane, visit.number)
    if visit.unladen and sort_bundles(codes, lane.policy, key).pending:
        return doubt(lane, Doubt.CONTRADICTION)
    kept = {bundle.ubr for bundle in codes.bundles if not bundle.withdrawn and bundle.used_by in ("", key)}
    return lane if kept >= set(visit.used) else doubt(lane, Doubt.GROUNDS_GONE)


def _painted(lane: Lane, screen: Screen) -> Change:
    painted = lane.face.painted | {screen}
    lane = replace(lane, face=replace(lane.face, painted=painted))
    if painted != frozenset(Screen):
        return lane, ()
    return cancel_timer(clear_fault(lane, Fault.SCREEN), "paint")


def _timer(lane: Lane, event: e.TimerFired, at: Moment) -> Change:
    lane = replace(lane, timers=tuple(timer for timer in lane.timers if timer[0] != event.timer))
    match event.timer:
        case "gone":
            return passage.end_visit(lane, at, passage.UNSEEN)
        case "debt":
            return replace(lane, debt=False), (record(RecordKind.IMMIGRATION_DEBT_LAPSED, lane),)
        case "paint":
            return _not_painted(lane)
        case "help":
            lane = replace(lane, help=HelpCall.NONE)
            return lane, (Ring("end"), Alarm(LaneAlarmKind.HELP_STUCK, visit_number(lane), "Help held over its limit"))
        case held_up.LIMIT | held_up.LOOK:
            return hand_over(lane, Doubt.NOT_LEFT), (Alarm(LaneAlarmKind.OVERDUE, visit_number(lane), event.timer),)
        case _:
            return held_up.begin(lane) if held_up.may_wait(lane) else _overdue(lane)


def _lapsed(lane: Lane) -> Lane:
    """3 was ordered and not shown, for the order came too late to be true (design §2.15)."""
    return doubt(lane, Doubt.NOT_CONFIRMED) if is_shown_3(lane) else lane


def _overdue(lane: Lane) -> Change:
    """The limit of a waiting row ran out; the visit is the officer's (design §2.9)."""
    row = next(row for row in TABLE if row.name == lane.stage)
    if row.overdue is None:
        return visit_with(lane, unread="no read in time"), ()
    if not is_shown_3(lane):  # a release that could not take effect in time must not do so later, unobserved
        lane = spend_release(lane)
    return hand_over(lane, row.overdue), (Alarm(LaneAlarmKind.OVERDUE, visit_number(lane), row.name),)


def _not_painted(lane: Lane) -> Change:
    missing = ", ".join(sorted(screen.value for screen in frozenset(Screen) - lane.face.painted))
    lane = raise_fault(lane, Fault.SCREEN, Doubt.NOT_CONFIRMED)
    return lane, (fault_alarm(Fault.SCREEN, visit_number(lane), f"not confirmed by {missing}"),)


def _released(lane: Lane, event: e.OfficerReleased) -> Change:
    """An officer's release settles the doubt; the record keeps what the system had decided. It also ends a help call."""
    visit = lane.visit
    if visit is None or visit.outcome is Outcome.RELEASED:
        return lane, ()
    had = visit.doubt.value if visit.doubt else lane.row
    facts = {
        "officer": event.officer,
        "reason": event.reason,
        "second": event.second,
        "system": had,
        "claim": "granted" if visit.receipt else "none",
    }
    effects = (record(RecordKind.RELEASED_BY_OFFICER, lane, **facts),)
    lane = visit_with(
        lane,
        ruling=Ruling.RELEASE,
        officer=event.officer,
        reason=event.reason,
        paper=event.paper,
        doubt=None,
        officers=True,
    )
    if lane.help is not HelpCall.NONE:
        lane = replace(lane, help=HelpCall.NONE)
        effects += (Ring("end"), record(RecordKind.HELP_ENDED, lane, officer=event.officer, outcome="released"))  # type: ignore[assignment]
    return lane, effects


def _corrected(lane: Lane, event: e.OfficerCorrected) -> Change:
    """The officer vouches for the plate. That settles a doubt about plates and no other; the codes are asked again."""
    visit = lane.visit
    if visit is None:
        return lane, ()
    seen = visit.read.mainland if visit.read else None
    read = Read(event.vrn, seen, 1.0, ReadSource.OFFICER, visit.evidence)
    effects = (
        record(
            RecordKind.CORRECTED,
            lane,
            officer=event.officer,
            reason=event.reason,
            vrn=event.vrn,
            was=visit.read.vrn if visit.read else None,
        ),
    )
    settled = visit.doubt is Doubt.PLATES_DISAGREE
    lane = visit_with(lane, read=read, unread="", codes=None, doubt=None if settled else visit.doubt)
    lane = immigration.stands_alone(lane)
    if is_shown_3(lane) and visit.read is not None and visit.read.vrn != event.vrn:
        lane = doubt(lane, Doubt.PLATES_DISAGREE)  # 3 was shown on the strength of another mark
    lane, asked = ask_codes(lane)
    return lane, effects + asked
