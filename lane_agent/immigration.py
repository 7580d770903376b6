"""Immigration's signals: *started*, *cleared*, *referred*, by a contact or by its terminal, which may name the vehicle.

Rules of this file (design §2.13)
- A name binds. *Cleared* that names another mark than the one read releases nobody: it is kept as unclear, and the officer is
  called. *Started* and *referred* count all the same, since both only hold a vehicle.
- Named before a plate is read, a mark waits for the read as any second identifier's does (`name`).
- The mark that an officer types settles a doubt about plates only if Immigration's terminal named no other.
- *Started* again after an answer that was unclear, all is as before that answer, which may have been this vehicle's own: one is
  owed for the vehicle before.
- A late answer of proved origin that names the vehicle in the lane is that vehicle's, whatever is still owed for the one
  before; one that names another is not unclear.
"""

from __future__ import annotations

from typing import Final

from domain.alarms import LaneAlarmKind
from domain.visit_record import RecordKind
from lane_agent import debt
from lane_agent.change import Change, doubt, owe_answer, visit_with
from lane_agent.effects import Alarm, Record
from lane_agent.events import IdentifierRead, ImmigrationSignalled
from lane_agent.guards import released
from lane_agent.model import Contact, Doubt, Immigration, Moment
from lane_agent.passage import begun_with_another
from lane_agent.state import Lane, Visit

TERMINAL: Final = "immigration_terminal"
"""How records call the terminal as the one that named a mark."""


def heard(lane: Lane, event: ImmigrationSignalled, at: Moment, why: str) -> Change:
    """A signal of the terminal; `why` it does not count for the open visit, "" if it does."""
    visit = lane.visit
    if lane.debt and event.signal in debt.ANSWERS and not _is_mine(visit, event):
        return debt.pay(lane, event.signal, of_another=event.vouched and _is_anothers(visit, event))
    if why:
        number = visit.number if visit else 0
        ignored = Record(RecordKind.IGNORED, number, (("event", event.signal.value), ("why", why)))
        lane, owed = begun_with_another(lane, event.signal)
        return lane, (ignored, *owed)
    another = _is_anothers(visit, event)
    lane = name(lane, IdentifierRead(TERMINAL, event.vrn, event.edge_ms, event.vouched)) if event.vrn else lane
    if another and event.signal is Contact.IMMIGRATION_CLEARED:
        return visit_with(lane, unclear=event.signal), (_names_another(lane, event),)
    lane, owed = signalled(lane, event.signal, at)
    return lane, (*owed, _names_another(lane, event)) if another else owed


def _is_mine(visit: Visit | None, event: ImmigrationSignalled) -> bool:
    """Whether it names, of proved origin, the mark of the vehicle in the lane, with which Immigration has begun."""
    if visit is None or visit.read is None or visit.immigration is not Immigration.RUNNING:
        return False
    return event.vouched and event.vrn == visit.read.vrn


def _is_anothers(visit: Visit | None, event: ImmigrationSignalled) -> bool:
    return visit is not None and visit.read is not None and event.vrn not in ("", visit.read.vrn)


def _names_another(lane: Lane, event: ImmigrationSignalled) -> Alarm:
    visit = lane.visit
    number, read = (visit.number, visit.read) if visit else (0, None)
    detail = f"{event.signal.value} names {event.vrn}, and not {read.vrn if read else ''}"
    return Alarm(LaneAlarmKind.IMMIGRATION_OTHER_VEHICLE, number, detail)


def signalled(lane: Lane, signal: Contact, at: Moment) -> Change:
    """What a signal that counts says of the vehicle in the lane."""
    match signal:
        case Contact.IMMIGRATION_STARTED:
            return _begun(lane)
        case Contact.IMMIGRATION_CLEARED:
            return visit_with(lane, immigration=Immigration.CLEARED, immigration_over=at), ()
        case _:  # referred; a signal that has no case here is the officer's too, which is the safe side
            return doubt(visit_with(lane, immigration=Immigration.REFERRED), Doubt.REFERRED), ()


def _begun(lane: Lane) -> Change:
    """Immigration begins with the vehicle in the lane, maybe again."""
    visit = lane.visit
    kept = visit is not None and visit.immigration is Immigration.REFERRED
    lane = lane if kept else visit_with(lane, immigration=Immigration.RUNNING)
    # Immigration begins again with a vehicle that was told to go: it has taken its clearance back.
    lane = doubt(lane, Doubt.REFERRED) if released.holds(lane) else lane
    unclear = visit is not None and visit.unclear is not None
    return owe_answer(visit_with(lane, unclear=None)) if unclear else (lane, ())


def name(lane: Lane, event: IdentifierRead) -> Lane:
    """Compares a second identifier with the plate read or, before that, with what other identifiers named. A repetition is no news."""
    visit, said = lane.visit, (event.source, event.vrn)
    if visit is None or said in visit.identifiers:
        return lane
    others = {vrn for _, vrn in visit.identifiers} if visit.read is None else {visit.read.vrn}
    vouched = sorted({*visit.vouched, event.vrn}) if event.vouched else visit.vouched
    lane = visit_with(lane, identifiers=tuple(sorted((*visit.identifiers, said))), vouched=tuple(vouched))
    return doubt(lane, Doubt.PLATES_DISAGREE) if others - {event.vrn} else lane


def bound_elsewhere(visit: Visit) -> bool:
    """Whether the terminal has named another mark in this visit than the one it is now known by."""
    mine = visit.read.vrn if visit.read else ""
    return any(source == TERMINAL and vrn != mine for source, vrn in visit.identifiers)


def stands_alone(lane: Lane) -> Lane:
    """After an officer has typed the mark: what Immigration said of another vehicle still says nothing of this one."""
    visit = lane.visit
    return doubt(lane, Doubt.OTHER_VEHICLE) if visit is not None and bound_elsewhere(visit) else lane
