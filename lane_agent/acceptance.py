"""Which events count now: for each kind, the checks it must pass. One that fails is journaled with the reason and ignored.

Rules of this file:
- An input that can help a release must belong to the open visit: by its visit number, or because its physical edge is not
  older than the arrival (design §2.1). Otherwise the last truck's clearance could release the next one.
- The first report of a contact after the agent's start says where the contact is, not that it has just moved.
- The texts (`why`) are in journals, which replay compares byte by byte: a changed text makes old journals diverge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.notices import NO_NOTICE, DriverNotice
from lane_agent import events as e
from lane_agent import guards as g
from lane_agent.approval import approved
from lane_agent.contacts import FOR_VISIT, LOOPS
from lane_agent.model import Contact, HelpCall, Immigration, Outcome, Screen
from lane_agent.state import Lane


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on an event; `why` is what the journal says when it fails."""

    name: str
    why: str
    holds: Callable[[Lane, Any], bool]


def _this_visit(lane: Lane, event: Any) -> bool:
    return lane.visit is not None and lane.visit.number == event.visit


def _edge_in_visit(lane: Lane, event: Any) -> bool:
    return lane.visit is not None and event.edge_ms >= lane.visit.arrived.mono_ms


def _answers_question(lane: Lane, event: e.CodesFound) -> bool:
    return lane.visit is not None and lane.visit.lookup == event.lookup != 0


def _same_plate(lane: Lane, event: e.CodesFound) -> bool:
    visit = lane.visit
    return visit is not None and visit.read is not None and visit.read.vrn == event.codes.vrn


def _is_its_plate(lane: Lane, event: e.PlateSeenAgain) -> bool:
    return lane.visit is not None and lane.visit.read is not None and lane.visit.read.vrn == event.vrn


def _answers_claim(lane: Lane, event: e.ClaimAnswered) -> bool:
    visit = lane.visit
    if visit is None or visit.receipt or visit.claim != event.claim:
        return False
    return visit.claim != 0 and visit.claimed == event.ubrs


def _running(lane: Lane, event: e.TimerFired) -> bool:
    return (event.timer, event.serial) in lane.timers


def _what_is_shown(lane: Lane, event: e.ScenePainted) -> bool:
    wanted = lane.face.xdb if event.screen is Screen.XDB else lane.face.aiop
    return event.serial == lane.face.serial and event.scene is wanted


def _order_in_force(lane: Lane, event: e.ShowLapsed) -> bool:
    return event.serial == lane.face.serial


def _debt_to_write_off(lane: Lane, event: e.DebtWrittenOff) -> bool:
    number = lane.visit.number if lane.visit else 0
    unclear = lane.visit is not None and lane.visit.unclear is not None
    return event.visit == number and (lane.debt or unclear)


def _begun(lane: Lane, _event: Any) -> bool:
    return lane.visit is not None and lane.visit.immigration is Immigration.RUNNING


def _begun_if_cleared(lane: Lane, event: e.ImmigrationSignalled) -> bool:
    return event.signal is not Contact.IMMIGRATION_CLEARED or _begun(lane, event)


def _may_release(lane: Lane, _event: e.OfficerReleased) -> bool:
    return g.officer_may_release.holds(lane) and not g.departing.holds(lane)


def _not_sent(lane: Lane, _event: Any) -> bool:
    return lane.visit is not None and lane.visit.outcome is not Outcome.EXAMINE


def _named(_lane: Lane, event: Any) -> bool:
    return bool(event.officer.strip())


def _waits(lane: Lane, event: e.DriverNotified) -> bool:
    """A notice for a vehicle comes too late once 3 or 4 was shown; one for the lane waits for the next."""
    return not event.visit or (lane.visit is not None and lane.visit.outcome not in (Outcome.RELEASED, Outcome.EXAMINE))


_NOTICES = frozenset({*DriverNotice, NO_NOTICE})
THIS_VISIT = Check("this visit", "belongs to another visit", _this_visit)
EDGE_IN_VISIT = Check("edge in visit", "its edge is not of this visit", _edge_in_visit)
NAMED = Check("officer named", "no officer is named", _named)
BEGUN_WHY = "Immigration has not begun with this visit"
NO_KNOWN_STOP = Check("no known stop", "an inspect code is on record", lambda lane, _: not g.exact_stop.holds(lane))
SECOND = Check("second officer", "a second officer must approve it", approved)
CALL_OPEN = Check("call", "no help call is open", lambda lane, _: lane.help is not HelpCall.NONE)
CALL_ANSWERED = Check(
    "answered", "nobody has answered a help call", lambda lane, _: lane.help in (HelpCall.ANSWERED, HelpCall.TALKING)
)

