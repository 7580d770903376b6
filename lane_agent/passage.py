"""Arrival and departure, from the loops (design §2.1, row 22).

Rules of this file:
- A visit begins with an edge of the stop loop while no visit is open, and ends when the stop loop has cleared and a
  way-out loop was seen, in either order.
- A stop-loop edge while the last vehicle is between the loops ends that visit and begins the next; the first way-out
  edge after that is the last vehicle's own, unless 3 stands: any way-out edge ends 3, whoever passes (design §2.14).
- A vehicle that cleared the stop loop and reached no way out in `GONE_MS` is recorded as left unseen; nothing waits for it.
- A contact that speaks for a visit and is already active at arrival is a fault until it opens (a stuck line).
- So is a way-out loop that sees none of `Policy.unseen_limit` vehicles in a row, until it sees one.
- A visit that ends while Immigration has given no answer leaves a debt (design §2.13).
"""

from __future__ import annotations

from lane_agent import events as e
from lane_agent.acceptance import CONTACT_CHECKS
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
from lane_agent.effects import Alarm, Effect, Record, Ring, StartReading, StopReading
from lane_agent.frozen import replace
from lane_agent.model import Codes, Contact, Doubt, Fault, HelpCall, Immigration, ManualReason, Moment, Outcome
from lane_agent.state import Lane, Visit

UNSEEN = "no way out seen"
"""How a visit ended that no way-out loop saw, for the record."""

GONE_MS = 15_000
"""A vehicle crosses from the stop loop to the way out in a few seconds; own value."""


def arrive(lane: Lane, at: Moment, reason: Doubt | None = None) -> Change:
    """A vehicle has come to the kiosk."""
    number = lane.visits + 1
    visit = Visit(number, at, manual=bool(lane.manual), began_closed=not lane.opened)
    lane = replace(
        lane, visits=number, visit=visit, row=""
    )  # its row is entered for it, be it the one that held before
    effects: tuple[Effect, ...] = (
        StartReading(number),
        record("VehicleArrived", lane, mode="manual" if visit.manual else "automatic"),
    )
    stuck = sorted(contact.value for contact in lane.contacts & CONTACT_CHECKS.keys())
    if stuck:
        lane = raise_fault(lane, Fault.STUCK_CONTACT, Doubt.CONTACT_STUCK)
        effects += (Alarm("ContactStuck", number, ", ".join(stuck)),)
    if visit.began_closed:
        effects += (Alarm("ArrivedClosed", number),)
    return (hand_over(lane, reason) if reason else lane), effects


def stop_loop_changed(lane: Lane, event: e.ContactChanged, at: Moment, *, edge: bool) -> Change:
    """The stop loop changed. Without an edge (first report after the start) a vehicle was there before us."""
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
    if Fault.STUCK_CONTACT not in lane.faults or lane.contacts & CONTACT_CHECKS.keys():
        return lane
    return clear_fault(lane, Fault.STUCK_CONTACT)


def bypass(lane: Lane, loop: Contact, *, bypassed: bool) -> Lane:
    """Takes a loop out of the reckoning or puts it back; with any out the lane is in manual mode (design §2.14)."""
    loops = lane.bypassed | {loop} if bypassed else lane.bypassed - {loop}
    manual = lane.manual | {ManualReason.BYPASS} if loops else lane.manual - {ManualReason.BYPASS}
    return _way_out_seen(replace(lane, bypassed=loops, manual=manual))


def _way_out_seen(lane: Lane) -> Lane:
    """The way-out loops are known to work, or are no longer counted upon."""
    return clear_fault(replace(lane, unseen=0), Fault.WAY_OUT)


def _way_out_missed(lane: Lane) -> Change:
    """A vehicle left, and no way-out loop saw it."""
    unseen = min(lane.unseen + 1, lane.policy.unseen_limit)
    lane = replace(lane, unseen=unseen)
    if unseen < lane.policy.unseen_limit or lane.bypassed or Fault.WAY_OUT in lane.faults:
        return lane, ()
    why = f"way_out: no loop saw any of the last {unseen} vehicles leave; look at it, or bypass it"
    return raise_fault(lane, Fault.WAY_OUT), (Alarm("FaultRaised", 0, why),)


