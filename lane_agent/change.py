"""Changes of a lane that several events share: each total, each returning the lane and, where any, the effects."""

from __future__ import annotations

from typing import Any

from domain.alarms import LaneAlarmKind
from domain.visit_record import RecordKind, facts
from lane_agent.effects import Alarm, CancelTimer, Effect, LookUp, Record, StartTimer
from lane_agent.frozen import replace
from lane_agent.model import Doubt, Fault, ManualReason, Outcome, Ruling
from lane_agent.state import Lane

Change = tuple[Lane, tuple[Effect, ...]]


def visit_number(lane: Lane) -> int:
    """Of the vehicle in the lane; 0 for none."""
    return lane.visit.number if lane.visit else 0


def is_shown_3(lane: Lane) -> bool:
    """Whether the vehicle in the lane is shown "Clearance Completed"."""
    return lane.visit is not None and lane.visit.outcome is Outcome.RELEASED


def visit_with(lane: Lane, **facts: Any) -> Lane:
    """The lane with facts of its open visit replaced; unchanged when no visit is open."""
    visit = lane.visit
    if visit is None:
        return lane
    for name, fact in facts.items():
        if getattr(visit, name) != fact:
            return replace(lane, visit=replace(visit, **facts))
    return lane


def doubt(lane: Lane, reason: Doubt) -> Lane:
    """From now on only an officer can release this visit. One that was sent to the compound stays sent.

    The first reason is kept, except that any other replaces `PLATES_DISAGREE`: that one is settled by typing the mark, and
    must not take a second reason with it.
    """
    visit = lane.visit
    if visit is None or visit.outcome is Outcome.EXAMINE:
        return lane
    kept = visit.doubt not in (None, Doubt.PLATES_DISAGREE)
    return lane if kept else visit_with(lane, doubt=reason)


def hand_over(lane: Lane, reason: Doubt) -> Lane:
    """As `doubt`, and the visit is the officer's at once: it no longer waits for Immigration or the driver."""
    return visit_with(doubt(lane, reason), officers=True)


def start_timer(lane: Lane, name: str, ms: int) -> Change:
    """Starts or restarts a timer under a new serial, so that the old one, if it has fired already, is known as old."""
    serial = lane.serial + 1
    others = tuple(timer for timer in lane.timers if timer[0] != name)
    return replace(lane, serial=serial, timers=tuple(sorted((*others, (name, serial))))), (
        StartTimer(name, serial, ms),
    )


def cancel_timer(lane: Lane, name: str) -> Change:
    """Stops a timer if it runs."""
    others = tuple(timer for timer in lane.timers if timer[0] != name)
    if others == lane.timers:
        return lane, ()
    return replace(lane, timers=others), (CancelTimer(name),)


def owe_answer(lane: Lane) -> Change:
    """Immigration owes an answer for a vehicle that has left; one at most, and it lapses (design §2.13)."""
    return start_timer(replace(lane, debt=True), "debt", lane.policy.immigration_debt_ms)


def ask_codes(lane: Lane) -> Change:
    """Asks the code book about the vehicle in the lane; without a plate there is nothing to ask."""
    visit = lane.visit
    if visit is None or visit.read is None:
        return lane, ()
    serial = lane.serial + 1
    return visit_with(replace(lane, serial=serial), lookup=serial), (LookUp(visit.number, serial, visit.read.vrn),)


def raise_fault(lane: Lane, fault: Fault, why: Doubt = Doubt.FAULT) -> Lane:
    """A fault: manual mode from the next vehicle on; the vehicle in the lane is the officer's at once (row 21).

    After a fault of the codes they must be verified again before automatic mode, even when the fault is gone.
    """
    manual = lane.manual | {ManualReason.FAULT}
    if fault is Fault.CODES:
        manual |= {ManualReason.UNVERIFIED}
    return doubt(replace(lane, faults=lane.faults | {fault}, manual=manual), why)


def clear_fault(lane: Lane, fault: Fault) -> Lane:
    """A fault is gone; with the last one manual mode ends, unless something else asks for it."""
    faults = lane.faults - {fault}
    return replace(lane, faults=faults, manual=lane.manual if faults else lane.manual - {ManualReason.FAULT})


def withdraw(lane: Lane, reason: Doubt) -> Change:
    """Takes screen 3 back: the visit is the officer's, and an earlier release by an officer no longer holds."""
    visit = lane.visit
    if visit is None:
        return lane, ()
    why = visit.doubt or reason
    lane = visit_with(spend_release(lane), outcome=Outcome.WITHDRAWN, doubt=why, officers=True)
    return lane, (
        record(RecordKind.WITHDRAWN, lane, reason=why.value),
        Alarm(LaneAlarmKind.WITHDRAWN, visit.number, why.value),
    )


def spend_release(lane: Lane) -> Lane:
    """Ends an officer's release, which holds once; an officer's order to inspect stays."""
    spent = lane.visit is not None and lane.visit.ruling is Ruling.RELEASE
    return visit_with(lane, ruling=Ruling.NONE) if spent else lane


def record(kind: RecordKind, lane: Lane, **named: object) -> Record:
    """A record about the open visit; facts that are empty are left out."""
    return Record(kind, lane.visit.number if lane.visit else 0, facts(**named))
