"""Arrival and departure, from the loops (design §2.1, row 22).

Rules of this file:
- A visit begins when the stop loop becomes active while no visit is open. It ends when the stop loop has cleared and a loop
  on the way out has seen the vehicle, in either order (a long truck covers both).
- If the stop loop becomes active again while the last vehicle is between the loops, that visit ends and the next begins;
  the first edge on the way out after that is still the last vehicle's, unless 3 is shown: any edge there ends 3, whoever
  passes (design §2.14).
- A vehicle that cleared the stop loop and is not seen on the way out within `GONE_MS` left unseen; nothing waits for it.
- A contact that speaks for a visit and is already active when the vehicle arrives is stuck: a fault until it opens, and the visit
  is the officer's.
- A way-out loop that sees none of `Policy.unseen_limit` vehicles in a row is a fault until it sees one.
- A visit that ends while Immigration has given no answer leaves a debt (design §2.13).
"""

from __future__ import annotations

from domain.alarms import LaneAlarmKind
from domain.visit_record import RecordKind, VisitEnded
from lane_agent import events as e
from lane_agent.alarming import fault_alarm
from lane_agent.change import (
    Change,
    cancel_timer,
    clear_fault,
    hand_over,
    owe_answer,
    raise_fault,
    record,
    start_timer,
    visit_with,
)
from lane_agent.claims import give_back
from lane_agent.contacts import FOR_VISIT
from lane_agent.effects import Alarm, Effect, Record, Ring, StartReading, StopReading
from lane_agent.frozen import replace
from lane_agent.guards import on_stop_loop
from lane_agent.model import Contact, Doubt, Fault, HelpCall, Immigration, ManualReason, Moment, Outcome
from lane_agent.state import Lane, Visit

UNSEEN = "no way out seen"
"""How a visit ended that no way-out loop saw, for the record."""

GONE_MS = 15_000
"""A vehicle takes a few seconds from the stop loop to the way out; our own value, to be measured at a real lane."""


def arrive(lane: Lane, at: Moment, reason: Doubt | None = None) -> Change:
    """A vehicle is at the kiosk: a visit begins. With a `reason` it is the officer's from the start."""
    number = lane.visits + 1
    visit = Visit(number, at, manual=bool(lane.manual), began_closed=not lane.opened)
    # No row is entered yet, so that even the row that already held is recorded, and alarmed, for this vehicle.
    lane = replace(lane, visits=number, visit=visit, row="")
    effects: tuple[Effect, ...] = (
        StartReading(number),
        record(RecordKind.VEHICLE_ARRIVED, lane, mode="manual" if visit.manual else "automatic"),
    )
    stuck = sorted(contact.value for contact in lane.contacts.intersection(FOR_VISIT))
    if stuck:
        lane = raise_fault(lane, Fault.STUCK_CONTACT, Doubt.CONTACT_STUCK)
        effects += (Alarm(LaneAlarmKind.CONTACT_STUCK, number, ", ".join(stuck)),)
    if visit.began_closed:
        effects += (Alarm(LaneAlarmKind.ARRIVED_CLOSED, number),)
    return (hand_over(lane, reason) if reason else lane), effects


def stop_loop_changed(lane: Lane, event: e.ContactChanged, at: Moment, *, edge: bool) -> Change:
    """The stop loop changed. Without an edge (its first report after the start) the vehicle was there before the agent."""
    if not event.active:
        return _stop_loop_cleared(lane, at)
    visit = lane.visit
    if visit is None:
        return arrive(lane, at, None if edge else Doubt.RESTART)
    if not visit.leaving:
        return lane, ()
    lane, ended = end_visit(lane, at, "followed closely")
    lane, begun = arrive(lane, at)
    return visit_with(lane, follows=True), ended + begun


def _stop_loop_cleared(lane: Lane, at: Moment) -> Change:
    visit = lane.visit
    if visit is None or visit.leaving:
        return lane, ()
    lane = visit_with(lane, leaving=True)
    if visit.way is not None:
        return end_visit(lane, at, visit.way.value)
    return start_timer(lane, "gone", GONE_MS)


def line_opened(lane: Lane) -> Lane:
    """A contact opened: the fault of a stuck line is over when none that speaks for a visit is active any more."""
    if Fault.STUCK_CONTACT not in lane.faults or lane.contacts.intersection(FOR_VISIT):
        return lane
    return clear_fault(lane, Fault.STUCK_CONTACT)


def bypass(lane: Lane, loop: Contact, *, bypassed: bool) -> Lane:
    """Takes a loop out of the reckoning or puts it back; with any out the lane is in manual mode (design §2.14).

    A vehicle that came in automatic mode is the officer's, for nobody can say what has passed the loop meanwhile.
    """
    loops = lane.bypassed | {loop} if bypassed else lane.bypassed - {loop}
    manual = lane.manual | {ManualReason.BYPASS} if loops else lane.manual - {ManualReason.BYPASS}
    lane = replace(lane, bypassed=loops, manual=manual)
    automatic = lane.visit is not None and not lane.visit.manual
    return _way_out_seen(visit_with(lane, officers=True) if automatic else lane, lives=False)


def _way_out_seen(lane: Lane, *, lives: bool) -> Lane:
    """The way-out loops are known to work, or are no longer counted upon."""
    lives = lives and lane.policy.held_up_ms > 0
    return clear_fault(replace(lane, unseen=0, way_out_lives=lives), Fault.WAY_OUT)


