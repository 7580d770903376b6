"""The conditions of the decision table, each a named question about the lane's facts.

Rules of this file:
- A guard reads facts and nothing else. It is total: without a visit, every question about one is answered no.
- Negation is written `no(...)`, so that the prover can drop or negate each guard by name.
- 3 is screen 3, Clearance Completed; 4 is screen 4, to the examination compound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lane_agent.matching import BundleStanding, must_stop, sort_bundles, witness_disagrees
from lane_agent.model import (
    Codes,
    Contact,
    Doubt,
    Fault,
    HelpCall,
    Immigration,
    Link,
    Outcome,
    ReadSource,
    Ruling,
    Screen,
)
from lane_agent.state import Lane, Visit, visit_key


@dataclass(frozen=True, slots=True)
class Guard:
    """A named condition. `question` says it in words for `docs/lane.md`."""

    name: str
    question: str
    holds: Callable[[Lane], bool]


def no(guard: Guard) -> Guard:
    """The negation of a guard."""
    return Guard(f"not {guard.name}", f"not: {guard.question}", lambda lane: not guard.holds(lane))


def _about_lane(question: str) -> Callable[[Callable[[Lane], bool]], Guard]:
    def name_it(holds: Callable[[Lane], bool]) -> Guard:
        return Guard(holds.__name__, question, holds)

    return name_it


def _about_visit(question: str) -> Callable[[Callable[[Lane, Visit], bool]], Guard]:
    def name_it(holds: Callable[[Lane, Visit], bool]) -> Guard:
        return Guard(holds.__name__, question, lambda lane: lane.visit is not None and holds(lane, lane.visit))

    return name_it


def _about_codes(question: str) -> Callable[[Callable[[Lane, Visit, Codes], bool]], Guard]:
    def name_it(holds: Callable[[Lane, Visit, Codes], bool]) -> Guard:
        def ask(lane: Lane) -> bool:
            visit = lane.visit
            return visit is not None and visit.codes is not None and holds(lane, visit, visit.codes)

        return Guard(holds.__name__, question, ask)

    return name_it


def standing_of(lane: Lane, visit: Visit, codes: Codes) -> BundleStanding:
    """The bundles of the vehicle in the lane, sorted for this crossing."""
    return sort_bundles(codes, lane.policy, visit_key(lane, visit.number))


# --- the lane ---------------------------------------------------------------------------------------------------


@_about_lane("a visit is open")
def visit_open(lane: Lane) -> bool:
    return lane.visit is not None


@_about_lane("the lane is closed, and no vehicle that came while it was open is still here")
def closed(lane: Lane) -> bool:
    return not lane.opened and (lane.visit is None or lane.visit.began_closed)


@_about_lane("a fault is active")
def fault_active(lane: Lane) -> bool:
    return bool(lane.faults)


UNUSABLE_BOX = frozenset({Contact.BOX_FULL, Contact.BOX_JAM})
NOBODY_IS_SHOWN_3 = frozenset({Fault.STORE, Fault.SCREEN, Fault.CODES, Fault.CONTACTS, Fault.STUCK_CONTACT})
"""Faults under which not even an officer's release shows 3 (design §2.8, row 21)."""


@_about_lane("the store, a screen, the codes or a contact is at fault: nobody is shown 3 (design §2.8)")
def cannot_show(lane: Lane) -> bool:
    return bool(lane.faults & NOBODY_IS_SHOWN_3)


@_about_lane("a loop is bypassed: 3 would have no living way to end (design §2.14)")
def loop_bypassed(lane: Lane) -> bool:
    return bool(lane.bypassed)


@_about_lane("a vehicle stands on the way-out loop, which can therefore not tell that another one comes (design §2.14)")
def way_out_occupied(lane: Lane) -> bool:
    return Contact.EXIT_LOOP in lane.contacts - lane.bypassed


@_about_lane("a help call is ringing or answered")
def help_open(lane: Lane) -> bool:
    return lane.help is not HelpCall.NONE


@_about_lane("the link machine vouches for freshness")
def fresh(lane: Lane) -> bool:
    return lane.link is Link.FRESH


