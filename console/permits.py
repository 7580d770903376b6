"""Which buttons are on, why the others are off, and what an officer must be told before a release.

The same answers serve the page (to grey a button out) and the server (to refuse a request), so that they cannot
differ. They never replace the lane's own judgement: `LaneFeed.act` may still refuse.
"""

from __future__ import annotations

import hashlib

from console import words
from console.ports import Action, LaneView, VisitView
from domain.crossing import Direction
from lane_agent.model import Bundle, Codes, Contact, Fault, HelpCall, Immigration, Link, ManualReason, Outcome

NO_VEHICLE = "No vehicle is in the lane."
ABOUT_VISIT = frozenset({Action.RELEASE, Action.INSPECT, Action.CORRECT, Action.TAKE_OVER})
"""Actions about one vehicle: each carries its visit."""


def permits(view: LaneView) -> dict[Action, str]:
    """For every action "" if it may be asked for now, else why not: in the page's words, or else in the lane's."""
    refused = dict(view.refuses)
    return {action: _why_not(action, view) or _sentence(refused.get(action, "")) for action in Action}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _why_not(action: Action, view: LaneView) -> str:
    visit = view.visit
    if action in ABOUT_VISIT:
        return NO_VEHICLE if visit is None else _why_not_visit(action, view, visit)
    ordered = ManualReason.ORDER in view.manual
    told = {
        Action.OPEN: "The lane is open." if view.open else "",
        Action.CLOSE: "" if view.open else "The lane is closed.",
        Action.ORDER_MANUAL: "Manual mode is already ordered." if ordered else "",
        Action.END_MANUAL: "" if ordered else "No officer ordered manual mode; its other causes end by themselves.",
        Action.BYPASS: "" if view.manual else "Only in manual mode.",
        Action.RESTORE: "" if view.bypassed else "No loop is bypassed.",
        Action.ANNOUNCE: _why_not_announce(view),
        Action.ANSWER: "" if view.help.state is HelpCall.RINGING else "No help call is ringing.",
        Action.END_CALL: "There is no help call." if view.help.state is HelpCall.NONE else "",
    }
    return told[action]


def _why_not_announce(view: LaneView) -> str:
    if view.visit is not None:
        return "A vehicle is in the lane already."
    return "" if Contact.STOP_LOOP in view.bypassed else "The stop line loop is not bypassed."


def _why_not_visit(action: Action, view: LaneView, visit: VisitView) -> str:
    match action:
        case Action.RELEASE:
            return _why_not_release(view, visit)
        case Action.INSPECT if visit.outcome is Outcome.EXAMINE:
            return "It is already sent to the compound."
        case Action.CORRECT if visit.outcome is Outcome.EXAMINE:
            return "It is already sent to the compound."
        case _:
            return ""


def _why_not_release(view: LaneView, visit: VisitView) -> str:
    """Design §2.2 and §2.8: a known stop, Immigration's referral and a lane that cannot show or record bind officers too."""
    for fault, _ in view.faults:
        if fault in {Fault.STORE, Fault.SCREEN}:
            return f"{words.FAULTS[fault].says}: clear by hand."
    if visit.outcome is Outcome.RELEASED:
        return "It is already released."
    if visit.outcome is Outcome.EXAMINE:
        return "The driver was sent to the compound; only the core can lift that."
    if visit.immigration is Immigration.REFERRED:
        return "Immigration has referred it."
    stops = stops_of(visit.codes, view.direction)
    return f"{stops[0]} Only the core can lift it." if stops else ""


def stops_of(codes: Codes | None, direction: Direction) -> tuple[str, ...]:
    """Every stop on record for the vehicle: its hold, and pending bundles' codes that are not exactly release."""
    if codes is None:
        return ()
    found = ["There is a HOLD on this vehicle."] if codes.held else []
    for bundle in codes.bundles:
        if bundle_state(bundle, codes.core_ms, direction) in {"", "early"}:
            found += [f"CCRN {one.ccrn} has action code “{one.code}”." for one in bundle.cargo if one.code != "release"]
    return tuple(found)


def warnings(view: LaneView) -> tuple[str, ...]:
    """What an officer must have read before a release; empty without a vehicle."""
    visit = view.visit
    if visit is None:
        return ()
    found = [f"{near.vrn} is HELD, and its mark is one character away." for near in visit.near if near.held]
    if visit.immigration is not Immigration.CLEARED:
        found.append(f"Immigration has not cleared it ({words.IMMIGRATION[visit.immigration].says.lower()}).")
    if view.link.verdict is not Link.FRESH:
        found.append("The codes are not proven fresh: a hold may not be known here.")
    if visit.read is None:
        found.append("No plate has been read: the codes cannot be asked.")
    if visit.doubt is not None:
        found.append(f"{words.DOUBTS[visit.doubt].says}.")
    return tuple(found)


def bundle_state(bundle: Bundle, core_ms: int | None, direction: Direction) -> str:
    """Why a bundle does not count now ("" if it does): withdrawn, used, other direction, expired, early."""
    if bundle.withdrawn:
        return "withdrawn"
    if bundle.used_by:
        return "used"
    if bundle.direction is not direction:
        return "other direction"
    if core_ms is None:
        return ""
    if core_ms >= bundle.valid_until_ms:
        return "expired"
    return "early" if core_ms < bundle.earliest_ms else ""


def basis(view: LaneView) -> str:
    """What a release would be based on, as a short token. It changes when anything does that an officer should see.

    A release carries the token of the view that the officer was shown; the server refuses it when the lane has learnt
    something since (a hold that arrives while the dialog is open).
    """
    visit = view.visit
    if visit is None:
        return ""
    vrn = visit.read.vrn if visit.read else ""
    stops = stops_of(visit.codes, view.direction)
    facts = (
        stops,
        visit.id,
        vrn,
        view.row,
        visit.outcome,
        visit.immigration,
        visit.unladen,
        visit.doubt,
        warnings(view),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