def _way_out_missed(lane: Lane) -> Change:
    """A vehicle left, and no way-out loop saw it."""
    unseen = min(lane.unseen + 1, lane.policy.unseen_limit)
    lane = replace(lane, unseen=unseen, way_out_lives=False)
    if unseen < lane.policy.unseen_limit or lane.bypassed or Fault.WAY_OUT in lane.faults:
        return lane, ()
    why = f"no loop saw any of the last {unseen} vehicles leave; look at it, or bypass it"
    return raise_fault(lane, Fault.WAY_OUT), (fault_alarm(Fault.WAY_OUT, 0, why),)


def way_out_changed(lane: Lane, event: e.ContactChanged, at: Moment, *, edge: bool) -> Change:
    """A loop on the way out changed; only an edge since the arrival can be this vehicle's."""
    if event.active and edge:
        lane = _way_out_seen(lane, lives=event.contact is Contact.EXIT_LOOP)
    visit = lane.visit
    if visit is None or not event.active or not edge or event.edge_ms < visit.arrived.mono_ms:
        return lane, ()
    if visit.follows and visit.outcome is not Outcome.RELEASED:
        lane = visit_with(lane, follows=False)
        return lane, (record(RecordKind.WAY_OUT_OF_VEHICLE_BEFORE, lane, loop=event.contact.value),)
    lane = visit_with(lane, way=event.contact)
    return end_visit(lane, at, event.contact.value) if visit.leaving else (lane, ())


def begun_with_another(lane: Lane, contact: Contact) -> Change:
    """Immigration begins with a vehicle that was taken over by hand and still stands here: it owes that answer (design §2.13)."""
    begins = contact is Contact.IMMIGRATION_STARTED
    return owe_answer(lane) if begins and lane.visit is None and on_stop_loop.holds(lane) else (lane, ())


def end_visit(lane: Lane, at: Moment, how: str) -> Change:
    """Ends the visit with its base record (domain §4); the lane waits for the next vehicle. `how` is for the record."""
    visit = lane.visit
    if visit is None:
        return lane, ()
    effects: tuple[Effect, ...] = (StopReading(visit.number), *give_back(visit), summary(lane, visit, at, how))
    if visit.leaving and visit.way is None and visit.outcome is not Outcome.RELEASED:
        effects += (Alarm(LaneAlarmKind.LEFT_UNSEEN, visit.number, how),)
    wrong_way = visit.way is Contact.EXIT_LOOP and not lane.policy.exit_to_compound
    if wrong_way and visit.outcome is Outcome.EXAMINE:
        effects += (Alarm(LaneAlarmKind.RUN_THROUGH, visit.number, "took the way out with 4 on show"),)
    if lane.help is not HelpCall.NONE:
        lane = replace(lane, help=HelpCall.NONE)
        effects += (Ring("end"), record(RecordKind.HELP_ENDED, lane, outcome="vehicle left"))
    lane, cancelled = cancel_timer(lane, "gone")
    lane, owed = owe_answer(lane) if visit.immigration is Immigration.RUNNING else (lane, ())
    lane, missed = _way_out_missed(lane) if how == UNSEEN and _has_loop(lane, visit) else (lane, ())
    return replace(lane, visit=None), effects + cancelled + owed + missed


def _has_loop(lane: Lane, visit: Visit) -> bool:
    """Whether a loop should have seen this vehicle: of one sent to the compound only where a loop is on its way."""
    policy = lane.policy
    return visit.outcome is not Outcome.EXAMINE or policy.compound_loop or policy.exit_to_compound


def summary(lane: Lane, visit: Visit, at: Moment, how: str) -> Record:
    """The base record of a visit, for the journal."""
    read, codes = visit.read, visit.codes
    cargo = [cargo for bundle in codes.bundles for cargo in bundle.cargo] if codes else []
    ended = VisitEnded(
        lane_id=lane.policy.lane,
        point=lane.policy.point,
        direction=lane.policy.direction.value,
        arrived_ms=visit.arrived.utc_ms,
        immigration_ms=visit.immigration_over.utc_ms if visit.immigration_over else None,
        decided_ms=visit.decided_at.utc_ms if visit.decided_at else None,
        left_ms=at.utc_ms,
        quality=at.quality.value,
        how=how,
        vrn=read.vrn if read else "",
        mainland=read.mainland or "" if read else "",
        confidence=read.confidence if read else None,
        source=read.source.value if read else "",
        unread=visit.unread,
        evidence=tuple(dict.fromkeys(visit.evidence)),
        identifiers=visit.identifiers,
        identified=_agreement(visit),
        mode="manual" if visit.manual else "automatic",
        link=lane.link.value,
        row=visit.decided or None,
        outcome=visit.outcome.value,
        doubt=visit.doubt.value if visit.doubt else "",
        ruling=visit.ruling.value if visit.officer else "",
        officer=visit.officer,
        reason=visit.reason,
        unladen=visit.unladen,
        manifest=visit.manifest,
        ubrs=visit.used,
        prompts=visit.prompts or None,
        paper=visit.paper,
        epoch=codes.epoch if codes else "",
        version=codes.version if codes else None,
        state_hash=codes.state_hash if codes else "",
        ccrns=tuple(one.ccrn for one in cargo),
        schemes=tuple(one.scheme for one in cargo if one.scheme),
    )
    return Record(RecordKind.VISIT_ENDED, visit.number, ended.to_facts())


def _agreement(visit: Visit) -> str:
    """Whether every second identifier named the mark the visit was decided on; "" without one, or without a mark."""
    if visit.read is None or not visit.identifiers:
        return ""
    return "agrees" if {vrn for _, vrn in visit.identifiers} == {visit.read.vrn} else "differs"