@_about_lane("both screens have confirmed what they show")
def confirmed(lane: Lane) -> bool:
    return lane.face.painted == frozenset(Screen)


# --- the visit ---------------------------------------------------------------------------------------------------


@_about_visit("the vehicle is leaving: a way-out loop was seen, or the stop loop has cleared")
def departing(lane: Lane, visit: Visit) -> bool:
    return visit.leaving or visit.way is not None


@_about_lane("a vehicle stands on the stop loop")
def on_stop_loop(lane: Lane) -> bool:
    return Contact.STOP_LOOP in lane.contacts - lane.bypassed


@_about_visit("the vehicle takes the way out, which is not the way to the compound")
def wrong_way(lane: Lane, visit: Visit) -> bool:
    return visit.way is Contact.EXIT_LOOP and not lane.policy.exit_to_compound


@_about_visit("Immigration has cleared this visit, or never began with it and it is an officer's matter")
def officer_may_release(lane: Lane, visit: Visit) -> bool:
    if visit.immigration in (Immigration.RUNNING, Immigration.REFERRED):
        return False  # rows 4 and 5 come before 7
    return visit.immigration is Immigration.CLEARED or visit.officers or visit.manual


@_about_visit("Immigration has cleared this visit, or it is an officer's matter and Immigration has not referred it")
def officer_may_inspect(lane: Lane, visit: Visit) -> bool:
    if visit.immigration is Immigration.REFERRED:
        return False
    return visit.immigration is Immigration.CLEARED or visit.officers or visit.manual


@_about_visit("the visit is in the officer's hands")
def at_officer(lane: Lane, visit: Visit) -> bool:
    return visit.officers


@_about_visit("the lane was in manual mode when the vehicle arrived")
def manual(lane: Lane, visit: Visit) -> bool:
    return visit.manual


@_about_visit("Immigration has not begun with this visit")
def immigration_waiting(lane: Lane, visit: Visit) -> bool:
    return visit.immigration is Immigration.NOT_STARTED


@_about_visit("Immigration is dealing with this visit")
def immigration_running(lane: Lane, visit: Visit) -> bool:
    return visit.immigration is Immigration.RUNNING


@_about_visit("Immigration has referred or refused this visit")
def referred(lane: Lane, visit: Visit) -> bool:
    return visit.immigration is Immigration.REFERRED


@_about_visit("Immigration has cleared this visit")
def immigration_cleared(lane: Lane, visit: Visit) -> bool:
    return visit.immigration is Immigration.CLEARED


@_about_visit("there is a doubt that only an officer can settle")
def doubtful(lane: Lane, visit: Visit) -> bool:
    return visit.doubt is not None


@_about_visit("the doubt, or the hand-over, is not one of those that rows 11 to 16 put into words themselves")
def doubt_unworded(lane: Lane, visit: Visit) -> bool:
    worded = (Doubt.NO_BUNDLE, Doubt.EARLY, Doubt.WRONG_POINT, Doubt.CONTRADICTION)
    return (visit.doubt is not None or visit.officers) and visit.doubt not in worded


def doubt_is(reason: Doubt) -> Guard:
    """The doubt of this visit is `reason`."""
    name = f"doubt is {reason.value}"
    return Guard(name, name, lambda lane: lane.visit is not None and lane.visit.doubt is reason)


@_about_visit("a plate is read: settled by the reader, or typed by an officer")
def read(lane: Lane, visit: Visit) -> bool:
    return visit.read is not None


@_about_visit("the reader has given up on this visit")
def unread(lane: Lane, visit: Visit) -> bool:
    return bool(visit.unread)


@_about_visit("an officer has typed or confirmed the plate")
def plate_by_officer(lane: Lane, visit: Visit) -> bool:
    return visit.read is not None and visit.read.source is ReadSource.OFFICER


@_about_visit("a second identifier is required; none of proved origin has named the mark read, nor an officer typed it")
def identifier_missing(lane: Lane, visit: Visit) -> bool:
    if not lane.policy.identifier_required or plate_by_officer.holds(lane):
        return False
    return visit.read is None or visit.read.vrn not in visit.vouched


@_about_visit("the driver pressed Unladen Vehicle in this visit")
def unladen(lane: Lane, visit: Visit) -> bool:
    return visit.unladen