ACCEPT: dict[type, tuple[Check, ...]] = {
    e.PlateSettled: (THIS_VISIT,),
    e.PlateUnread: (THIS_VISIT,),
    e.PlateDoubted: (THIS_VISIT,),
    e.PlateSeenAgain: (
        THIS_VISIT,
        Check("answers the look", "answers an older look", lambda lane, event: ("look", event.look) in lane.timers),
        Check("the plate of this visit", "is about another plate", _is_its_plate),
    ),
    e.SecondVehicleSeen: (THIS_VISIT,),
    e.IdentifierRead: (EDGE_IN_VISIT,),
    e.ImmigrationSignalled: (EDGE_IN_VISIT, Check("begun", BEGUN_WHY, _begun_if_cleared)),
    e.CodesFound: (
        THIS_VISIT,
        Check("answers the question", "answers an older question", _answers_question),
        Check("same plate", "is about another plate", _same_plate),
    ),
    e.ClaimAnswered: (THIS_VISIT, Check("answers the claim", "answers a claim that is over", _answers_claim)),
    e.ScenePainted: (Check("what is shown", "an older scene was painted", _what_is_shown),),
    e.ShowLapsed: (Check("order in force", "another scene was ordered since", _order_in_force),),
    e.TimerFired: (Check("running", "that timer is no longer wanted", _running),),
    e.OfficerReleased: (
        NAMED,
        THIS_VISIT,
        Check("may release", "Immigration has not cleared this visit, or it is leaving", _may_release),
        Check("lane open", "the lane is closed: open it first", lambda lane, _: not g.closed.holds(lane)),
        Check("not sent", "4 has been shown: the hold must be lifted at the core", _not_sent),
        Check(
            "can show",
            "the store, a screen, the codes or a contact is at fault: clear by hand",
            lambda lane, _: not g.cannot_show.holds(lane),
        ),
        NO_KNOWN_STOP,
        SECOND,
    ),
    e.OfficerInspected: (NAMED, THIS_VISIT),
    e.OfficerCorrected: (
        NAMED,
        THIS_VISIT,
        Check("a mark", "no registration mark was typed", lambda _, event: bool(event.vrn)),
        Check("not sent", "4 has been shown", _not_sent),
    ),
    e.OfficerTookOver: (NAMED, THIS_VISIT),
    e.LaneOpened: (NAMED, Check("closed", "the lane is open", lambda lane, _: not lane.opened)),
    e.LaneClosed: (NAMED, Check("open", "the lane is closed", lambda lane, _: lane.opened)),
    e.ManualOrdered: (NAMED,),
    e.ManualEnded: (NAMED,),
    e.LoopBypassed: (
        NAMED,
        Check("a loop", "only a loop can be bypassed", lambda _, event: event.contact in LOOPS),
        Check("manual", "the lane is not in manual mode", lambda lane, event: bool(lane.manual) or not event.bypassed),
        SECOND,
    ),
    e.VehicleAnnounced: (
        NAMED,
        Check("bypassed", "the stop loop is not bypassed", lambda lane, _: Contact.STOP_LOOP in lane.bypassed),
        Check("no visit", "a visit is open", lambda lane, _: lane.visit is None),
    ),
    e.DebtWrittenOff: (
        NAMED,
        Check("debt", "Immigration owes no answer, or another vehicle is there now", _debt_to_write_off),
    ),
    e.HelpAnswered: (NAMED, Check("ringing", "no help call rings", lambda lane, _: lane.help is HelpCall.RINGING)),
    e.HelpEnded: (NAMED, CALL_OPEN),
    e.DriverNotified: (
        Check("issuer named", "no officer is named", lambda _, event: bool(event.issuer.strip())),
        Check("a notice", "there is no such notice", lambda _, event: event.notice in _NOTICES),
        Check(
            "this visit or none",
            "belongs to another visit",
            lambda lane, event: not event.visit or _this_visit(lane, event),
        ),
        Check("still waits", "the driver has been told where to go", _waits),
    ),
    e.AudioChanged: (CALL_ANSWERED,),
    e.CallLost: (CALL_ANSWERED,),
    e.OfficerSent: (NAMED, CALL_OPEN),
}
"""Kinds that are not named here always count."""

CONTACT_CHECKS: dict[Contact, tuple[Check, ...]] = {
    contact: (
        Check("known", "a level at start, not an edge", lambda lane, event: event.contact in lane.known),
        EDGE_IN_VISIT,
    )
    for contact in FOR_VISIT
}
CONTACT_CHECKS[Contact.IMMIGRATION_CLEARED] += (Check("begun", BEGUN_WHY, _begun),)
"""Contacts whose edge must belong to the open visit. Loops and Help always count; `passage` sorts the loops out.

*Cleared* answers *started*, and counts for nothing without it (design §2.13).
"""


def refusal(
    lane: Lane,
    event: e.Event,
    accept: Mapping[type, tuple[Check, ...]] = ACCEPT,
    contacts: Mapping[Contact, tuple[Check, ...]] = CONTACT_CHECKS,
) -> str:
    """Why the event does not count now, "" if it does."""
    if isinstance(event, e.ContactChanged):
        checks = contacts.get(event.contact, ()) if event.active else ()
    else:
        checks = accept.get(type(event), ())
    for check in checks:
        if not check.holds(lane, event):
            return check.why
    return ""