def way_out_changed(lane: Lane, event: e.ContactChanged, at: Moment, *, edge: bool) -> Change:
    """A way-out loop changed; only an edge of this visit says something about its vehicle."""
    if event.active and edge:
        lane = _way_out_seen(lane)
    visit = lane.visit
    if visit is None or not event.active or not edge or event.edge_ms < visit.arrived.mono_ms:
        return lane, ()
    if visit.follows and visit.outcome is not Outcome.RELEASED:
        lane = visit_with(lane, follows=False)
        return lane, (record("WayOutOfVehicleBefore", lane, loop=event.contact.value),)
    lane = visit_with(lane, way=event.contact)
    return end_visit(lane, at, event.contact.value) if visit.leaving else (lane, ())


def end_visit(lane: Lane, at: Moment, how: str) -> Change:
    """Closes the transaction with its base record (domain §4) and returns the lane to waiting."""
    visit = lane.visit
    if visit is None:
        return lane, ()
    effects: tuple[Effect, ...] = (StopReading(visit.number), summary(lane, visit, at, how))
    if visit.leaving and visit.way is None and visit.outcome is not Outcome.RELEASED:
        effects += (Alarm("LeftUnseen", visit.number, how),)
    wrong_way = visit.way is Contact.EXIT_LOOP and not lane.policy.exit_to_compound
    if wrong_way and visit.outcome is Outcome.EXAMINE:
        effects += (Alarm("RunThrough", visit.number, "took the way out with 4 on show"),)
    if lane.help is not HelpCall.NONE:
        lane = replace(lane, help=HelpCall.NONE)
        effects += (Ring("end"), record("HelpEnded", lane, outcome="vehicle left"))
    lane, cancelled = cancel_timer(lane, "gone")
    lane, owed = owe_answer(lane) if visit.immigration is Immigration.RUNNING else (lane, ())
    lane, missed = _way_out_missed(lane) if how == UNSEEN and _has_loop(lane, visit) else (lane, ())
    return replace(lane, visit=None), effects + cancelled + owed + missed


def _has_loop(lane: Lane, visit: Visit) -> bool:
    """Whether a loop should have seen this vehicle: of one sent to the compound only where a loop is on its way."""
    policy = lane.policy
    return visit.outcome is not Outcome.EXAMINE or policy.compound_loop or policy.exit_to_compound


def summary(lane: Lane, visit: Visit, at: Moment, how: str) -> Record:
    """The base record of a transaction: who, where, when, what was read, decided and shown."""
    read, codes = visit.read, visit.codes
    return record(
        "VisitEnded",
        lane,
        lane_id=lane.policy.lane,
        point=lane.policy.point,
        direction=lane.policy.direction.value,
        arrived_ms=visit.arrived.utc_ms,
        immigration_ms=visit.immigration_over.utc_ms if visit.immigration_over else None,
        decided_ms=visit.decided_at.utc_ms if visit.decided_at else None,
        left_ms=at.utc_ms,
        quality=at.quality.value,
        how=how,
        vrn=read.vrn if read else None,
        mainland=read.mainland if read else None,
        confidence=f"{read.confidence:.4f}" if read else None,
        source=read.source.value if read else None,
        unread=visit.unread,
        evidence=",".join(dict.fromkeys(visit.evidence)),
        identifiers=",".join("=".join(pair) for pair in visit.identifiers),
        identified=_agreement(visit),
        mode="manual" if visit.manual else "automatic",
        link=lane.link.value,
        row=visit.decided or None,
        outcome=visit.outcome.value,
        doubt=visit.doubt.value if visit.doubt else None,
        ruling=visit.ruling.value if visit.officer else None,
        officer=visit.officer,
        reason=visit.reason,
        unladen="yes" if visit.unladen else None,
        manifest="yes" if visit.manifest else None,
        ubrs=",".join(visit.used),
        prompts=visit.prompts or None,
        paper=visit.paper,
        **_of_codes(codes),
    )


def _agreement(visit: Visit) -> str:
    """Whether every second identifier named the mark the visit was decided on; "" without one, or without a mark."""
    if visit.read is None or not visit.identifiers:
        return ""
    return "agrees" if {vrn for _, vrn in visit.identifiers} == {visit.read.vrn} else "differs"


def _of_codes(codes: Codes | None) -> dict[str, object]:
    if codes is None:
        return {}
    cargo = [cargo for bundle in codes.bundles for cargo in bundle.cargo]
    return {
        "epoch": codes.epoch,
        "version": codes.version,
        "state_hash": codes.state_hash,
        "ccrns": ",".join(one.ccrn for one in cargo),
        "schemes": ",".join(one.scheme for one in cargo if one.scheme),
    }