@_about_visit("the manifest step is satisfied, or not configured")
def manifest_done(lane: Lane, visit: Visit) -> bool:
    return visit.manifest or not lane.policy.manifest_sensor


@_about_lane("the drop-in box is full or jammed: nobody can drop a manifest")
def box_unusable(lane: Lane) -> bool:
    return not lane.contacts.isdisjoint(UNUSABLE_BOX)


@_about_visit("neither 3 nor 4 has been shown in this visit")
def undecided(lane: Lane, visit: Visit) -> bool:
    return visit.outcome is Outcome.UNDECIDED


@_about_visit("3 is what this visit was shown last")
def released(lane: Lane, visit: Visit) -> bool:
    return visit.outcome is Outcome.RELEASED


@_about_visit("4 was shown in this visit")
def sent_to_compound(lane: Lane, visit: Visit) -> bool:
    return visit.outcome is Outcome.EXAMINE


@_about_visit("an officer has released this visit")
def ruled_release(lane: Lane, visit: Visit) -> bool:
    return visit.ruling is Ruling.RELEASE


@_about_visit("an officer sends this visit to inspection")
def ruled_inspect(lane: Lane, visit: Visit) -> bool:
    return visit.ruling is Ruling.INSPECT


@_about_visit("no plate is known, or the code book was asked at this moment and knows no stop for it")
def no_stop_at_this_moment(lane: Lane, visit: Visit) -> bool:
    if visit.read is None:
        return True
    codes = visit.codes
    return visit.answered and codes is not None and not must_stop(codes, lane.policy, visit_key(lane, visit.number))


# --- the codes ---------------------------------------------------------------------------------------------------


@_about_codes("the code book was asked at this moment, and its answer was fresh")
def answered_now(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return visit.answered and codes.link is Link.FRESH


@_about_codes("the code book has answered for this plate, fresh and with the core's time")
def codes_known(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return codes.link is Link.FRESH and codes.core_ms is not None


@_about_codes("an exact hold, or a pending bundle with a code that is not release")
def exact_stop(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return must_stop(codes, lane.policy, visit_key(lane, visit.number))


@_about_codes("the plate neighbours that of a vehicle held or to be inspected")
def near_held(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return any(miss.held for miss in codes.near)


@_about_codes("the plate neighbours any live bundle or hold")
def near_any(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return bool(codes.near)


@_about_codes("the Mainland plate seen is not the one the core lists for this vehicle")
def witness_differs(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return witness_disagrees(codes, visit.read.mainland if visit.read else None)


@_about_codes("the core lists this vehicle as an approved cross-boundary vehicle")
def approved(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return codes.approved


@_about_codes("a bundle of this direction is pending")
def bundle_pending(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return bool(standing_of(lane, visit, codes).pending)


@_about_codes("a bundle is live: this vehicle, direction, point and time")
def bundle_live(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return bool(standing_of(lane, visit, codes).live)


@_about_codes(
    "the core has signed, in the epoch of this answer, that the live bundles are this visit's alone (design §3)"
)
def claimed(lane: Lane, visit: Visit, codes: Codes) -> bool:
    live = {bundle.ubr for bundle in standing_of(lane, visit, codes).live}
    return bool(live) and live == set(visit.claimed) and visit.receipt == codes.epoch


@_about_codes("a bundle is live only later")
def bundle_early(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return bool(standing_of(lane, visit, codes).early)


@_about_codes("a bundle has expired, was used, or was undone")
def bundle_ended(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return bool(standing_of(lane, visit, codes).ended)


@_about_codes("a bundle is for the other direction")
def bundle_opposite(lane: Lane, visit: Visit, codes: Codes) -> bool:
    return bool(standing_of(lane, visit, codes).opposite)


def release_still_true(lane: Lane) -> bool:
    """Whether 3, decided a moment ago and not painted yet, may be painted (design §2.15).

    While 3 is shown a proof may grow old; until then the link must be fresh (design §2.2), unless an officer released.
    """
    visit = lane.visit
    return visit is not None and (visit.ruling is Ruling.RELEASE or lane.link is Link.FRESH)
